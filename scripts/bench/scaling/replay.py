"""The tasks of an application, played again where every executor is had that dynamic allocation asks for.

How long tasks took is the work; how long they waited comes of the cluster they ran on, and would be another on another
cluster. So a stage starts as long after the stages that were complete before it as it did, all its tasks at once, each
for as long as it took. What dynamic allocation asks for at a moment is the running and pending tasks by the tasks an
executor takes, rounded up:
https://github.com/apache/spark/blob/v3.5.8/core/src/main/scala/org/apache/spark/ExecutorAllocationManager.scala
"""

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from scripts.local.emr.load import Load, Phase

MIN_PHASE_SECONDS = 1.0
"""Shorter phases are merged: no scaling of EMR's looks as often."""

_MS_PER_SECOND = 1000


@dataclass
class Stage:
    """One attempt of a stage: when it was submitted and complete, and how long its tasks took, in milliseconds."""

    submitted: int
    completed: int = 0
    tasks: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Application:
    """What a log says of an application; ``started`` in milliseconds."""

    started: int
    tasks_per_executor: int
    stages: Sequence[Stage]


def load_of(application: Application) -> Load:
    """Return what an application wants over time.

    Returns
    -------
    Load
        Phases of no container are those in which only the driver works. Segments of less than ``MIN_PHASE_SECONDS`` are
        merged, which keeps the container-seconds.
    """
    segments = [
        (length / _MS_PER_SECOND, math.ceil(tasks / application.tasks_per_executor))
        for length, tasks in _running(application)
    ]
    return tuple(_phases(segments))


def _running(application: Application) -> Iterator[tuple[int, int]]:
    """Yield how long so many tasks run at the same time, in milliseconds."""
    changes: Counter[int] = Counter({0: 0})
    for start, stage in _starts(application):
        changes[start] += len(stage.tasks)
        for milliseconds in stage.tasks:
            changes[start + milliseconds] -= 1
    tasks = 0
    for at, until in itertools.pairwise(sorted(changes)):
        tasks += changes[at]
        yield until - at, tasks


def _starts(application: Application) -> Iterator[tuple[int, Stage]]:
    """Yield the stages with when they start, in milliseconds since the application's own start."""
    before, end = application.started, 0
    running: list[tuple[int, int]] = []
    for stage in sorted(application.stages, key=lambda stage: (stage.submitted, stage.completed)):
        while running and running[0][0] <= stage.submitted:
            completed, ends = heapq.heappop(running)
            before, end = completed, max(end, ends)
        start = end + max(stage.submitted - before, 0)
        heapq.heappush(running, (stage.completed, start + max(stage.tasks, default=0)))
        yield start, stage


def _phases(segments: Iterable[tuple[float, int]]) -> Iterator[Phase]:
    """Merge neighbours of one demand, and what is too short with what follows."""
    merged: list[tuple[float, int]] = []
    for seconds, containers in _joined(segments):
        merged.append((seconds, containers))
        if sum(length for length, _ in merged) >= MIN_PHASE_SECONDS:
            yield from _one(merged)
            merged = []
    if merged:
        yield from _one(merged)


def _joined(segments: Iterable[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    for containers, group in itertools.groupby(segments, key=lambda segment: segment[1]):
        yield sum(seconds for seconds, _ in group), containers


def _one(segments: Sequence[tuple[float, int]]) -> Iterator[Phase]:
    """Yield segments as one phase of as much work; what is less than a container, with the pause it leaves."""
    length = sum(seconds for seconds, _ in segments)
    work = sum(seconds * containers for seconds, containers in segments)
    containers = max(round(work / length), 1)
    if work:
        yield Phase(work / containers, containers)
    if work < length:
        yield Phase(length - work, 0)
