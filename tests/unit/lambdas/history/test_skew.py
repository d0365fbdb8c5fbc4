import statistics

from hypothesis import given
from hypothesis import strategies as st

from lambdas.history.skew import MAX_OPEN_STAGES, SAMPLED_TASKS, Skew


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=SAMPLED_TASKS))
def test_exact_for_as_many_tasks_as_are_kept(times: list[int]) -> None:
    skew = Skew()
    for time in times:
        skew.add((0, 0), time)
    assert skew.of_heaviest() == max(times) / statistics.median(times)


def test_a_sample_finds_the_median_of_very_many() -> None:
    skew = Skew()
    for time in range(1, 200_001):
        skew.add((0, 0), time)
    found = skew.of_heaviest()
    assert found is not None
    assert abs(found - 2) < 0.15


def test_stages_that_never_end_do_not_pile_up() -> None:
    skew = Skew()
    for stage in range(10 * MAX_OPEN_STAGES):
        for time in (1, 1, 4 + (stage == 5)):
            skew.add((stage, 0), time)
    assert len(skew._open) == MAX_OPEN_STAGES
    assert skew.of_heaviest() == 5


def test_nothing_to_say_without_tasks_or_time() -> None:
    skew = Skew()
    assert skew.of_heaviest() is None
    skew.add((0, 0), 0)
    assert skew.of_heaviest() is None
    skew.settle((7, 0))
