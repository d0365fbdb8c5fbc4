"""What the model misses is known near the job's own runs, and nowhere else."""

import numpy as np
import pytest

from lambdas.prediction import PastRun
from lambdas.prediction.discrepancy import discrepancy_of, draw_discrepancy
from lambdas.prediction.prior import DISCREPANCY, Array
from lambdas.prediction.runtime import Work
from tests.unit.lambdas.prediction.synthetic import GB, workers

DRAWS = 4_000
MISSED = 0.3
CERTAIN = 1_000.0


def points_of(*nodes: float) -> Array:
    return Work.of([workers(count) for count in nodes], [GB] * len(nodes), GB, [None] * len(nodes)).points


def drawn(other_job: str | None = None) -> Array:
    """Draw at the place of a run that took longer than modelled, beside it, and far away."""
    run = PastRun(GB, workers(4), 100, weight=CERTAIN, other_job=other_job)
    known = discrepancy_of([run], points_of(4))
    return draw_discrepancy(known, np.full((DRAWS, 1), MISSED), points_of(4, 6, 4_000), np.random.default_rng(0))


def test_at_a_run_it_is_what_was_missed() -> None:
    there = drawn()[:, 0]
    assert there.mean() == pytest.approx(MISSED, abs=0.02)
    assert there.std() < 0.02


def test_beside_a_run_it_is_most_of_that_and_less_certain() -> None:
    beside = drawn()[:, 1]
    assert MISSED / 2 < beside.mean() < MISSED
    assert 0.02 < beside.std() < DISCREPANCY


def test_far_away_nothing_is_known() -> None:
    far = drawn()[:, 2]
    assert far.mean() == pytest.approx(0, abs=0.02)
    assert far.std() == pytest.approx(DISCREPANCY, rel=0.25)


def test_other_jobs_miss_in_ways_of_their_own() -> None:
    there = drawn("other")[:, 0]
    assert there.mean() == pytest.approx(0, abs=0.02)
    assert there.std() == pytest.approx(DISCREPANCY, rel=0.25)


def test_residuals_of_one_job_are_made_independent() -> None:
    runs = [PastRun(GB, workers(count), 100) for count in (2, 4, 8)]
    known = discrepancy_of(runs, points_of(2, 4, 8))
    covariance = np.linalg.inv(known.precision)
    assert known.whitener.T @ covariance @ known.whitener == pytest.approx(np.eye(3), abs=1e-6)
    assert covariance[0, 1] > covariance[0, 2] > 0


def test_runs_of_one_job_are_off_together_and_those_of_two_jobs_each_for_itself() -> None:
    runs = [PastRun(GB, workers(4), 100, other_job=job) for job in (None, "one", "one", "two")]
    known = discrepancy_of(runs, points_of(4, 4, 8, 8))
    covariance = np.linalg.inv(known.whitener @ known.whitener.T)
    assert known.own == 1
    assert covariance[1, 2] > 0.5 * covariance[1, 1]
    assert covariance[0, 1:] == pytest.approx(0, abs=1e-9)
    assert covariance[3, :3] == pytest.approx(0, abs=1e-9)
