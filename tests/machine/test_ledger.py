"""What the ledger and the record have of a run, however it ends."""

import datetime
import json
import time
from collections.abc import Callable
from typing import Any, Literal, NoReturn

import pytest

from lambdas import aws, close_run, plan_run
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.from_history import entry_from_history
from lambdas.ledger.store import read_entry, write_entry
from scripts.local.adapters.moto_faults import Visit
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.runner import Script, ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET, LOG_BUCKET, RUN_TABLE, Conditions, Ended, InProcessCloud
from tests.log_tails import EXECUTOR_OOM
from tests.machine.conftest import JOB, CloudMaker, record_of
from tests.machine.recovering import FirstTimes, clusters

FAILED: Script = {"summarise": ScriptedStep(60, StepOutcome(succeeded=False, reason="Unknown Error."))}
HEARING = Conditions(has_events=True)


def entry_of(ended: Ended) -> LedgerEntry:
    entry = read_entry(aws.dynamodb(), RUN_TABLE, JOB, ended.arn.rpartition(":")[2])
    assert entry is not None
    return entry


def rebuilt(ended: Ended) -> LedgerEntry:
    """The entry as somebody would rebuild it who has nothing but the execution."""
    sfn = aws.stepfunctions()
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=ended.arn)
    events = [dict[str, Any](event) for page in pages for event in page["events"]]
    return entry_from_history(dict(sfn.describe_execution(executionArn=ended.arn)), events)


def states(entry: LedgerEntry) -> list[tuple[str, str, bool]]:
    return [(step.name, step.state, step.is_proven) for step in entry.steps]


def write_outputs(run: str = "run-0") -> None:
    for folder in ("clean", "results"):
        aws.s3().put_object(Bucket=DATA_BUCKET, Key=f"{folder}/{run}/part-0", Body=b"123")


def close(ended: Ended) -> dict[str, Any]:
    """What the rule for executions that end badly starts."""
    machine, _, name = ended.arn.replace(":execution:", ":stateMachine:").rpartition(":")
    detail = {"executionArn": ended.arn, "stateMachineArn": machine, "name": name, "status": ended.status}
    return close_run.handler({"detail": detail}, None)


def assert_rebuilt(ended: Ended, *steps: str) -> None:
    """Assert that nothing but the execution tells what the entry has, but for what only EMR and S3 know."""
    entry, again = entry_of(ended), rebuilt(ended)
    assert [step.state for step in again.steps] == list(steps)
    assert not any(step.is_proven for step in again.steps)
    assert abs(again.started - entry.started) < datetime.timedelta(milliseconds=1)
    same = (
        *("job", "run", "status", "execution", "document", "trigger", "input", "version", "manifest", "definition"),
        *("code", "attempt", "size", "vcpus", "failure_class", "failed_state", "error", "usd", "record"),
    )
    assert {name: getattr(again, name) for name in same} == {name: getattr(entry, name) for name in same}
    assert set(again.cluster_ids) == set(entry.cluster_ids)
    assert (again.cause or "").startswith(entry.cause or "")


def crash(_event: dict[str, Any], _context: Any) -> NoReturn:
    raise KeyError("a bug")


@pytest.mark.parametrize("conditions", [Conditions(), HEARING], ids=["record_run alone", "record_step first"])
def test_a_run_that_succeeds(make_cloud: CloudMaker, conditions: Conditions) -> None:
    cloud = make_cloud(conditions=conditions)
    write_outputs()

    ended = cloud.execute()

    entry, record = entry_of(ended), record_of(ended)
    assert (entry.status, entry.error, entry.usd) == ("SUCCEEDED", None, record["cost"]["total"])
    assert states(entry) == [("clean", "COMPLETED", True), ("summarise", "COMPLETED", True)]
    assert list(entry.cluster_ids) == record["cluster_ids"] == [record["cluster_id"]]
    plan_run_state = json.loads(cloud_definition(cloud))["States"]["Plan run"]
    assert entry.definition == plan_run_state["Arguments"]["Payload"]["definition"]
    assert [state["name"] for state in record["states"]] == ended.states[:-2]
    assert {state["outcome"] for state in record["states"][:-1]} == {"SUCCEEDED"}
    assert (record["states"][-1]["name"], record["states"][-1]["exited"]) == ("Record run", None)
    assert_rebuilt(ended, "COMPLETED", "COMPLETED")


