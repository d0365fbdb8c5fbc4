"""Samples of what the parameters of a job may be, given its runs: sequential Monte Carlo from prior to posterior.

Del Moral, Doucet and Jasra, Sequential Monte Carlo samplers, J. R. Statist. Soc. B 68 (2006).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lambdas.prediction.prior import Array

# Each step towards the posterior keeps this share of the samples' weight, as effective sample size.
_KEPT = 0.5
_BISECTIONS = 20

# Steps of the random walk between, over the samples' own scatter: the best for a normal distribution, and two smaller
# ones, for posteriors that are bent. Roberts and Rosenthal, Statistical Science 16 (2001).
_STEPS = (2.38, 1.2, 0.5)

_JITTER = 1e-8


def sample_posterior(
    mean: Array,
    deviation: Array,
    log_likelihood: Callable[[Array], Array],
    count: int,
    generator: np.random.Generator,
) -> Array:
    """Draw parameters.

    Parameters
    ----------
    mean, deviation
        Of the prior, which is normal and independent.
    log_likelihood
        Of rows of parameters.
    count
        How many to draw.
    generator
        Where chance comes from.

    Returns
    -------
    Array
        One row per draw.
    """
    samples = mean + deviation * generator.standard_normal((count, len(mean)))
    likelihood = log_likelihood(samples)
    reached = 0.0
    while reached < 1:
        following = _next_power(likelihood, reached)
        chosen = _resample(_weights(likelihood, following - reached), generator)
        samples, likelihood = samples[chosen], likelihood[chosen]
        reached = following

        def log_posterior(parameters: Array, likelihood: Array, power: float = reached) -> Array:
            prior = -0.5 * np.square((parameters - mean) / deviation).sum(axis=1)
            total: Array = power * likelihood + prior
            return total

        scatter = np.cov(samples.T) + _JITTER * np.eye(len(mean))
        root = np.linalg.cholesky(scatter).T / np.sqrt(len(mean))
        for step in _STEPS:
            moved = samples + step * generator.standard_normal(samples.shape) @ root
            moved_likelihood = log_likelihood(moved)
            gain = log_posterior(moved, moved_likelihood) - log_posterior(samples, likelihood)
            accepted = np.log(generator.random(count)) < gain
            samples = np.where(accepted[:, None], moved, samples)
            likelihood = np.where(accepted, moved_likelihood, likelihood)
    return samples


def _weights(likelihood: Array, power: float) -> Array:
    weights = np.exp(power * (likelihood - likelihood.max()))
    normalised: Array = weights / weights.sum()
    return normalised


def _next_power(likelihood: Array, reached: float) -> float:
    """Return how far towards the likelihood's full power the weights can go and stay even enough."""

    def keeps_enough(power: float) -> bool:
        weights = _weights(likelihood, power - reached)
        return bool(1 / np.square(weights).sum() >= _KEPT * len(weights))

    if keeps_enough(1.0):
        return 1.0
    low, high = reached, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if keeps_enough(middle) else (low, middle)
    return max(low, reached + 1e-6)


def _resample(weights: Array, generator: np.random.Generator) -> NDArray[np.intp]:
    marks = (np.arange(len(weights)) + generator.random()) / len(weights)
    return np.searchsorted(np.cumsum(weights), marks).clip(0, len(weights) - 1)
