"""What the model of ``runtime`` misses: a smooth function of cluster and volume, known where there were runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lambdas.prediction.prior import (
    DISCREPANCY,
    LENGTHS,
    NOISE,
    OTHER_JOB_DISCREPANCY,
    OTHER_JOB_OFFSET,
    Array,
)
from lambdas.prediction.runs import PastRun

# Random features that stand for the function where nothing is known of it (Rahimi and Recht, NIPS 2007).
_FEATURES = 96


@dataclass(frozen=True)
class Discrepancy:
    """What of the runs' residuals is noise and what is not.

    Attributes
    ----------
    own
        How many of the runs, the first ones, are of the job itself.
    points
        Where the runs lie; one row each.
    whitener
        Makes the residuals of the runs independent, with variance 1, when multiplied from the right.
    noise
        The variance of the noise of each of the job's own runs.
    precision
        The inverse of the covariance of the job's own runs.
    """

    own: int
    points: Array
    whitener: Array
    noise: Array
    precision: Array


def discrepancy_of(runs: Sequence[PastRun], points: Array) -> Discrepancy:
    """Describe the residuals of runs; those of the job itself come first.

    Every job misses the model in its own way, and another job than the predicted one as a whole besides.
    """
    jobs = np.array([run.other_job or "" for run in runs], dtype=str)
    weights = np.array([run.weight for run in runs])
    same_job = jobs[:, None] == jobs[None, :]
    other = jobs != ""
    size = np.where(other, OTHER_JOB_DISCREPANCY, DISCREPANCY)
    covariance = same_job * (size[:, None] ** 2 * _likeness(points, points) + np.where(other, OTHER_JOB_OFFSET**2, 0.0))
    noise = NOISE**2 / weights
    covariance += np.diag(noise)
    own = int(np.count_nonzero(~other))
    return Discrepancy(
        own=own,
        points=points,
        whitener=np.linalg.inv(np.linalg.cholesky(covariance)).T,
        noise=noise[:own],
        precision=np.linalg.inv(covariance[:own, :own]),
    )


def draw_discrepancy(
    known: Discrepancy | None, residuals: Array, points: Array, generator: np.random.Generator
) -> Array:
    """Draw what the model misses at some points.

    Parameters
    ----------
    known
        Of the runs; without any, nothing is known.
    residuals
        Measured less modelled log seconds of the runs; one row per draw.
    points
        Where to draw; one row each.
    generator
        Where chance comes from.

    Returns
    -------
    Array
        One row per draw, one column per point.
    """
    draws = len(residuals)
    own = known.own if known else 0
    where = np.vstack([known.points[:own], points]) if known else points
    free = _draw_freely(where, draws, generator)
    if known is None or own == 0:
        return free[:, own:]
    # A draw that knows the runs is a free one, corrected by what it misses there (Matheron's rule).
    noise = generator.standard_normal((draws, own)) * np.sqrt(known.noise)
    missed = residuals[:, :own] - free[:, :own] - noise
    weights = known.precision @ (DISCREPANCY**2 * _likeness(known.points[:own], points))
    corrected: Array = free[:, own:] + missed @ weights
    return corrected


def _likeness(one: Array, other: Array) -> Array:
    distance = (one[:, None, :] - other[None, :, :]) / LENGTHS
    alike: Array = np.exp(-0.5 * np.square(distance).sum(axis=-1))
    return alike


def _draw_freely(points: Array, draws: int, generator: np.random.Generator) -> Array:
    frequencies = generator.standard_normal((points.shape[1], _FEATURES)) / LENGTHS[:, None]
    phases = generator.uniform(0, 2 * np.pi, _FEATURES)
    features = np.cos(points @ frequencies + phases) * np.sqrt(2 / _FEATURES)
    free: Array = DISCREPANCY * generator.standard_normal((draws, _FEATURES)) @ features.T
    return free
