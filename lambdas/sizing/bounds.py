"""What some shape would keep: said when nothing keeps what is asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.sizing.choice import Goal
from lambdas.sizing.expect import Expected
from lambdas.sizing.shapes import Shape

# Between a deadline that is not kept and the next one that is tried, and how many are.
_LONGER = 1.25
_TRIES = 16

_SECONDS_PER_MINUTE = 60
_CENTS = 100


@dataclass(frozen=True)
class Bound:
    """A shape, and what its run stays below: whole minutes, or dollars of whole cents."""

    shape: Shape
    below: float


@dataclass(frozen=True)
class Bounds:
    """A deadline and a budget that would be kept, each asked for alone; ``None`` where none was asked for."""

    deadline: Bound | None
    budget: Bound | None


def find_bounds(shapes: Sequence[Shape], expected: Expected, missed: Goal) -> Bounds:
    """Find what would be kept, with the same confidence.

    Parameters
    ----------
    shapes
        What there is to choose from.
    expected
        What is expected of them without a deadline.
    missed
        What nothing keeps.
    """
    return Bounds(
        None if missed.deadline_seconds is None else _deadline(shapes, expected, missed),
        None if missed.budget_usd is None else _budget(shapes, expected, missed.confidence),
    )


def _deadline(shapes: Sequence[Shape], expected: Expected, missed: Goal) -> Bound:
    """Ask for longer deadlines until one is kept: what is believed of a job depends on its deadline."""
    fastest = int(expected.typical_seconds.argmin())
    minutes = max(
        expected.minutes_below(fastest, missed.confidence), (missed.deadline_seconds or 0) / _SECONDS_PER_MINUTE
    )
    for _ in range(_TRIES):
        minutes = math.ceil(minutes)
        goal = Goal(minutes * _SECONDS_PER_MINUTE, None, missed.confidence)
        kept = expected.given(goal.deadline_seconds).outcomes.kept(goal)
        if kept.max() >= goal.confidence:
            return Bound(shapes[int(kept.argmax())], minutes)
        minutes *= _LONGER
    return Bound(shapes[fastest], minutes)


def _budget(shapes: Sequence[Shape], expected: Expected, confidence: float) -> Bound:
    cheapest = int(expected.typical_usd.argmin())
    return Bound(shapes[cheapest], math.ceil(expected.usd_below(cheapest, confidence) * _CENTS) / _CENTS)
