"""What past runs in the run table say about the next one."""

import datetime

import pytest

from lambdas import aws
from lambdas.history.entry import HistoryEntry
from lambdas.history.metrics import SparkTotals
from lambdas.history.store import put_history
from lambdas.prediction import Workers
from lambdas.runs import learning
from lambdas.runs.learning import known_of
from lambdas.sizing import Known
from lambdas.specs import load_job
from lambdas.specs.job import Job, JobClass
from tests.unit.lambdas.history.entries import CODE, NOW, an_entry

pytestmark = pytest.mark.usefixtures("deployment")


@pytest.fixture(autouse=True)
def _code_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "code_prefix", lambda job: CODE.replace("count", job))


def job(job_class: JobClass | None = "scan") -> Job:
    return load_job("pricing-summary").model_copy(update={"name": "count", "job_class": job_class})


def known(*entries: HistoryEntry, of: Job | None = None) -> Known:
    for entry in entries:
        put_history(aws.dynamodb(), "the-runs", entry)
    return known_of(of or job(), aws.dynamodb(), "the-runs", NOW)


def test_nothing_is_known_of_a_new_job() -> None:
    assert known() == Known()


def test_own_runs_newest_first() -> None:
    found = known(an_entry("old", 20), an_entry("new", 1, data_bytes=5, seconds=7.0, nodes=2.5))
    assert found.names == ("new", "old")
    newest, oldest = found.runs
    # Four fifths of the way to 10 vCPUs: a core of m7g counts for 1.25.
    assert newest.workers == Workers("m7g.2xlarge", 2.5, 10, 32, 312.5)
    assert (newest.data_bytes, newest.seconds, newest.other_job) == (5, 7, None)
    assert 0 < oldest.weight < newest.weight < 1


def test_runs_of_other_jobs_of_the_class_count_too() -> None:
    other = an_entry("theirs", 1, job="sum", code="jobs/sum/other/")
    another_class = an_entry("far", 1, job="sort", job_class="shuffle")
    found = known(an_entry("mine", 1), other, another_class)
    assert (found.names, found.others) == (("mine",), 1)
    assert [(run.other_job, run.weight == found.runs[0].weight) for run in found.runs] == [(None, True), ("sum", True)]
    assert known(of=job(None)).others == 0


def test_what_does_not_count_is_named() -> None:
    found = known(
        an_entry("good", 1),
        an_entry("failed-1", 2, unfit="failed"),
        an_entry("failed-2", 3, unfit="failed"),
        an_entry("struck", 4, spot_lost=8),
        an_entry("theirs", 1, job="sum", unfit="failed"),
    )
    assert found.names == ("good",)
    assert found.left_out == {"failed": 2, "spot": 1}
    assert (found.others, len(found.runs)) == (0, 1)


def test_runs_of_other_code_count_less() -> None:
    same, other = known(an_entry("same", 1), an_entry("other", 1, code="jobs/count/ffffffffffff/")).runs
    weights = sorted([same.weight, other.weight])
    assert weights[0] == pytest.approx(weights[1] / 2)


def test_spot_is_interrupted_as_often_as_it_was() -> None:
    # 4,000 node hours on spot in all: 1.2 interruptions were to be expected, so what happened counts for about half.
    calm = [an_entry(f"calm-{number}", 1, nodes=20.0, spot_share=0.5, seconds=100 * 3600.0) for number in range(4)]
    rate = known(*calm).interruptions_per_hour
    assert rate == pytest.approx(0.000306 / (1 + 0.000306 * 4_000))
    struck = an_entry("struck", 1, nodes=20.0, spot_share=0.0, spot_lost=8)
    assert known(struck).interruptions_per_hour == pytest.approx(9 * rate)


def test_clusters_start_as_the_last_ten_did() -> None:
    entries = [an_entry(f"run-{number}", number, provisioning_seconds=300.0 + number) for number in range(20)]
    assert known(*entries).provision_seconds == 304.5
    assert known(an_entry("failed", unfit="failed", provisioning_seconds=200.0)).provision_seconds == 303.5


def test_disks_have_room_for_the_run_that_spilled_most() -> None:
    def spilled(run: str, share: float, tasks: int = 10) -> HistoryEntry:
        size = int(share * 10**9)
        spark = SparkTotals(tasks=tasks, shuffle_write_bytes=size, disk_spilled_bytes=size)
        return an_entry(run, data_bytes=10**9, spark=spark)

    assert known(an_entry("unread")).spill_share is None
    assert known(spilled("little", 0.25), spilled("much", 1.5), spilled("unread", 9, tasks=0)).spill_share == 3


def test_how_far_off_the_last_prediction_was() -> None:
    found = known(
        an_entry("before", 2, predicted_seconds=100.0),
        an_entry("last", 1, predicted_seconds=800.0),
        an_entry("failed", 0.5, predicted_seconds=1.0, unfit="failed"),
    )
    assert found.last_error == 0.25


def test_runs_of_the_future_do_not_count_more() -> None:
    """Clocks differ."""
    (run,) = known(an_entry("ahead", -1)).runs
    assert run.weight == 1
    assert known_of(job(), aws.dynamodb(), "the-runs", NOW + datetime.timedelta(days=30)).runs[0].weight < 1
