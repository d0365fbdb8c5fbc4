"""The rules of a run time: what more of a thing does, everything else being equal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.prediction import Workers
from lambdas.prediction.prior import DEVIATION, Array, Parameter, prior_mean
from lambdas.prediction.runtime import Work, log_seconds
from tests.unit.lambdas.prediction.synthetic import GB, VOLUMES, WORKERS, workers

CLASSES = st.sampled_from([None, "scan", "sql", "shuffle", "ml", "ml-iterative", "graph-iterative", "another"])
SMALLEST_GROWTH = 0.05


@st.composite
def jobs(draw: st.DrawFn) -> Array:
    """Draw parameters three deviations around those of a class; a job never takes less time for more data."""
    apart = np.array(draw(st.lists(st.floats(-3, 3), min_size=len(Parameter), max_size=len(Parameter))))
    job = prior_mean(draw(CLASSES), draw(VOLUMES)) + DEVIATION * apart
    job[Parameter.GROWTH] = max(job[Parameter.GROWTH], SMALLEST_GROWTH)
    parameters: Array = job[None, :]
    return parameters


def seconds_of(job: Array, on: Workers, data_bytes: int, max_tasks: float | None = None) -> float:
    return float(np.exp(log_seconds(job, Work.of([on], [data_bytes], 10 * GB, [max_tasks])))[0, 0])


def usual(**changed: float) -> Array:
    job = prior_mean(None, 10 * GB)
    for name, value in changed.items():
        job[Parameter[name]] = value
    parameters: Array = job[None, :]
    return parameters


@given(jobs(), WORKERS, VOLUMES)
def test_a_run_time_is_finite_and_positive(job: Array, on: Workers, data_bytes: int) -> None:
    assert 0 < seconds_of(job, on, data_bytes) < np.inf


@given(jobs(), WORKERS, VOLUMES, VOLUMES)
def test_more_data_never_takes_less_time(job: Array, on: Workers, one: int, other: int) -> None:
    less, more = sorted([one, other])
    assert seconds_of(job, on, less) <= seconds_of(job, on, more) * (1 + 1e-9)


@given(jobs(), WORKERS, VOLUMES, st.floats(1, 10))
def test_faster_disks_never_take_more_time(job: Array, on: Workers, data_bytes: int, times: float) -> None:
    faster = Workers(on.instance_type, on.nodes, on.vcpu, on.memory_gib, on.ebs_mbps * times)
    assert seconds_of(job, faster, data_bytes) <= seconds_of(job, on, data_bytes) * (1 + 1e-9)


def test_more_nodes_help_until_coordination_costs_more_than_they_bring() -> None:
    times = [seconds_of(usual(), workers(nodes), 10 * GB) for nodes in (2, 4, 8, 64, 512)]
    assert times[0] > times[1] > times[2]
    assert times[3] < times[4]


def test_memory_that_does_not_fit_is_a_cliff() -> None:
    held_per_byte = np.log(4)
    small, roomy = workers(8, gib_per_core=2), workers(8, gib_per_core=8)
    cached = usual(HELD=held_per_byte, RECOMPUTE=1.0, STEEPNESS=3.0, MEMORY_SPEED=0.0)
    fits, does_not = 10 * GB, 20 * GB
    assert seconds_of(cached, small, fits) == pytest.approx(seconds_of(cached, roomy, fits))
    assert seconds_of(cached, small, does_not) > 2 * seconds_of(cached, roomy, does_not)


def test_growth_is_the_exponent_of_the_volume_where_the_work_is_all_there_is() -> None:
    only_work = usual(GROWTH=1.4, STARTUP=-20.0, COORDINATION=-20.0, HELD=-20.0)
    once, tenfold = (seconds_of(only_work, workers(8), volume) for volume in (10 * GB, 100 * GB))
    assert tenfold / once == pytest.approx(10**1.4)


def test_cores_without_tasks_do_nothing_but_want_coordination() -> None:
    busy, idle = (seconds_of(usual(), workers(nodes), 10 * GB, max_tasks=16) for nodes in (4, 16))
    assert idle > busy
    assert seconds_of(usual(), workers(16), 10 * GB) < busy


def test_a_few_large_nodes_want_less_coordination_than_many_small_ones() -> None:
    many = seconds_of(usual(), workers(64, vcpu=2, mbps=50), 10 * GB)
    few = seconds_of(usual(HELD=-20.0), workers(16, vcpu=8, mbps=200), 10 * GB)
    assert few < many


def test_a_shuffle_gains_more_from_disks_than_who_computes() -> None:
    def gain(job_class: str) -> float:
        job = prior_mean(job_class, 10 * GB)[None, :]
        return seconds_of(job, workers(8), 10 * GB) / seconds_of(job, workers(8, mbps=200), 10 * GB)

    assert gain("shuffle") > gain("sql") > gain("ml-iterative")


def test_a_class_nobody_knows_is_a_usual_job() -> None:
    assert np.array_equal(prior_mean("another", 10 * GB), prior_mean(None, 10 * GB))
