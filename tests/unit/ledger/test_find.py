"""Which run is meant."""

import pytest

from lambdas import aws
from lambdas.ledger.store import EntryTornError
from scripts.ledger.errors import RunAmbiguousError, RunUnknownError
from scripts.ledger.find import find, find_entry
from scripts.ledger.read import MISSING
from tests.unit.ledger.support import JOB, OTHER, Stage, calls_to, hours_ago


@pytest.mark.parametrize("text", ["pricing-summary-1", "pricing-summary-1x", "pricing-summary-1x7", "@last"])
def test_a_run_by_name_or_its_beginning(stage: Stage, text: str) -> None:
    run = "pricing-summary-1" if text == "pricing-summary-1" else "pricing-summary-1x7"
    stage.both("pricing-summary-1", hours=2)
    stage.both("pricing-summary-1x7", hours=1)
    assert find_entry(stage.deployed, text).run == run


def test_a_full_name_needs_no_list(stage: Stage) -> None:
    stage.both("run")
    calls = calls_to(aws.stepfunctions())
    assert find_entry(stage.deployed, "run").run == "run"
    assert "ListExecutions" not in calls


def test_a_run_by_arn(stage: Stage) -> None:
    stage.both("run")
    stage.both("run", job=OTHER)
    assert find_entry(stage.deployed, stage.arn("run", OTHER)).job == OTHER
    with pytest.raises(RunUnknownError, match="no run 'arn:"):
        find_entry(stage.deployed, "arn:aws:states:us-east-1:123456789012:execution:another-machine:run")


def test_the_last_run_and_the_last_that_failed(stage: Stage) -> None:
    stage.both("good", "SUCCEEDED", hours=1)
    stage.execute("lost", "ABORTED", hours=2)
    stage.write("lost", "RUNNING", hours=2)
    stage.both("other", "FAILED", hours=3, job=OTHER)
    assert find_entry(stage.deployed, "@last").run == "good"
    assert find_entry(stage.deployed, "@last-failed").run == "lost"
    assert find_entry(stage.deployed, "@last", OTHER).run == "other"
    with pytest.raises(RunUnknownError, match="@last and @last-failed"):
        find(stage.deployed, "@first")


def test_a_run_the_ledger_lacks_comes_with_its_input(stage: Stage) -> None:
    stage.execute("old-run-1", document={"input": "s3://d/y/"})
    for text in ("old-run-1", "old", "@last"):
        found = find(stage.deployed, text)
        assert (found.entry.document, found.flaw) == ({"input": "s3://d/y/"}, MISSING)


def test_several_are_listed_with_time_and_status(stage: Stage) -> None:
    stage.both("run-1", "SUCCEEDED", hours=1)
    stage.both("run-2", "FAILED", hours=2, job=OTHER)
    with pytest.raises(RunAmbiguousError) as refused:
        find(stage.deployed, "run")
    assert str(refused.value).splitlines() == [
        "'run' could be any of 2 runs; write more of the name:",
        "  run-1: pricing-summary, SUCCEEDED, started 2026-11-27 11:00:00",
        "  run-2: shipping-report, FAILED, started 2026-11-27 10:00:00",
    ]
    assert find_entry(stage.deployed, "run", OTHER).run == "run-2"


def test_two_jobs_may_have_runs_of_one_name(stage: Stage) -> None:
    stage.both("run")
    stage.both("run", job=OTHER)
    with pytest.raises(RunAmbiguousError, match="2 runs; say --job"):
        find(stage.deployed, "run")


def test_of_many_only_some_are_listed(stage: Stage) -> None:
    for number in range(13):
        stage.both(f"run-{number:02}", hours=number + 1)
    with pytest.raises(RunAmbiguousError) as refused:
        find(stage.deployed, "run-")
    assert len(str(refused.value).splitlines()) == 12
    assert str(refused.value).endswith("  and 3 more")


def test_an_unknown_run_says_where_it_was_looked_for(stage: Stage) -> None:
    with pytest.raises(RunUnknownError) as refused:
        find(stage.deployed, "nobody")
    for part in ("no run 'nobody' of stage dev", f"{JOB}, {OTHER}", "90 days", "slow-lambda runs"):
        assert part in str(refused.value)
    with pytest.raises(RunUnknownError, match="@last"):
        find(stage.deployed, "@last")


def test_a_run_of_a_job_that_is_not_deployed_any_more(stage: Stage) -> None:
    stage.write("gone-1", job="pricing-summary")
    del stage.deployed.outputs["PricingSummaryStateMachine"]
    with pytest.raises(RunUnknownError, match="--job"):
        find(stage.deployed, "gone-1")
    assert find_entry(stage.deployed, "gone-1", JOB).run == "gone-1"
    assert find_entry(stage.deployed, "gone", JOB).run == "gone-1"


def test_a_torn_entry_that_nobody_else_knows(stage: Stage) -> None:
    stage.tear("torn", started=hours_ago(2_400).isoformat(), status="NONSENSE")
    with pytest.raises(EntryTornError, match="the entry of torn"):
        find(stage.deployed, "torn")
