import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.scaling.replay import Application, Stage, load_of
from scripts.local.emr.load import Phase

SECOND = 1000


def application(*stages: Stage, cores: int = 1) -> Application:
    return Application(0, cores, stages)


def test_tasks_that_pended_run_at_once() -> None:
    # On one core, four tasks of 10 s took 40 s; where all is had they take 10.
    stage = Stage(0, 40 * SECOND, [10 * SECOND] * 4)
    assert load_of(application(stage)) == (Phase(10, 4),)
    assert load_of(application(stage, cores=3)) == (Phase(10, 2),)


def test_a_long_task_remains() -> None:
    assert load_of(application(Stage(0, 60 * SECOND, [10 * SECOND, 10 * SECOND, 60 * SECOND]))) == (
        Phase(10, 3),
        Phase(50, 1),
    )


def test_a_stage_follows_what_was_complete_before_it_after_the_same_pause() -> None:
    first = Stage(5 * SECOND, 45 * SECOND, [20 * SECOND] * 2)
    second = Stage(50 * SECOND, 60 * SECOND, [10 * SECOND])
    # 5 s until the first, which now takes 20 s instead of 40; the driver still takes 5 s between the two.
    assert load_of(application(first, second)) == (Phase(5, 0), Phase(20, 2), Phase(5, 0), Phase(10, 1))


def test_stages_that_ran_at_the_same_time_still_do() -> None:
    left = Stage(0, 30 * SECOND, [30 * SECOND])
    right = Stage(0, 40 * SECOND, [20 * SECOND, 20 * SECOND])
    join = Stage(40 * SECOND, 50 * SECOND, [10 * SECOND])
    assert load_of(application(left, right, join)) == (Phase(20, 3), Phase(20, 1))


def test_short_phases_are_merged_and_the_work_stays() -> None:
    stages = [Stage(at, at + 250, [250] * (1 + at // 250 % 3)) for at in range(0, 3_000, 250)]
    load = load_of(application(*stages))
    assert len(load) == 3
    assert sum(phase.seconds * phase.containers for phase in load) == pytest.approx(0.25 * (1 + 2 + 3) * 4)


def test_little_work_in_a_pause_shortens_it_not() -> None:
    stages = [Stage(at, at + 100, [100]) for at in range(300, 3_000, 500)]
    load = load_of(application(*stages))
    assert sum(phase.seconds for phase in load) == pytest.approx(2.9)
    assert sum(phase.seconds * phase.containers for phase in load) == pytest.approx(0.6)


TASKS = st.lists(st.integers(0, 100_000), min_size=1, max_size=6)


@given(st.lists(st.tuples(st.integers(0, 50_000), TASKS), min_size=1, max_size=8), st.integers(1, 4))
def test_the_work_is_that_of_the_tasks(stages: list[tuple[int, list[int]]], slots: int) -> None:
    """Recorded on so many slots, a stage after the other with a pause before each."""
    recorded, at = [], 0
    for pause, tasks in stages:
        free = [at + pause] * slots
        for task in tasks:
            free.sort()
            free[0] += task
        recorded.append(Stage(at + pause, max(free), tasks))
        at = max(free)
    load = load_of(application(*recorded))
    task_seconds = sum(itertools.chain.from_iterable(tasks for _, tasks in stages)) / SECOND
    assert sum(phase.seconds * phase.containers for phase in load) == pytest.approx(task_seconds, abs=1e-6)
    assert all(phase.seconds > 0 and phase.containers >= 0 for phase in load)
    # Executors of four cores do the same work, and less of them is used.
    wide = load_of(application(*recorded, cores=4))
    assert sum(phase.seconds * phase.containers * 4 for phase in wide) >= task_seconds - 1e-6