def cloud_definition(cloud: InProcessCloud) -> str:
    return str(aws.stepfunctions().describe_state_machine(stateMachineArn=cloud.machine)["definition"])


@pytest.mark.parametrize("conditions", [Conditions(), HEARING], ids=["record_run alone", "record_step first"])
def test_a_run_that_fails(make_cloud: CloudMaker, conditions: Conditions) -> None:
    cloud = make_cloud(script=FAILED, conditions=conditions)
    write_outputs()

    ended = cloud.execute()

    entry = entry_of(ended)
    assert (entry.status, entry.error, entry.failed_state) == ("FAILED", ended.error, "Run step summarise")
    assert entry.failure_class == "unknown"
    assert states(entry) == [("clean", "COMPLETED", True), ("summarise", "FAILED", False)]
    assert close(ended) == {"record": None}
    assert entry_of(ended) == entry
    assert_rebuilt(ended, "UNKNOWN", "FAILED")


def test_a_run_that_is_rejected(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(with_input=False)

    ended = cloud.execute()

    entry = entry_of(ended)
    assert (entry.status, entry.error, entry.failed_state) == ("FAILED", "InputEmpty", "Plan run")
    assert (entry.document, entry.trigger, entry.steps, entry.usd) == ({}, "manual", (), 0.0)
    assert_rebuilt(ended)


def test_a_run_that_plan_run_crashed_on_gets_an_entry_all_the_same(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"plan-run": crash})

    ended = cloud.execute({"input": f"s3://{DATA_BUCKET}/landing/"})

    entry = entry_of(ended)
    assert (entry.status, entry.error) == ("FAILED", "PlanFailed")
    assert entry.document == {"input": f"s3://{DATA_BUCKET}/landing/"}


def test_the_steps_of_every_attempt_are_recorded(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script=FirstTimes({"summarise": (1, EXECUTOR_OOM)}))
    write_outputs()

    ended = cloud.execute()

    entry = entry_of(ended)
    first, second = clusters(cloud)
    assert set(entry.cluster_ids) == {first["Id"], second["Id"]}
    assert [step.cluster_id for step in entry.steps] == [first["Id"], second["Id"]]
    assert states(entry) == [("clean", "COMPLETED", True), ("summarise", "COMPLETED", True)]
    assert_rebuilt(ended, "COMPLETED", "COMPLETED")


class Ends:
    """Ends an execution from outside, some seconds after a state has begun its task, or before that."""

    def __init__(self, state: str, how: Literal["stop", "expire"], seconds: float, clock: VirtualClock) -> None:
        self._state, self._how, self._seconds, self._clock = state, how, seconds, clock

    def entered(self, visit: Visit) -> None:
        """End the execution at once, if so wanted."""
        if visit.state == self._state and not self._seconds:
            visit.stop()

    def left(self, visit: Visit) -> None:
        """Leave the state alone."""

    def ended(self, execution: str, status: str) -> None:
        """Leave it at that."""

    def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
        """Call the task, and end the execution meanwhile."""
        if visit.state == self._state and self._seconds:
            self._clock.call_at(self._clock.now() + self._seconds, getattr(visit, self._how))
        return call()


