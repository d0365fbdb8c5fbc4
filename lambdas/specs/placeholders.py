"""The placeholders of a job: of the deployment ``${data_bucket}``, of a run those of ``PER_RUN``: ``<< input >>``."""

import re
from collections.abc import Mapping

DATA_BUCKET = "data_bucket"
INPUT = "input"
PER_RUN = frozenset({INPUT, "manifest", "run_id"})

_PLACEHOLDER = re.compile(r"\$\{(?P<deployment>\w*)\}|<<\s*(?P<run>\w*)\s*>>")
_STRAY = re.compile(r"\$\{|<<|>>")


def unknown_placeholders(text: str, allowed: frozenset[str]) -> list[str]:
    """Return what in a text looks like a placeholder but is none that may stand there.

    Parameters
    ----------
    text
        A value of a spec.
    allowed
        The names that may stand there, of ``data_bucket``, ``input``, ``manifest`` and ``run_id``.
    """
    unknown = [found.group() for found in _PLACEHOLDER.finditer(text) if _name(found) not in allowed]
    return unknown + _STRAY.findall(_PLACEHOLDER.sub("", text))


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Fill in placeholders in one pass: what a value brings in is never read as a placeholder again.

    Parameters
    ----------
    text
        A value of a loaded spec, so all its placeholders are known.
    values
        ``data_bucket``, ``input``, ``manifest`` and ``run_id``.
    """
    return _PLACEHOLDER.sub(lambda found: values[_name(found)], text)


def is_input(text: str) -> bool:
    """Say whether a value is nothing but the run's input, so that it can become several."""
    found = _PLACEHOLDER.fullmatch(text)
    return found is not None and _name(found) == INPUT


def has_input(text: str) -> bool:
    """Say whether the run's input stands in a value."""
    return any(_name(found) == INPUT for found in _PLACEHOLDER.finditer(text))


def _name(found: re.Match[str]) -> str:
    deployment = found["deployment"]
    if deployment is not None:
        return deployment if deployment == DATA_BUCKET else f"unknown {deployment}"
    return found["run"] if found["run"] in PER_RUN else f"unknown {found['run']}"
