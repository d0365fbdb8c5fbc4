"""The sampler, against a posterior that is known."""

import numpy as np
import pytest

from lambdas.prediction.particles import sample_posterior
from lambdas.prediction.prior import Array

COUNT = 4_000

MEAN, DEVIATION = np.array([1.0, -2.0, 0.0]), np.array([1.0, 0.5, 2.0])
SEEN_THROUGH = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, -1.0]])


def known_posterior(seen: Array, noise: float) -> tuple[Array, Array]:
    """Return mean and covariance of a normal prior that has seen something through a linear glass."""
    precision = np.diag(DEVIATION**-2) + SEEN_THROUGH.T @ SEEN_THROUGH / noise**2
    covariance = np.linalg.inv(precision)
    return covariance @ (MEAN / DEVIATION**2 + SEEN_THROUGH.T @ seen / noise**2), covariance


@pytest.mark.parametrize("noise", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("seen", [(-1.0, -2.0), (4.0, 3.0)], ids=["expected", "surprising"])
def test_samples_have_mean_and_covariance_of_the_posterior(seen: tuple[float, float], noise: float) -> None:
    def log_likelihood(parameters: Array) -> Array:
        missed = parameters @ SEEN_THROUGH.T - seen
        total: Array = -0.5 * np.square(missed / noise).sum(axis=1)
        return total

    samples = sample_posterior(MEAN, DEVIATION, log_likelihood, COUNT, np.random.default_rng(0))
    mean, covariance = known_posterior(np.array(seen), noise)
    deviation = np.sqrt(np.diag(covariance))
    assert samples.shape == (COUNT, len(MEAN))
    assert samples.mean(axis=0) == pytest.approx(mean, abs=0.15 * deviation.min())
    assert samples.std(axis=0) == pytest.approx(deviation, rel=0.12)
    correlation = covariance / np.outer(deviation, deviation)
    assert np.corrcoef(samples.T) == pytest.approx(correlation, abs=0.1)


def test_a_likelihood_that_says_nothing_leaves_the_prior() -> None:
    samples = sample_posterior(MEAN, DEVIATION, lambda these: np.zeros(len(these)), COUNT, np.random.default_rng(0))
    assert samples.mean(axis=0) == pytest.approx(MEAN, abs=0.1)
    assert samples.std(axis=0) == pytest.approx(DEVIATION, rel=0.1)
