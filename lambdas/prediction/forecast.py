"""How long a job runs on each of some clusters, as weighted samples."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lambdas.prediction.discrepancy import Discrepancy, discrepancy_of, draw_discrepancy
from lambdas.prediction.particles import sample_posterior
from lambdas.prediction.prior import (
    DEADLINE_SLACK,
    DEGREES_OF_FREEDOM,
    DEVIATION,
    INFORMED,
    UNINFORMED_DENSITY,
    Array,
    prior_mean,
)
from lambdas.prediction.runs import PastRun, Workers, merge_runs
from lambdas.prediction.runtime import Work, log_seconds

_SAMPLES = 1_000


@dataclass(frozen=True)
class Forecast:
    """Samples of run times, in seconds.

    Attributes
    ----------
    seconds
        One row per sample, one column per candidate; a row is one job one believes in, on all candidates.
    weights
        Of the rows; they add up to 1.
    """

    seconds: Array
    weights: Array

    def given_deadline(self, deadline_seconds: float | None) -> "Forecast":
        """Return the forecast of a job whose work somebody wants to be done within some seconds, believing as before.

        Somebody expects that it can be, so a job that could not, or could easily, is less likely.
        """
        if not deadline_seconds or deadline_seconds < 0:
            return self
        mean, deviation = DEADLINE_SLACK
        slack = np.log(deadline_seconds / self.seconds.min(axis=1))
        density = np.exp(-0.5 * np.square((slack - mean) / deviation)) / (deviation * np.sqrt(2 * np.pi)) * (slack >= 0)
        informed = self.weights * density
        if not informed.any():
            return self
        # Where hardly any job one believes in could meet the deadline so, more likely nobody thought about it.
        thought, guessed = INFORMED * informed.sum(), (1 - INFORMED) * UNINFORMED_DENSITY
        share = thought / (thought + guessed)
        return replace(self, weights=share * informed / informed.sum() + (1 - share) * self.weights)

    def quantiles(self, candidate: int, shares: Sequence[float]) -> list[float]:
        """Return the run times of a candidate that are not exceeded with these probabilities."""
        return weighted_quantiles(self.seconds[:, candidate], self.weights, shares)


def forecast(
    job_class: str | None,
    data_bytes: int,
    history: Sequence[PastRun],
    candidates: Sequence[Workers],
    *,
    max_tasks: float | None = None,
    deadline_seconds: float | None = None,
    seed: int = 0,
) -> Forecast:
    """Forecast run times. The same arguments always give the same answer.

    Parameters
    ----------
    job_class
        What kind of work the job does; one nobody knows is no class.
    data_bytes
        The volume of its input.
    history
        Past runs of the job, and of others of its class.
    candidates
        Where it may run; at least one.
    max_tasks
        How many tasks can run at the same time, however many cores there are.
    deadline_seconds
        When the job's work must be done, without provisioning; see ``Forecast.given_deadline``.
    seed
        Where chance starts.
    """
    generator = np.random.default_rng(seed)
    runs = merge_runs(history)
    mean = prior_mean(job_class, data_bytes)
    targets = Work.of(candidates, [data_bytes] * len(candidates), data_bytes, [max_tasks] * len(candidates))
    if runs:
        past = Work.of(
            [run.workers for run in runs],
            [run.data_bytes for run in runs],
            data_bytes,
            [run.max_tasks for run in runs],
        )
        measured = np.log([run.seconds for run in runs])
        known = discrepancy_of(runs, past.points)
        parameters = sample_posterior(
            mean, DEVIATION, lambda these: _log_likelihood(these, past, measured, known), _SAMPLES, generator
        )
        residuals = measured - log_seconds(parameters, past)
        missed = draw_discrepancy(known, residuals, targets.points, generator)
    else:
        parameters = mean + DEVIATION * generator.standard_normal((_SAMPLES, len(mean)))
        missed = draw_discrepancy(None, np.empty((_SAMPLES, 0)), targets.points, generator)
    logs = log_seconds(parameters, targets) + missed
    even = np.full(_SAMPLES, 1 / _SAMPLES)
    return Forecast(np.exp(logs), even).given_deadline(deadline_seconds)


def weighted_quantiles(values: Array, weights: Array, shares: Sequence[float]) -> list[float]:
    """Return the values not exceeded with these probabilities."""
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    places = np.searchsorted(cumulated, shares).clip(0, len(values) - 1)
    return [float(value) for value in values[order][places]]


def _log_likelihood(parameters: Array, past: Work, measured: Array, known: Discrepancy) -> Array:
    residuals = (log_seconds(parameters, past) - measured) @ known.whitener
    tails = np.log1p(np.square(residuals) / DEGREES_OF_FREEDOM)
    likelihood: Array = -(DEGREES_OF_FREEDOM + 1) / 2 * tails.sum(axis=1)
    return likelihood
