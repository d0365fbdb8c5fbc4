"""Forecasts of jobs whose rules are known: what history teaches, how sure one can be, and how long it takes."""

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.prediction import PastRun, Workers, forecast
from lambdas.prediction.forecast import weighted_quantiles
from tests.unit.lambdas.prediction.synthetic import (
    GB,
    VOLUMES,
    WORKERS,
    Job,
    median,
    runs_of,
    width,
    workers,
)

# Of the thread's own time: waiting for a shared machine does not count.
SLOW_SECONDS = 0.25


def plain(volume_gb: float, nodes: float) -> float:
    return 30 + 400 * volume_gb / nodes


def serial(volume_gb: float, nodes: float) -> float:
    return 40 * volume_gb * (0.5 + 1 / nodes)


def squared(volume_gb: float, nodes: float) -> float:
    return 5 + 60 * math.pow(volume_gb, 1.6) / nodes


def cached(volume_gb: float, on: Workers) -> float:
    """Return the run time of a job that holds twice its input and computes all of it five times when it cannot."""
    fits = 2 * volume_gb < on.nodes * on.memory_gib * 0.7
    return 30 + 100 * volume_gb / (on.nodes * on.vcpu) * (1 if fits else 5)


def test_where_a_serial_part_rules_more_nodes_stop_helping() -> None:
    history = runs_of(serial, [10, 20], [2, 4, 8, 16])
    few, more, many = (median(forecast("sql", 15 * GB, history, [workers(nodes)])) for nodes in (1, 2, 16))
    most = median(forecast("sql", 15 * GB, history, [workers(64)]))
    assert few > 1.3 * more > 1.3 * 1.3 * many
    assert most > 0.8 * many


def test_where_there_is_none_they_do_not() -> None:
    history = runs_of(plain, [100, 200], [2, 4, 8, 16])
    at16, at32 = (median(forecast("sql", 150 * GB, history, [workers(nodes)])) for nodes in (16, 32))
    assert at32 < 0.65 * at16


def test_the_memory_cliff_is_learned_from_runs_on_both_sides_of_it() -> None:
    lean, roomy = (workers(8, gib_per_core=gib) for gib in (2, 8))
    history = [PastRun(gb * GB, on, cached(gb, on)) for gb in (10, 20, 60, 80) for on in (lean, roomy)]
    below = forecast("ml-iterative", 15 * GB, history, [lean, roomy])
    above = forecast("ml-iterative", 70 * GB, history, [lean, roomy])
    assert median(below, 0) < 1.25 * median(below, 1)
    assert median(above, 0) > 2.5 * median(above, 1)


@pytest.mark.parametrize(("rule", "low", "high"), [(plain, 0.85, 1.15), (squared, 1.35, 1.75)])
def test_growth_with_the_volume_is_that_of_the_job(
    rule: Callable[[float, float], float], low: float, high: float
) -> None:
    history = runs_of(rule, [20, 40, 80, 160], [4, 8])
    at160, at640 = (median(forecast("sql", volume * GB, history, [workers(8)])) for volume in (160, 640))
    assert low < np.log(at640 / at160) / np.log(4) < high


def test_intervals_hold_as_often_as_they_say() -> None:
    chance = np.random.default_rng(0)
    within = []
    for _ in range(40):
        job = Job.draw(chance)
        configurations = [workers(nodes, gib_per_core=gib) for nodes in (2, 4, 8, 16, 24) for gib in (2, 4, 8)]
        past = [
            job.run(gb, configurations[chance.integers(len(configurations))], chance) for gb in chance.uniform(5, 40, 6)
        ]
        expected = forecast("sql", 25 * GB, past, configurations)
        for candidate, on in enumerate(configurations):
            low, high = expected.quantiles(candidate, [0.1, 0.9])
            within.append(low <= job.run(25, on, chance).seconds <= high)
    assert 0.7 < np.mean(within) < 0.97


def test_runs_narrow_the_interval_and_own_runs_more_than_those_of_another_job() -> None:
    own = runs_of(plain, [20], [2, 4, 8])
    others = [PastRun(run.data_bytes, run.workers, run.seconds, other_job="other") for run in own]
    nothing, similar, known = (forecast("sql", 20 * GB, history, [workers(6)]) for history in ([], others, own))
    truth = plain(20, 6)
    assert width(nothing) > 2 * width(similar) > 2 * 2 * width(known)
    assert abs(np.log(median(known) / truth)) < abs(np.log(median(similar) / truth)) + 0.05
    assert abs(np.log(median(similar) / truth)) < abs(np.log(median(nothing) / truth))


