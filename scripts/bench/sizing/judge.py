"""What a decision was worth, held against the best that could have been chosen."""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np

from scripts.bench.sizing.data import ROUNDING, Bools, Context, Floats
from scripts.bench.sizing.protocol import Task

_NEARLY_BEST = 1.1


@dataclass(frozen=True)
class Verdict:
    """One decision, judged.

    Attributes
    ----------
    hit
        The limit was kept.
    ratio
        Cost over the oracle's; under a budget, run time over the oracle's.
    eff
        The same, and a missed deadline pays for a second run on the fastest cluster; NaN under a budget.
    rephit
        The share of single repetitions that kept the deadline; NaN under a budget.
    """

    hit: bool
    ratio: float
    eff: float
    rephit: float


def judge(task: Task, index: int) -> Verdict:
    """Judge the choice of a candidate."""
    context = task.context
    if task.protocol.name == "budget":
        return _judge_budget(context, (task.limit or math.inf) * context.usd.min() * (1 + ROUNDING), index)
    deadline = math.inf if task.limit is None else task.limit * context.seconds.min() * (1 + ROUNDING)
    return _judge_deadline(context, deadline, index)


def _judge_budget(context: Context, budget: float, index: int) -> Verdict:
    fits = context.usd <= budget
    ratio = context.seconds[index] / context.seconds[fits].min()
    return Verdict(bool(fits[index]), float(ratio), math.nan, math.nan)


def _judge_deadline(context: Context, deadline: float, index: int) -> Verdict:
    fits = context.seconds <= deadline
    best = context.usd[fits].min()
    hit = bool(fits[index])
    ratio = float(context.usd[index] / best)
    rerun = 0.0 if hit else float(context.usd[int(np.argmin(context.seconds))] / best)
    return Verdict(hit, ratio, ratio + rerun, float(np.mean(context.repetitions[index] <= deadline)))


@dataclass(frozen=True)
class Outcome:
    """One decision of one method: what it was asked, what it chose, and what that was worth.

    Attributes
    ----------
    seconds
        What the chosen cluster took.
    predicted, low, high
        What the method expected of it, NaN where it does not say.
    problem
        Why the answer was invalid; it is then judged as if the most expensive cluster had been chosen.
    decision_seconds
        How long deciding took.
    """

    method: str
    salt: str
    protocol: str
    cloud: str
    limit: float | None
    runs: int
    job: str
    verdict: Verdict
    seconds: float
    predicted: float
    low: float
    high: float
    problem: str | None
    decision_seconds: float


@dataclass(frozen=True)
class Figures:
    """Many decisions in numbers; every job weighs the same in all but the last two.

    Attributes
    ----------
    n
        Decisions.
    hit, within10
        Shares: the limit was kept, and with at most 10 % above the oracle's cost.
    cost_hit
        Mean ratio where the limit was kept.
    eff_mean, eff_med, eff_p95
        Of the effective cost over the oracle's.
    ape
        Mean error of the predicted run time, relative.
    invalid
        Invalid answers.
    ms
        Milliseconds per decision.
    """

    n: float
    hit: float
    cost_hit: float
    eff_mean: float
    eff_med: float
    eff_p95: float
    within10: float
    rephit: float
    ape: float
    invalid: float
    ms: float


def summarise(outcomes: Sequence[Outcome]) -> Figures:
    """Sum decisions up."""
    weights = _weights([outcome.job for outcome in outcomes])
    hit = np.array([outcome.verdict.hit for outcome in outcomes])
    ratio = np.array([outcome.verdict.ratio for outcome in outcomes])
    eff = np.array([outcome.verdict.eff for outcome in outcomes])
    rephit = np.array([outcome.verdict.rephit for outcome in outcomes])
    error = np.array([abs(outcome.predicted / outcome.seconds - 1) for outcome in outcomes])
    return Figures(
        n=len(outcomes),
        hit=float(weights[hit].sum()),
        cost_hit=_mean(ratio, weights, hit),
        eff_mean=float((weights * eff).sum()),
        eff_med=_quantile(eff, weights, 0.5),
        eff_p95=_quantile(eff, weights, 0.95),
        within10=float(weights[hit & (ratio <= _NEARLY_BEST)].sum()),
        rephit=float((weights * rephit).sum()),
        ape=_mean(error, weights, ~np.isnan(error)),
        invalid=sum(outcome.problem is not None for outcome in outcomes),
        ms=1000 * float(np.mean([outcome.decision_seconds for outcome in outcomes])),
    )


def over_salts(figures: Sequence[Figures]) -> tuple[Figures, Figures | None]:
    """Return the means over several salts and their standard errors; no errors for one salt."""
    table = np.array([astuple(each) for each in figures])
    errors = None if len(figures) == 1 else Figures(*(table.std(axis=0, ddof=1) / math.sqrt(len(figures))).tolist())
    return Figures(*table.mean(axis=0).tolist()), errors


def _weights(jobs: Sequence[str]) -> Floats:
    names, which, counts = np.unique(np.array(jobs), return_inverse=True, return_counts=True)
    weights: Floats = 1 / counts[which] / len(names)
    return weights


def _mean(values: Floats, weights: Floats, where: Bools) -> float:
    return float((weights * values)[where].sum() / weights[where].sum()) if where.any() else math.nan


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    reached = np.searchsorted(np.cumsum(weights[order]), share)
    return float(values[order][min(int(reached), len(values) - 1)])
