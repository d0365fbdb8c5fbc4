"""What is known of a failed run, read leniently: statuses become short facts, logs become lines."""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# The keys of cluster, step, event and Cause that say why; what else stands there (names, arguments, tags) does not.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html
# https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html
_TELLING = frozenset(
    {"state", "code", "message", "errorcode", "errormessage", "reason", "error", "cause", "errortype", "errormsg"}
)
_ROLES = frozenset({"cluster", "step"})
_MAX_DEPTH = 12

# A tail pasted on one line, or quoted as JSON, has lost its line ends.
_LOST_LINE_ENDS = re.compile(r"(?:\\r)?\\n")
_TABS = re.compile(r"\\t")
_RUN_TOGETHER = re.compile(
    r"(?<=\S)[ \t]{1,8}(?="
    r"at (?:[\w$/.@-]{1,200}\.)[\w$<>]{1,80}\((?:[\w$-]{1,80}\.(?:java|scala|py):\d|Native Method|Unknown Source|<)"
    r"|Caused by: |Driver stacktrace:|Traceback \(most recent"
    r"|\[?(?:\d\d)?\d\d[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d[.,\d]{0,7}Z?\]? \[?(?:INFO|WARN|ERROR|DEBUG|FATAL)\b)"
)
_LONG_LINE = 250

# What mails, gists and numbered listings put before and behind a line.
_QUOTING = re.compile(r"^\s{0,20}(?:(?:>|-|\d{1,6}\.)\s){1,8}|(?: ?\|){1,2} {0,8}$")
_PIECE = 2000


@dataclass(frozen=True)
class Case:
    """One failure: ``Cluster`` of DescribeCluster, ``Step`` of DescribeStep, and the log's tail.

    Each may be missing. ``cluster`` and ``step`` may also be wrapped (``{"Cluster": ...}``), a ``Status`` alone, an
    event's detail, or plain text; ``log`` may be the Cause that Step Functions shows.
    """

    cluster: Any = None
    step: Any = None
    log: str = ""


def facts_of(case: Case) -> list[str]:
    """Say what the statuses say, a fact per line: ``step state: FAILED``, ``cluster code: STEP_FAILURE``.

    Parameters
    ----------
    case
        The case; structures nested too deep and values of odd types are passed over.
    """
    return [*_facts("cluster", case.cluster), *_facts("step", case.step)]


def lines_of(case: Case) -> list[str]:
    """Give the log's lines, with JSON taken apart and lost line ends put back.

    Parameters
    ----------
    case
        The case.
    """
    text = case.log
    structure = _parsed(text)
    if isinstance(structure, Mapping | list):
        return [line for text in _texts(structure) for line in _split(text)]
    return list(_split(text))


def _facts(role: str, value: Any, depth: int = 0) -> Iterator[str]:
    value = _parsed(value) if isinstance(value, str) else value
    if isinstance(value, str):
        yield from (f"{role} message: {line}" for line in _split(value) if line.strip())
    elif isinstance(value, Mapping) and depth < _MAX_DEPTH:
        for key, part in value.items():
            yield from _facts_under(role, str(key), part, depth)
    elif isinstance(value, Sequence) and not isinstance(value, bytes) and depth < _MAX_DEPTH:
        for part in value:
            yield from _facts(role, part, depth + 1)


def _facts_under(role: str, key: str, part: Any, depth: int) -> Iterator[str]:
    role = key.lower() if key.lower() in _ROLES else role
    part = _parsed(part) if isinstance(part, str) else part
    if isinstance(part, list) and key.lower() not in _TELLING:
        yield from _facts(role, [inner for inner in part if isinstance(inner, Mapping)], depth + 1)
    elif isinstance(part, Mapping | list):
        yield from _facts(role, part, depth + 1)
    elif isinstance(part, str) and key.lower() in _TELLING:
        yield from (f"{role} {key.lower()}: {line}" for line in _split(part) if line.strip())


def _texts(value: Any, label: str = "", role: str = "", depth: int = 0) -> Iterator[str]:
    value = _parsed(value) if isinstance(value, str) else value
    if isinstance(value, str):
        yield f"{role} {label}: {value}".lstrip() if label else value
    elif isinstance(value, Mapping) and depth < _MAX_DEPTH:
        for key, part in value.items():
            name = str(key).lower()
            yield from _texts(part, name, name if name in _ROLES else role, depth + 1)
    elif isinstance(value, list) and depth < _MAX_DEPTH:
        for part in value:
            yield from _texts(part, label, role, depth + 1)


def _parsed(text: str) -> Any:
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _split(text: str) -> Iterator[str]:
    if "&" in text:
        text = html.unescape(text)
    if "\\n" in text:
        text = _TABS.sub("\t", _LOST_LINE_ENDS.sub("\n", text))
    for line in (_QUOTING.sub("", raw) for raw in text.splitlines()):
        if len(line) <= _LONG_LINE:
            yield line
            continue
        for part in _RUN_TOGETHER.sub("\n", line).split("\n"):
            yield from (part[at : at + _PIECE] for at in range(0, len(part), _PIECE))
