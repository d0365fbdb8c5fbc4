"""The placeholders of a job: of the deployment ``${data_bucket}``, of a run those of ``PER_RUN``: ``<< input >>``.

An argument may also name where steps write: ``<< output >>`` its own step, ``<< output.clean >>`` the step ``clean``.
"""

import re
from collections.abc import Mapping

DATA_BUCKET = "data_bucket"
INPUT = "input"
RUN_ID = "run_id"
OUTPUT = "output"
PER_RUN = frozenset({INPUT, "manifest", RUN_ID})

_PLACEHOLDER = re.compile(r"\$\{(?P<deployment>\w*)\}|<<\s*(?P<run>[\w.-]*)\s*>>")
_STRAY = re.compile(r"\$\{|<<|>>")


def unknown_placeholders(text: str, allowed: frozenset[str]) -> list[str]:
    """Return what in a text looks like a placeholder but is none that may stand there.

    Parameters
    ----------
    text
        A value of a spec.
    allowed
        The names that may stand there, of ``data_bucket``, ``input``, ``manifest``, ``run_id`` and ``output``, which
        allows the output of any step.
    """
    unknown = [found.group() for found in _PLACEHOLDER.finditer(text) if _kind(_name(found)) not in allowed]
    return unknown + _STRAY.findall(_PLACEHOLDER.sub("", text))


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Fill in placeholders in one pass: what a value brings in is never read as a placeholder again.

    Parameters
    ----------
    text
        A value of a loaded spec, so all its placeholders are known.
    values
        ``data_bucket``, ``input``, ``manifest`` and ``run_id``; for arguments also what ``output_values`` gives.
    """
    return _PLACEHOLDER.sub(lambda found: values[_name(found)], text)


def is_input(text: str) -> bool:
    """Say whether a value is nothing but the run's input, so that it can become several."""
    found = _PLACEHOLDER.fullmatch(text)
    return found is not None and _name(found) == INPUT


def has_input(text: str) -> bool:
    """Say whether the run's input stands in a value."""
    return any(_name(found) == INPUT for found in _PLACEHOLDER.finditer(text))


def has_run_id(text: str) -> bool:
    """Say whether the run's name stands in a value, so that every run has its own."""
    return any(_name(found) == RUN_ID for found in _PLACEHOLDER.finditer(text))


def named_outputs(text: str) -> list[str | None]:
    """Return the steps whose output stands in a value, ``None`` for that of the step itself."""
    names = [_name(found) for found in _PLACEHOLDER.finditer(text)]
    return [name.partition(".")[2] or None for name in names if _kind(name) == OUTPUT]


def fill_in_outputs(text: str, values: Mapping[str, str]) -> str:
    """Fill in the outputs that are known by name, and leave every other placeholder as it is, written one way."""
    return _PLACEHOLDER.sub(lambda found: values.get(_name(found), _written(found)), text)


def _written(found: re.Match[str]) -> str:
    return found.group() if found["deployment"] is not None else f"<< {found['run']} >>"


def _name(found: re.Match[str]) -> str:
    deployment = found["deployment"]
    if deployment is not None:
        return deployment if deployment == DATA_BUCKET else f"unknown {deployment}"
    return found["run"] if found["run"] in PER_RUN or _is_output(found["run"]) else f"unknown {found['run']}"


def _is_output(name: str) -> bool:
    return name == OUTPUT or (name.startswith(f"{OUTPUT}.") and name != f"{OUTPUT}.")


def _kind(name: str) -> str:
    """Return what stands for a name among those allowed: ``output`` for that of any step."""
    return OUTPUT if _is_output(name) else name
