"""Past runs that say the same become one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.prediction import PastRun
from lambdas.prediction.runs import MAX_RUNS, merge_runs
from tests.unit.lambdas.prediction.synthetic import GB, workers

RUNS = st.lists(
    st.builds(
        PastRun,
        data_bytes=st.sampled_from([GB, 2 * GB]),
        workers=st.sampled_from([workers(2), workers(4)]),
        seconds=st.floats(1, 1e6),
        weight=st.floats(0.01, 1),
        other_job=st.sampled_from([None, "other"]),
    ),
    max_size=30,
)


def test_like_runs_become_their_geometric_mean() -> None:
    one, other = PastRun(GB, workers(2), 100, weight=0.25), PastRun(GB, workers(2), 400, weight=0.75)
    [merged] = merge_runs([one, other])
    assert merged.seconds == pytest.approx(100**0.25 * 400**0.75)
    assert merged.weight == 1


@given(RUNS)
def test_merging_loses_no_weight_and_no_time(runs: list[PastRun]) -> None:
    merged = merge_runs(runs)
    assert len({(run.data_bytes, run.workers, run.other_job) for run in merged}) == len(merged)
    assert sum(run.weight for run in merged) == pytest.approx(sum(run.weight for run in runs))
    assert sum(run.weight * math.log(run.seconds) for run in merged) == pytest.approx(
        sum(run.weight * math.log(run.seconds) for run in runs)
    )


@given(RUNS)
def test_merging_again_changes_nothing(runs: list[PastRun]) -> None:
    once = merge_runs(runs)
    again = merge_runs(once)
    assert [(run.data_bytes, run.workers, run.weight) for run in again] == [
        (run.data_bytes, run.workers, run.weight) for run in once
    ]
    assert [run.seconds for run in again] == pytest.approx([run.seconds for run in once])


def test_of_too_many_runs_the_jobs_own_and_heaviest_stay() -> None:
    own = [PastRun(size * GB, workers(2), 100, weight=size / 100) for size in range(1, MAX_RUNS)]
    others = [PastRun(size * GB, workers(2), 100, other_job="other") for size in range(1, 3)]
    kept = merge_runs(others + own)
    assert [(run.data_bytes, run.other_job) for run in kept] == [
        *((run.data_bytes, None) for run in reversed(own)),
        (GB, "other"),
    ]