def test_a_run_of_little_weight_moves_the_forecast_less() -> None:
    history = runs_of(plain, [20], [4, 8])

    def moved_by(weight: float) -> float:
        odd = PastRun(20 * GB, workers(6), 4 * plain(20, 6), weight=weight)
        return median(forecast("sql", 20 * GB, [*history, odd], [workers(6)])) / plain(20, 6)

    assert 0.9 < moved_by(0.01) < moved_by(0.1) < moved_by(1.0)


def test_a_deadline_tells_how_large_a_job_nobody_has_seen_may_be() -> None:
    candidates = [workers(nodes) for nodes in (2, 4, 8, 16)]
    hasty, patient = (forecast("sql", 50 * GB, [], candidates, deadline_seconds=seconds) for seconds in (120, 7_200))
    assert 10 * median(hasty) < median(patient)
    assert hasty.quantiles(3, [0.5])[0] < 120


def test_past_runs_outweigh_a_deadline() -> None:
    history = runs_of(plain, [20], [2, 4, 8])
    strict, none = (
        median(forecast("sql", 20 * GB, history, [workers(8)], deadline_seconds=seconds)) for seconds in (100, None)
    )
    assert strict == pytest.approx(none, rel=0.25)


def test_cores_without_tasks_do_not_help() -> None:
    history = runs_of(plain, [20], [2, 4, 8])
    candidates = [workers(4), workers(32)]
    limited = forecast("sql", 20 * GB, history, candidates, max_tasks=16)
    free = forecast("sql", 20 * GB, history, candidates)
    assert median(limited, 1) > 0.75 * median(limited, 0)
    assert median(free, 1) < 0.4 * median(free, 0)


def test_the_same_question_gets_the_same_answer() -> None:
    history = runs_of(plain, [10, 20], [2, 4])
    one, again = (forecast("sql", 15 * GB, history, [workers(3)], deadline_seconds=900) for _ in range(2))
    other = forecast("sql", 15 * GB, history, [workers(3)], deadline_seconds=900, seed=1)
    assert np.array_equal(one.seconds, again.seconds)
    assert np.array_equal(one.weights, again.weights)
    assert not np.array_equal(one.seconds, other.seconds)
    assert median(one) == pytest.approx(median(other), rel=0.1)


PAST_RUNS = st.builds(
    PastRun,
    data_bytes=VOLUMES,
    workers=WORKERS,
    seconds=st.floats(0.1, 1e7),
    weight=st.floats(0.001, 1),
    max_tasks=st.none() | st.integers(1, 10_000),
    other_job=st.sampled_from([None, "one", "two"]),
)


@settings(max_examples=50)
@given(
    st.sampled_from([None, "scan", "ml-iterative", "another"]),
    VOLUMES,
    st.lists(PAST_RUNS, max_size=6),
    st.lists(WORKERS, min_size=1, max_size=4),
    st.none() | st.floats(-1_000, 1e6),
)
def test_whatever_is_asked_run_times_are_finite_and_weights_add_up(
    job_class: str | None,
    data_bytes: int,
    history: list[PastRun],
    candidates: list[Workers],
    deadline: float | None,
) -> None:
    expected = forecast(job_class, data_bytes, history, candidates, deadline_seconds=deadline)
    assert expected.seconds.shape == (len(expected.weights), len(candidates))
    assert np.isfinite(expected.seconds).all()
    assert (expected.seconds > 0).all()
    assert (expected.weights >= 0).all()
    assert expected.weights.sum() == pytest.approx(1)


def test_it_is_quick_with_as_many_candidates_and_runs_as_there_may_be() -> None:
    chance = np.random.default_rng(0)
    job = Job.draw(chance)
    candidates = [workers(nodes, vcpu, gib) for nodes in range(1, 51) for vcpu in (1, 2, 4, 8, 16) for gib in (2, 8)]
    history = [job.run(chance.uniform(1, 50), candidates[chance.integers(500)], chance) for _ in range(200)]
    assert len(candidates) == 500

    def seconds() -> float:
        start = time.thread_time()
        forecast("sql", 20 * GB, history, candidates, deadline_seconds=3_600)
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < SLOW_SECONDS


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0.01, 1)), min_size=1, max_size=30), st.floats(0, 1))
def test_a_quantile_is_a_value_that_enough_weight_does_not_exceed(
    pairs: list[tuple[float, float]], share: float
) -> None:
    values, weights = np.array(pairs).T
    weights /= weights.sum()
    [found] = weighted_quantiles(values, weights, [share])
    assert found in values
    assert weights[values <= found].sum() >= share - 1e-9
    assert weights[values < found].sum() <= share + 1e-9


def test_quantiles_of_known_values() -> None:
    values, weights = np.array([30.0, 10.0, 20.0]), np.array([0.5, 0.25, 0.25])
    assert weighted_quantiles(values, weights, [0, 0.25, 0.4, 0.5, 0.6, 1]) == [10, 10, 20, 20, 30, 30]
