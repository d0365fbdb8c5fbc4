"""Judge one failure per line: JSON in, JSON out."""

import json
from typing import Any

from lambdas.failures.case import Case
from lambdas.failures.diagnose import diagnose


class CaseError(ValueError):
    """A line that is no case; the message says what was expected."""


def decide(line: str) -> str:
    """Judge one case.

    Parameters
    ----------
    line
        A JSON object with ``cluster``, ``step`` and ``log``; each may be null or missing. ``log`` is a text or a list
        of lines.

    Returns
    -------
    str
        A JSON object with ``class``, ``action``, ``confidence`` (0 to 1) and ``evidence`` (a list of lines).

    Raises
    ------
    CaseError
        The line is not a JSON object.
    """
    case = _object(line)
    diagnosis = diagnose(Case(case.get("cluster"), case.get("step"), _text(case.get("log"))))
    return json.dumps(
        {
            "class": diagnosis.failure_class,
            "action": diagnosis.action,
            "confidence": diagnosis.confidence,
            "evidence": diagnosis.evidence,
        },
        ensure_ascii=False,
    )


def _object(line: str) -> dict[str, Any]:
    expected = 'a case is one JSON object per line: {"cluster": ..., "step": ..., "log": "..."}'
    try:
        case = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CaseError(f"not JSON ({error}); {expected}") from error
    if not isinstance(case, dict):
        raise CaseError(f"JSON, but {type(case).__name__} instead of an object; {expected}")
    return case


def _text(log: Any) -> str:
    if isinstance(log, list):
        return "\n".join(_text(line) for line in log)
    if log is None or isinstance(log, str):
        return log or ""
    return json.dumps(log)
