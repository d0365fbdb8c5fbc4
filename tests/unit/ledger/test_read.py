"""Runs from the ledger and from Step Functions together."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas import aws
from lambdas.ledger.store import EntryTornError
from scripts.deployment import DeploymentError
from scripts.ledger.read import FORGOTTEN, LEFT_OPEN, MISSING, Found, Runs, Wanted
from tests.unit.ledger.support import JOB, OTHER, Stage, calls_to, hours_ago


def listed(stage: Stage, wanted: Wanted | None = None, jobs: tuple[str, ...] = (JOB, OTHER)) -> list[Found]:
    return list(Runs(stage.deployed).newest_first(jobs, wanted or Wanted()))


def names(found: list[Found]) -> list[str]:
    return [each.entry.run for each in found]


def test_runs_of_all_jobs_come_newest_first_each_once(stage: Stage) -> None:
    stage.both("a", hours=3)
    stage.both("b", hours=1, job=OTHER)
    stage.execute("c", hours=2)  # before there was a ledger
    stage.write("d", hours=2_400)  # longer ago than Step Functions knows
    found = listed(stage)
    assert names(found) == ["b", "c", "a", "d"]
    assert [each.flaw for each in found] == [None, MISSING, None, None]
    assert names(listed(stage, jobs=(OTHER,))) == ["b"]


def test_an_entry_whose_time_is_not_quite_the_executions_comes_once(stage: Stage) -> None:
    stage.execute("late", hours=1)
    stage.write("late", hours=1.001)
    stage.execute("early", hours=2)
    stage.write("early", hours=1.999)
    assert names(listed(stage)) == ["late", "early"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(statuses=("FAILED",)), ["short", "old"]),
        (Wanted(statuses=("SUCCEEDED", "ABORTED")), ["good"]),
        (Wanted(since=hours_ago(24)), ["short", "good"]),
        (Wanted(until=hours_ago(1.5)), ["good", "old"]),
        (Wanted(failure_class="CapacityShortage"), ["short"]),
        (Wanted(failure_class="capacity_shortage"), ["short"]),
        (Wanted(failure_class="InputEmpty"), ["old"]),
        (Wanted(input="tpch/2026"), ["good"]),
        (Wanted(input="tpch/2026", statuses=("FAILED",)), []),
    ],
)
def test_what_is_looked_for(stage: Stage, wanted: Wanted, expected: list[str]) -> None:
    stage.both("short", hours=1, failure_class="capacity_shortage", error="CapacityShortage", input="s3://d/x/")
    stage.both("good", "SUCCEEDED", hours=2, input="s3://d/tpch/2026/")
    stage.execute("old", hours=48, document={"input": "s3://d/y/"})
    stage.write("old", hours=48, error="InputEmpty", input="s3://d/y/")
    assert names(listed(stage, wanted)) == expected


def test_of_an_execution_without_entry_more_is_read_only_when_it_is_asked_for(stage: Stage) -> None:
    stage.execute("old", document={"input": "s3://d/y/"})
    made = calls_to(aws.stepfunctions())
    assert names(listed(stage)) == ["old"]
    assert "DescribeExecution" not in made
    assert names(listed(stage, Wanted(input="s3://d/y/"))) == ["old"]
    assert listed(stage, Wanted(input="s3://d/z/")) == []


def test_the_end_that_the_ledger_missed_is_step_functions(stage: Stage) -> None:
    stage.execute("lost", "FAILED", hours=1)
    stage.write("lost", "RUNNING", hours=1)
    stage.both("goes-on", "RUNNING", hours=2)
    stage.write("forgotten", "RUNNING", hours=2_400)
    found = {each.entry.run: each for each in listed(stage)}
    assert found["lost"].entry.status == "FAILED"
    assert found["lost"].entry.ended == hours_ago(0.5)
    assert found["lost"].flaw == LEFT_OPEN
    assert found["goes-on"] == Found(found["goes-on"].entry.model_copy(update={"status": "RUNNING"}))
    assert found["forgotten"].flaw == FORGOTTEN
    assert found["forgotten"].entry.status == "ABORTED"
    assert set(names(listed(stage, Wanted(statuses=("RUNNING",))))) == {"goes-on"}


def test_what_goes_on_is_not_described_one_by_one(stage: Stage) -> None:
    for number in range(5):
        stage.both(f"run-{number}", "RUNNING", hours=number + 1)
    made = calls_to(aws.stepfunctions())
    assert len(listed(stage)) == 5
    assert made.count("DescribeExecution") == 0
    assert made.count("ListExecutions") == 3  # of both jobs all, of one those that go on


def test_only_as_much_is_read_as_is_asked_for(stage: Stage) -> None:
    for number in range(30):
        stage.both(f"run-{number:02}", hours=number + 1)
    made = calls_to(aws.dynamodb())
    runs = Runs(stage.deployed).newest_first((JOB, OTHER))
    assert [next(runs).entry.run for _ in range(2)] == ["run-00", "run-01"]
    assert "GetItem" not in made


def test_a_torn_entry_is_told_from_its_execution(stage: Stage) -> None:
    stage.execute("torn", hours=1)
    stage.tear("torn", started=hours_ago(1).isoformat(), status="NONSENSE")
    stage.execute("half", hours=2)
    stage.tear("half", status="FAILED")  # without its start it is in no index
    stage.execute("newer", hours=3)
    stage.tear("newer", form=99, started=hours_ago(3).isoformat())
    found = listed(stage)
    assert names(found) == ["torn", "half", "newer"]
    assert {each.entry.status for each in found} == {"FAILED"}
    assert {each.flaw.word for each in found if each.flaw} == {"unreadable"}
    sentences = [each.flaw.sentence for each in found if each.flaw]
    assert "the entry of torn (pricing-summary) cannot be read" in sentences[0]
    assert "has the form 99" in sentences[2]


def test_a_torn_entry_that_nobody_else_knows_is_counted(stage: Stage) -> None:
    stage.tear("torn", started=hours_ago(2_400).isoformat(), status="NONSENSE")
    runs = Runs(stage.deployed)
    assert list(runs.newest_first((JOB,))) == []
    assert "the entry of torn" in str(runs.torn[0])
    with pytest.raises(EntryTornError, match="torn"):
        runs.exactly(JOB, "torn")


def test_a_record_older_than_the_ledger_is_read(stage: Stage) -> None:
    stage.tear(
        "old", status="FAILED", started="2026-11-01T10:00:00+00:00", ended="2026-11-01T11:00:00+00:00", cluster_id="j-1"
    )
    (found,) = listed(stage)
    assert found.flaw is None
    assert (found.entry.form, found.entry.execution) == (0, stage.arn("old"))


def test_a_machine_that_is_gone_leaves_the_ledger(stage: Stage) -> None:
    stage.both("a", "RUNNING")
    stage.write("b", hours=2)
    aws.stepfunctions().delete_state_machine(stateMachineArn=stage.machines[JOB])
    found = listed(stage)
    assert names(found) == ["a", "b"]
    del stage.deployed.outputs["PricingSummaryStateMachine"]
    assert names(listed(stage)) == ["a", "b"]


def test_a_table_without_the_index_is_of_an_older_version(stage: Stage) -> None:
    keys = [{"AttributeName": "job", "KeyType": "HASH"}, {"AttributeName": "run", "KeyType": "RANGE"}]
    texts = [{"AttributeName": each["AttributeName"], "AttributeType": "S"} for each in keys]
    made: Any = {"KeySchema": keys, "AttributeDefinitions": texts, "BillingMode": "PAY_PER_REQUEST"}
    aws.dynamodb().create_table(TableName="old", **made)
    stage.deployed.outputs["RunTable"] = "old"
    with pytest.raises(DeploymentError, match="has no index 'started'"):
        listed(stage)


def test_one_run_with_all_there_is_of_it(stage: Stage) -> None:
    stage.execute("old", document={"input": "s3://d/y/"})
    stage.execute("torn", document={"input": "s3://d/z/"})
    stage.tear("torn")
    runs = Runs(stage.deployed)
    old, torn = runs.exactly(JOB, "old"), runs.exactly(JOB, "torn")
    assert old is not None
    assert (old.entry.job, old.entry.document, old.flaw) == (JOB, {"input": "s3://d/y/"}, MISSING)
    assert torn is not None
    assert torn.entry.document == {"input": "s3://d/z/"}
    assert torn.flaw is not None
    assert runs.exactly(OTHER, "old") is None


KINDS = st.sampled_from(["both", "execution", "entry", "torn", "left open"])
numbers = itertools.count()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(KINDS, st.integers(1, 40)), max_size=5))
def test_whatever_there_is_comes_once_and_in_order(stage: Stage, kinds: list[tuple[str, int]]) -> None:
    fresh = Stage(f"stage-{next(numbers)}")
    for number, (kind, hours) in enumerate(kinds):
        if kind != "entry":
            fresh.execute(f"run-{number}", hours=hours)
        if kind in {"both", "entry"}:
            fresh.write(f"run-{number}", hours=hours)
        if kind == "torn":
            fresh.tear(f"run-{number}", started=hours_ago(hours).isoformat(), status="NONSENSE")
        if kind == "left open":
            fresh.write(f"run-{number}", "RUNNING", hours=hours)
    found = listed(fresh)
    assert sorted(names(found)) == sorted(f"run-{number}" for number in range(len(kinds)))
    times = [each.entry.started for each in found]
    assert times == sorted(times, reverse=True)
    assert {each.entry.status for each in found} <= {"FAILED"}
    within = [each.entry.run for each in found if hours_ago(20) <= each.entry.started <= hours_ago(5)]
    assert names(listed(fresh, Wanted(since=hours_ago(20), until=hours_ago(5)))) == within
