"""Ask every method for every decision, on all processors; the figures do not depend on how many."""

import functools
import itertools
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.bench.sizing.data import Measurements, load_measurements, scrambled
from scripts.bench.sizing.judge import Outcome, judge
from scripts.bench.sizing.methods import METHODS, ORACLE, Sizer, oracle
from scripts.bench.sizing.protocol import PROTOCOLS, Task, sample, tasks
from scripts.bench.sizing.synthetic import own_measurements
from scripts.sizing.request import Answer


@dataclass(frozen=True)
class Source:
    """Which measurements.

    Attributes
    ----------
    folder
        Where they are; ``None`` is the project's own set.
    scramble
        Scale them by this salt; ``None`` leaves them as they are.
    """

    folder: Path | None
    scramble: str | None


@dataclass(frozen=True)
class Extent:
    """What is asked.

    Attributes
    ----------
    protocols
        Names of protocols.
    salts
        Each draws other histories.
    jobs
        Only these; none means all.
    per_job
        At most so many contexts of a job; 0 is all.
    seeds
        Histories per number of runs.
    """

    protocols: Sequence[str]
    salts: Sequence[str]
    jobs: Sequence[str]
    per_job: int
    seeds: int


@dataclass(frozen=True)
class Part:
    """The decisions about one context."""

    source: Source
    salt: str
    protocol: str
    context: str
    seeds: int


@functools.cache
def measurements_of(source: Source) -> Measurements:
    """Read the measurements, once per process.

    Raises
    ------
    MeasurementsError
        The folder cannot be read as measurements.
    """
    measured = load_measurements(source.folder) if source.folder else own_measurements()
    return measured if source.scramble is None else scrambled(measured, source.scramble)


def run(source: Source, extent: Extent, tell: Callable[[int, int], None]) -> list[Outcome]:
    """Judge all methods.

    Parameters
    ----------
    tell
        Is told how many contexts are done, of how many.

    Raises
    ------
    MeasurementsError
        The folder cannot be read as measurements.
    """
    measurements = measurements_of(source)
    parts = [
        Part(source, salt, protocol, context.name, extent.seeds)
        for salt, protocol in itertools.product(extent.salts, extent.protocols)
        for context in sample(measurements, salt, extent.per_job, extent.jobs)
    ]
    outcomes: list[Outcome] = []
    for done, judged in enumerate(_judged(parts), 1):
        outcomes += judged
        tell(done, len(parts))
    return outcomes


def _judged(parts: Sequence[Part]) -> Iterator[list[Outcome]]:
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as executor:
        yield from executor.map(judge_part, parts)


def judge_part(part: Part) -> list[Outcome]:
    """Ask every method for the decisions about one context, and judge the answers."""
    measurements = measurements_of(part.source)
    context = measurements.contexts[part.context]
    methods = {**METHODS, ORACLE: oracle(context)}
    return [
        _outcome(method, sizer, task, part.salt)
        for task in tasks(measurements, context, PROTOCOLS[part.protocol], part.seeds, part.salt)
        for method, sizer in methods.items()
    ]


def _outcome(method: str, sizer: Sizer, task: Task, salt: str) -> Outcome:
    context = task.context
    problem = answer = None
    started = time.perf_counter()
    try:
        answer = sizer(task.request)
    except Exception as error:  # a method that fails is judged like one that answers nonsense
        problem = repr(error)
    elapsed = time.perf_counter() - started
    index = _chosen(answer, task)
    if index is None:
        problem = problem or f"{answer} is none of the candidates"
        index, answer = int(np.argmax(context.usd)), None
    predicted, low, high = _prediction(answer)
    return Outcome(
        method=method,
        salt=salt,
        protocol=task.protocol.name,
        cloud=context.cloud,
        limit=task.limit,
        runs=task.runs,
        job=context.job,
        verdict=judge(task, index),
        seconds=float(context.seconds[index]),
        predicted=predicted,
        low=low,
        high=high,
        problem=problem,
        decision_seconds=elapsed,
    )


def _chosen(answer: Answer | None, task: Task) -> int | None:
    clusters = list(zip(task.context.instance_types, task.context.nodes, strict=True))
    chosen = (answer.instance_type, answer.nodes) if answer else None
    return clusters.index(chosen) if chosen in clusters else None


def _prediction(answer: Answer | None) -> tuple[float, float, float]:
    if answer is None or answer.predicted_runtime_s is None:
        return math.nan, math.nan, math.nan
    low, high = answer.predicted_interval_s or (math.nan, math.nan)
    return answer.predicted_runtime_s, low, high
