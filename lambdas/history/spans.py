"""Spans of time in EMR's timelines: when steps ran, and how much of that something else was there."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lambdas.documents import part

Span = tuple[datetime.datetime, datetime.datetime]


def timeline(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the timeline in the status of a cluster, step or instance."""
    return part(part(document, "Status"), "Timeline")


def moment(found: Mapping[str, Any], key: str) -> datetime.datetime | None:
    """Return a moment of a timeline, ``None`` when it was not reached."""
    at = found.get(key)
    return at if isinstance(at, datetime.datetime) else None


def busy_spans(cluster: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> list[Span] | None:
    """Return when at least one step ran, in order and without overlaps; ``None`` while one still runs.

    A step that never started is in none; one whose end EMR does not tell ended with its cluster. Nothing ran before
    the cluster was ready or after its end, whatever clocks say.

    Parameters
    ----------
    cluster, steps
        As DescribeCluster and ListSteps show them.
    """
    ready, ended = moment(timeline(cluster), "ReadyDateTime"), moment(timeline(cluster), "EndDateTime")
    spans: list[Span] = []
    for step in steps:
        start, end = moment(timeline(step), "StartDateTime"), moment(timeline(step), "EndDateTime") or ended
        if start is None:
            continue
        if end is None:
            return None
        spans.append((_within(start, ready, ended), _within(max(start, end), ready, ended)))
    return _union(spans)


def seconds_of(spans: Iterable[Span]) -> float:
    """Return how long some spans are together."""
    return sum((end - start for start, end in spans), datetime.timedelta()).total_seconds()


def overlap(spans: Iterable[Span], other: Span) -> float:
    """Return for how many seconds of some spans another one lasts."""
    return seconds_of((max(start, other[0]), max(start, other[0], min(end, other[1]))) for start, end in spans)


def _within(
    at: datetime.datetime, first: datetime.datetime | None, last: datetime.datetime | None
) -> datetime.datetime:
    late_enough = max(at, first) if first else at
    return min(late_enough, last) if last else late_enough


def _union(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
