"""Run cases side by side: moto and the environment are the process's own, so every worker is a process."""

import contextlib
import functools
import gc
import logging
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from lambdas.specs import load
from lambdas.specs.document import read_document
from scripts.certify.dynamic.cases import Case
from scripts.certify.dynamic.run import Machine, Observation, observe

Observed = tuple[Case, Observation]

# Allocations between two collections of a worker. Every case throws away a whole cloud, and is over before Python's own
# 700 have been made many times.
_GARBAGE = 100_000


@dataclass(frozen=True)
class Pool:
    """Worker processes, started once for many calls."""

    executor: ProcessPoolExecutor

    def observe(self, machine: Machine, cases: Iterable[Case]) -> Iterator[Observed]:
        """Yield what is seen of cases, in their order."""
        ordered = list(cases)
        yield from zip(ordered, self.executor.map(observe, [machine] * len(ordered), ordered), strict=True)


@contextlib.contextmanager
def pool() -> Iterator[Pool]:
    """Keep a worker per processor for the length of a ``with`` block."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), context, initializer=_prepare) as executor:
        yield Pool(executor)


def _prepare() -> None:
    """Make a worker quiet and quick.

    What moto and the handlers log of failures made on purpose helps nobody; the specs do not change meanwhile.
    """
    logging.disable(logging.CRITICAL)
    vars(load)["read_document"] = functools.cache(read_document)
    gc.freeze()
    gc.set_threshold(_GARBAGE)