@pytest.mark.parametrize(
    ("how", "status", "failure_class", "error"),
    [("stop", "ABORTED", "cancelled_or_killed", "Aborted"), ("expire", "TIMED_OUT", "timeout", "States.Timeout")],
)
def test_a_run_that_was_ended_from_outside_is_closed(
    make_cloud: CloudMaker, how: Literal["stop", "expire"], status: str, failure_class: str, error: str
) -> None:
    clock = VirtualClock(time.time())
    ends = Ends("Run step summarise", how, 150, clock)
    cloud = make_cloud(conditions=Conditions(has_events=True, clock=clock, interference=ends))
    write_outputs()

    ended = cloud.execute()

    entry, record = entry_of(ended), record_of(ended)
    assert (entry.status, entry.failure_class, entry.failed_state) == (status, failure_class, "Run step summarise")
    assert entry.error == record["error"] == error
    assert entry.cause
    assert (record["status"], record["plan"]["run"], record["failed_state"]) == (status, "run-0", entry.failed_state)
    assert states(entry) == [("clean", "COMPLETED", True), ("summarise", "CANCEL_PENDING", False)]
    assert entry.usd is not None
    assert entry.usd > 0
    assert entry.ended is not None
    assert entry.ended - entry.started > datetime.timedelta(minutes=9)
    assert {state["outcome"] for state in record["states"][-5:]} <= {"SUCCEEDED", status}
    cloud.clock.sleep(600)
    assert states(entry_of(ended))[1] == ("summarise", "CANCELLED", False)


def test_a_cluster_that_was_being_made_when_its_run_was_stopped_is_found(make_cloud: CloudMaker) -> None:
    clock = VirtualClock(time.time())
    conditions = Conditions(has_events=True, clock=clock, interference=Ends("Create cluster", "stop", 30, clock))
    cloud = make_cloud(conditions=conditions)

    ended = cloud.execute()

    (cluster,) = clusters(cloud)
    assert list(entry_of(ended).cluster_ids) == record_of(ended)["cluster_ids"] == [cluster["Id"]]
    assert (entry_of(ended).status, entry_of(ended).failed_state) == ("ABORTED", "Create cluster")


def test_a_run_that_was_stopped_before_it_was_planned_is_entered(make_cloud: CloudMaker) -> None:
    clock = VirtualClock(time.time())
    conditions = Conditions(has_events=True, clock=clock, interference=Ends("Plan run", "stop", 0, clock))
    cloud = make_cloud(conditions=conditions)

    ended = cloud.execute({"input": f"s3://{DATA_BUCKET}/landing/"})

    entry = entry_of(ended)
    assert (entry.status, entry.failed_state, entry.usd, entry.steps) == ("ABORTED", "Plan run", 0.0, ())
    assert entry.document == {"input": f"s3://{DATA_BUCKET}/landing/"}
    assert record_of(ended)["plan"] is None


def test_a_torn_entry_is_written_anew(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"plan-run": tearing})
    write_outputs()

    ended = cloud.execute()

    assert entry_of(ended).status == "SUCCEEDED"
    assert states(entry_of(ended)) == [("clean", "COMPLETED", True), ("summarise", "COMPLETED", True)]


def tearing(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = plan_run.handler(event, context)
    write_entry(aws.dynamodb(), RUN_TABLE, JOB, event["execution"]["name"], {"started": None})
    return answer


def test_a_run_that_record_run_crashed_on_is_closed(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script=FAILED, handlers={"record-run": crash})
    write_outputs()

    ended = cloud.execute()
    assert (entry_of(ended).status, entry_of(ended).record) == ("RUNNING", None)
    assert close(ended) == {"record": f"s3://{LOG_BUCKET}/runs/{JOB}/run-0/record.json"}

    entry = entry_of(ended)
    assert (entry.status, entry.error, entry.cause) == ("FAILED", ended.error, ended.cause)
    assert (entry.failure_class, entry.failed_state) == ("unknown", "Run step summarise")
    assert states(entry) == [("clean", "COMPLETED", True), ("summarise", "FAILED", False)]
    assert entry.usd == record_of(ended)["cost"]["total"] > 0
    assert [state["name"] for state in record_of(ended)["states"]] == ended.states
    assert close(ended) == {"record": None}
