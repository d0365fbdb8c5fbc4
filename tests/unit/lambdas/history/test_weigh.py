import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.history.entry import HistoryEntry
from lambdas.history.weigh import LEAST_FOR_AGE, MAX_Z, WeighedRun, last_error, weigh
from tests.unit.lambdas.history.entries import CODE, NOW, an_entry

TYPICAL = [an_entry(f"run-{number}", seconds=1_000.0 + number) for number in range(6)]


def weighed(entry: HistoryEntry, *others: HistoryEntry, code: str = CODE) -> WeighedRun:
    return weigh([entry, *others], code, NOW).runs[0]


def test_a_run_of_today_counts_whole() -> None:
    assert weighed(an_entry()) == WeighedRun(an_entry(), 1.0, None)


@pytest.mark.parametrize("reason", ["failed", "cancelled", "partial", "retried", "unmeasured"])
def test_an_unfit_run_does_not_count(reason: str) -> None:
    run = weighed(an_entry(unfit=reason, seconds=0.0), *TYPICAL)
    assert (run.weight, run.reason) == (0.0, reason)


@pytest.mark.parametrize(("lost", "weight"), [(0, 1.0), (2, 0.75), (4, 0.5), (8, 0.0), (12, 0.0)])
def test_a_run_counts_by_what_spot_left_it(lost: int, weight: float) -> None:
    run = weighed(an_entry(spot_lost=lost))
    assert run.weight == pytest.approx(weight)
    assert run.reason == ("spot" if lost else None)


def test_other_code_counts_half_but_other_jobs_have_none() -> None:
    new = weighed(an_entry(), code="jobs/count/ba9876543210/")
    assert (new.weight, new.reason) == (0.5, "other code")
    similar = weighed(an_entry(), code="jobs/sum/ba9876543210/")
    assert (similar.weight, similar.reason) == (1.0, None)


@pytest.mark.parametrize(
    ("days", "weight", "reason"),
    [(1, 0.99, None), (90, 0.5, "old"), (135, 0.354, "old"), (1_000, LEAST_FOR_AGE, "old"), (-1, 1.0, None)],
)
def test_age_halves_what_a_run_counts(days: float, weight: float, reason: str | None) -> None:
    run = weighed(an_entry(age_days=days))
    assert run.weight == pytest.approx(weight, abs=0.005)
    assert run.reason == reason


def test_what_lowers_a_weight_adds_up_and_the_worst_is_named() -> None:
    run = weighed(an_entry(age_days=90, spot_lost=6), code="jobs/count/ba9876543210/")
    assert run.weight == pytest.approx(0.25 * 0.5 * 0.5)
    assert run.reason == "spot"


def test_a_run_far_off_those_like_it_is_an_outlier() -> None:
    run = weighed(an_entry("odd", seconds=3_000.0), *TYPICAL)
    assert run.reason == "outlier"
    assert run.weight == pytest.approx(0.32, abs=0.01)
    assert weighed(an_entry("fast", seconds=300.0), *TYPICAL).reason == "outlier"
    assert all(found.weight == 1.0 for found in weigh([*TYPICAL, run.entry], CODE, NOW).runs[:-1])


def test_whether_a_run_is_odd_is_not_said_of_few_or_unlike_runs() -> None:
    odd = an_entry("odd", seconds=3_000.0)
    assert weighed(odd, *TYPICAL[:3]).weight == 1.0
    for unlike in ({"data_bytes": 300 * 10**9}, {"nodes": 2.0}, {"code": "jobs/count/x/"}, {"job": "sum"}):
        assert weighed(odd.model_copy(update=unlike), *TYPICAL, code="jobs/none/x/").weight == 1.0


def test_scattered_run_times_make_no_outliers() -> None:
    scattered = [an_entry(f"run-{number}", seconds=500.0 * 1.3**number) for number in range(7)]
    assert all(found.weight == 1.0 for found in weigh(scattered, CODE, NOW).runs)


def test_what_the_receipt_says() -> None:
    runs = [an_entry("a"), an_entry("b", unfit="failed"), an_entry("c", unfit="failed"), an_entry("d", spot_lost=8)]
    said = weigh(runs, CODE, NOW)
    assert [run.entry.run for run in said.used] == ["a"]
    assert said.left_out == {"failed": 2, "spot": 1}
    assert weigh([], CODE, NOW).runs == ()


def test_the_last_prediction_is_that_of_the_newest_run_that_had_one() -> None:
    assert last_error([]) is None
    runs = [
        an_entry("new", age_days=1),
        an_entry("failed", age_days=2, predicted_seconds=10.0, unfit="failed"),
        an_entry("right", age_days=3, predicted_seconds=800.0),
        an_entry("old", age_days=4, predicted_seconds=10.0),
    ]
    assert last_error(runs) == last_error(runs[::-1]) == pytest.approx(0.25)
    assert last_error([an_entry(predicted_seconds=2_000.0)]) == pytest.approx(-0.5)


entries = st.lists(
    st.builds(
        an_entry,
        st.integers(0, 10**6).map(lambda number: f"run-{number}"),
        st.floats(-1, 1_000),
        seconds=st.floats(1, 10**6),
        spot_lost=st.integers(0, 20),
        data_bytes=st.integers(0, 10**12),
        nodes=st.floats(0.1, 100),
        code=st.sampled_from([CODE, "jobs/count/x/"]),
        unfit=st.sampled_from([None, None, "failed"]),
    ),
    max_size=12,
    unique_by=lambda entry: entry.run,
)


@given(entries, st.randoms(use_true_random=False))
def test_weights_are_fractions_and_order_does_not_matter(found: list[HistoryEntry], chance: random.Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    said = {run.entry.run: run for run in weigh(found, CODE, NOW).runs}
    assert {run.entry.run: run for run in weigh(shuffled, CODE, NOW).runs} == said
    assert all(0 <= run.weight <= 1 for run in said.values())


@given(st.lists(st.floats(0.9, 1.1), min_size=5, max_size=20), st.floats(1.6, 50), st.booleans())
def test_an_outlier_never_counts_more_than_a_typical_run(times: list[float], factor: float, slow: bool) -> None:
    runs = [an_entry(f"run-{number}", seconds=1_000 * time) for number, time in enumerate(times)]
    odd = an_entry("odd", seconds=1_000 * factor if slow else 1_000 / factor)
    *typical, found = weigh([*runs, odd], CODE, NOW + datetime.timedelta(days=1)).runs
    assert found.weight <= min(run.weight for run in typical)


@given(st.floats(1.5, 50), st.floats(1.01, 10))
def test_the_odder_the_less(factor: float, more: float) -> None:
    odd, odder = (weighed(an_entry("odd", seconds=1_000 * each), *TYPICAL) for each in (factor, factor * more))
    assert odder.weight < odd.weight <= 1
    assert MAX_Z == 3.5
