"""Say in a few lines where a run's paid time went, and which nodes came and went meanwhile."""

import datetime
from collections.abc import Sequence
from itertools import groupby
from typing import Any

_WORDS = {
    "provisioning_seconds": "starting",
    "waiting_seconds": "waiting for its first step",
    "working_seconds": "working",
    "gap_seconds": "between steps",
    "tail_seconds": "after the last",
}
_MARKETS = {"SPOT": "spot", "ON_DEMAND": "on demand"}


def summary(record: dict[str, Any]) -> list[str]:
    """Return what a run's record says of its last cluster's time and nodes; a line each, none for what it lacks.

    Parameters
    ----------
    record
        As ``record_run`` wrote it.
    """
    return [*_time(record.get("phases", {})), *_nodes(record.get("nodes", []))]


def _time(phases: dict[str, float | None]) -> list[str]:
    parts = [(phases.get(name), word) for name, word in _WORDS.items()]
    known = [(seconds, word) for seconds, word in parts if seconds is not None]
    told = ", ".join(f"{_minutes(seconds)} {word}" for seconds, word in known)
    return [f"Paid {_minutes(sum(seconds for seconds, _ in known))} minutes: {told}."] if known else []


def _nodes(changes: Sequence[dict[str, Any]]) -> list[str]:
    """Tell each kind of nodes in the order in which they came: how many at first, and what changed when."""
    if not changes:
        return []
    start = datetime.datetime.fromisoformat(changes[0]["at"])
    # A stable sort keeps each kind's changes in order.
    told = [_kind(list(each), start) for _, each in groupby(sorted(changes, key=_of), _of)]
    return [f"Nodes: {'; '.join(told)}."]


def _of(change: dict[str, Any]) -> tuple[int, str, str, str]:
    role = ("MASTER", "CORE", "TASK").index(change["role"])
    return role, change["pool"], change["instance_type"], change["market"]


def _kind(changes: Sequence[dict[str, Any]], start: datetime.datetime) -> str:
    first = changes[0]
    role = {"MASTER": "primary"}.get(first["role"], first["role"].lower())
    counts = [f"{change['after']} after {_minutes(_since(change, start))} min" for change in changes]
    counts[0] = counts[0] if _since(first, start) else str(first["after"])
    return f"{role} {first['instance_type']} {_MARKETS.get(first['market'], first['market'])}: {', '.join(counts)}"


def _since(change: dict[str, Any], start: datetime.datetime) -> float:
    return (datetime.datetime.fromisoformat(change["at"]) - start).total_seconds()


def _minutes(seconds: float) -> str:
    """Write minutes: whole ones from ten on, else one digit unless that is 0."""
    minutes = seconds / 60
    return f"{minutes:.0f}" if minutes >= 10 or round(minutes, 1).is_integer() else f"{minutes:.1f}"
