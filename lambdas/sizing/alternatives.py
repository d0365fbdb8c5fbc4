"""The clusters one might have taken instead, and why not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambdas.sizing.choice import Choice, Goal
from lambdas.sizing.expect import Estimate, Expected
from lambdas.sizing.shapes import Shape
from lambdas.sizing.words import percent

MAX_ALTERNATIVES = 3

# What rounds to nothing.
_LITTLE = 0.005


@dataclass(frozen=True)
class Alternative:
    """Another shape, what it would take, and why it was not chosen."""

    shape: Shape
    estimate: Estimate
    kept: float
    why_not: str


def alternatives_of(
    shapes: Sequence[Shape], expected: Expected, choice: Choice, best: int, goal: Goal
) -> tuple[Alternative, ...]:
    """Return the three best alternatives: the cheapest of all, the fastest, and the next best of other types.

    Each has another instance type or keeps the limits better or worse than the one chosen, so that a reader sees what
    more or less money would buy.
    """
    extremes = [int(values.argmin()) for values in (expected.typical_usd, expected.typical_seconds)]
    chosen = expected.estimate(best)
    found: list[int] = []
    for candidate in _interesting(shapes, choice, best, extremes):
        if candidate not in {best, *found}:
            found.append(candidate)
        if len(found) == MAX_ALTERNATIVES:
            break
    return tuple(_alternative(shapes, expected, choice, goal, chosen, candidate) for candidate in found)


def _interesting(shapes: Sequence[Shape], choice: Choice, best: int, extremes: Sequence[int]) -> Iterator[int]:
    seen = {shapes[best].instance_type.type}
    yield from extremes
    for candidate in choice.order:
        name = shapes[candidate].instance_type.type
        if name not in seen:
            seen.add(name)
            yield candidate


def _alternative(
    shapes: Sequence[Shape], expected: Expected, choice: Choice, goal: Goal, chosen: Estimate, candidate: int
) -> Alternative:
    estimate, kept = expected.estimate(candidate), float(choice.kept[candidate])
    return Alternative(shapes[candidate], estimate, kept, _why_not(estimate, chosen, kept, goal))


def _why_not(other: Estimate, chosen: Estimate, kept: float, goal: Goal) -> str:
    if kept < goal.confidence:
        limit = "deadline" if goal.deadline_seconds is not None else "budget"
        both = goal.deadline_seconds is not None and goal.budget_usd is not None
        return f"keeps {'deadline and budget' if both else f'the {limit}'} with {percent(kept)} only"
    dearer = other.usd.median / chosen.usd.median - 1
    slower = other.minutes.median / chosen.minutes.median - 1
    if dearer > _LITTLE:
        return f"{percent(dearer)} dearer" if dearer < 1 else f"{dearer + 1:.1f} times the cost"
    return f"{percent(slower)} slower" if slower > _LITTLE else "no better, and less sure"
