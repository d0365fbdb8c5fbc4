"""Which of some candidates to take, given samples of what each would take and cost."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambdas.prediction.prior import Array

# On public measurements, a rerun for every missed deadline included, more than this costs more than it saves.
DEFAULT_CONFIDENCE = 0.85

# Without past runs a job may be like no other: what is promised with 85 % comes true less often, so more is asked for.
CONFIDENCE_WITHOUT_RUNS = 0.9


@dataclass(frozen=True)
class Goal:
    """What a size is chosen for.

    Attributes
    ----------
    deadline_seconds
        From start to end, provisioning included.
    budget_usd
        What the run may cost.
    confidence
        The least probability with which both must be kept.
    """

    deadline_seconds: float | None = None
    budget_usd: float | None = None
    confidence: float = DEFAULT_CONFIDENCE


@dataclass(frozen=True)
class Outcomes:
    """What may come of each candidate.

    Attributes
    ----------
    seconds, usd
        From start to end, provisioning included; one row per sample, one column per candidate.
    weights
        Of the rows; they add up to 1.
    """

    seconds: Array
    usd: Array
    weights: Array

    def kept(self, goal: Goal) -> Array:
        """Return the probability with which each candidate keeps deadline and budget."""
        probability: Array = self.weights @ _keeps(self, goal)
        return probability


@dataclass(frozen=True)
class Choice:
    """The candidate chosen.

    Attributes
    ----------
    order
        All candidates, best first; those that keep the limits with the asked-for confidence before those that do not.
    kept
        The probability with which each keeps the limits.
    fits
        Whether the first of ``order`` keeps the limits with the asked-for confidence.
    """

    order: tuple[int, ...]
    kept: Array
    fits: bool

    @property
    def best(self) -> int:
        """The candidate to take."""
        return self.order[0]


def choose(outcomes: Outcomes, goal: Goal) -> Choice:
    """Choose a candidate: with a deadline or without limits the cheapest, with a budget alone the fastest.

    Candidates that keep the limits with the asked-for confidence come first. Among them and, when there are none, among
    all, that one is best whose expected cost is least over the best one could have done, where a missed deadline
    costs another run on the fastest candidate. With a budget alone it is time instead of cost, and when nothing keeps
    the budget, the one most likely to.
    """
    kept = outcomes.kept(goal)
    enough = kept >= goal.confidence
    if goal.deadline_seconds is None and goal.budget_usd is not None:
        loss = _mean_log(outcomes.seconds, outcomes.weights) if enough.any() else -kept
    else:
        loss = _regret(outcomes, goal)
    order = np.lexsort((loss, ~enough))
    return Choice(tuple(int(candidate) for candidate in order), kept, bool(enough.any()))


def _keeps(outcomes: Outcomes, goal: Goal) -> NDArray[np.bool_]:
    keeps = np.ones(outcomes.seconds.shape, dtype=bool)
    if goal.deadline_seconds is not None:
        keeps &= outcomes.seconds <= goal.deadline_seconds
    if goal.budget_usd is not None:
        keeps &= outcomes.usd <= goal.budget_usd
    return keeps


def _regret(outcomes: Outcomes, goal: Goal) -> Array:
    """Return the expected cost over that of the best choice, had one known."""
    keeps = _keeps(outcomes, goal)
    cheapest = np.where(keeps, outcomes.usd, np.inf).min(axis=1)
    cheapest = np.where(np.isfinite(cheapest), cheapest, outcomes.usd.min(axis=1))
    fastest = outcomes.usd[np.arange(len(outcomes.usd)), outcomes.seconds.argmin(axis=1)]
    ratio = (outcomes.usd + ~keeps * fastest[:, None]) / cheapest[:, None]
    regret: Array = outcomes.weights @ ratio
    return regret


def _mean_log(values: Array, weights: Array) -> Array:
    mean: Array = weights @ np.log(values)
    return mean
