import datetime
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from moto.stepfunctions.models import stepfunctions_backends

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import read_entry, write_entry
from lambdas.replays import start
from lambdas.replays.errors import ReplayAlreadySucceededError, ReplayStillRunningError
from lambdas.replays.request import ReplayRequest
from lambdas.replays.start import Started, start_replay
from tests.unit.lambdas.replays.support import STARTED

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCOUNT, REGION = "123456789012", "us-east-1"
ASKED = ReplayRequest("run-1")
DEFINITION = json.dumps({"StartAt": "work", "States": {"work": {"Type": "Succeed"}}})


@dataclass(frozen=True)
class Deployed:
    """A deployment of one job."""

    machine: str
    run_table: str = "the-runs"

    def machine_arn(self, job: str) -> str:
        return self.machine


@pytest.fixture
def deployed(deployment: "S3Client") -> Deployed:
    """A machine whose executions run until they are ended, and a run of it that failed."""
    machine = aws.stepfunctions().create_state_machine(
        name="count", definition=DEFINITION, roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine"
    )["stateMachineArn"]
    remember("run-1", status="FAILED", document={})
    return Deployed(machine)


def remember(run: str, **fields: Any) -> LedgerEntry:
    """Write an entry, as plan_run and record_run do, and return it."""
    write_entry(aws.dynamodb(), "the-runs", "count", run, {"started": STARTED, **fields})
    return entry(run)


def entry(run: str) -> LedgerEntry:
    found = read_entry(aws.dynamodb(), "the-runs", "count", run)
    assert found is not None
    return found


def go(deployed: Deployed, run: str = "run-1", **asked: Any) -> Started:
    return start_replay(aws.stepfunctions(), aws.dynamodb(), deployed, entry(run), ReplayRequest(run, **asked))


def executions() -> dict[str, Any]:
    """Return moto's executions by name."""
    (machine,) = stepfunctions_backends[ACCOUNT][REGION].state_machines
    return {each.name: each for each in machine.executions}


def end(started: Started, status: str) -> None:
    executions()[started.name].status = status


def test_a_replay_is_started_under_the_name_of_the_first_run(deployed: Deployed) -> None:
    started = go(deployed)
    assert (started.name, started.new, started.status) == ("run-1-r2", True, "RUNNING")
    assert started.arn == f"arn:aws:states:{REGION}:{ACCOUNT}:execution:count:run-1-r2"
    assert json.loads(executions()["run-1-r2"].execution_input) == {"replay": "run-1"}


def test_the_same_replay_twice_is_one_run(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: go(deployed), range(4)))
    assert {each.name for each in started} == set(executions()) == {"run-1-r2"}
    monkeypatch.setattr(start, "_SAME_CALL", datetime.timedelta(seconds=-9))
    assert not go(deployed).new
    # Once plan_run has opened its entry, the ledger tells.
    remember("run-1-r2", status="RUNNING", origin="run-1", replays="run-1", attempt=2)
    remember("run-1", replayed_by=["run-1-r2"])
    assert (go(deployed).name, len(executions())) == ("run-1-r2", 1)


def test_another_wish_for_a_run_that_is_being_replayed_starts_nothing(deployed: Deployed) -> None:
    go(deployed)
    assert go(deployed, all_steps=True) == Started(
        "run-1-r2", f"arn:aws:states:{REGION}:{ACCOUNT}:execution:count:run-1-r2", new=False
    )
    assert len(executions()) == 1


@pytest.mark.parametrize("is_known", [True, False], ids=["in the ledger", "not in the ledger"])
def test_a_replay_that_failed_is_followed_by_the_next(deployed: Deployed, is_known: bool) -> None:
    end(go(deployed), "FAILED")
    if is_known:
        remember("run-1-r2", status="FAILED", origin="run-1", replays="run-1", attempt=2)
        remember("run-1", replayed_by=["run-1-r2"])
    started = go(deployed)
    assert (started.name, started.new) == ("run-1-r3", True)


def test_a_replay_of_a_replay_belongs_to_the_first_run(deployed: Deployed) -> None:
    remember("anything", status="FAILED", origin="run-1", replays="run-1", attempt=2)
    remember("run-1", replayed_by=["anything"])
    assert go(deployed, "anything").name == "run-1-r3"
    assert json.loads(executions()["run-1-r3"].execution_input) == {"replay": "anything"}


@pytest.mark.parametrize("is_known", [True, False], ids=["in the ledger", "not in the ledger"])
def test_a_replay_that_succeeded_is_named(deployed: Deployed, is_known: bool) -> None:
    end(go(deployed), "SUCCEEDED")
    if is_known:
        remember("run-1-r2", status="SUCCEEDED", origin="run-1", replays="run-1", attempt=2)
        remember("run-1", replayed_by=["run-1-r2"])
    found = go(deployed)
    assert (found.name, found.new, found.status) == ("run-1-r2", False, "SUCCEEDED")
    assert go(deployed, all_steps=True).name == "run-1-r3"


def test_a_run_that_somebody_named_like_a_replay_is_none(deployed: Deployed) -> None:
    aws.stepfunctions().start_execution(stateMachineArn=deployed.machine, name="run-1-r2", input="{}")
    assert go(deployed).name == "run-1-r3"


def test_a_run_that_has_not_ended_is_not_replayed(deployed: Deployed) -> None:
    arn = aws.stepfunctions().start_execution(stateMachineArn=deployed.machine, name="run-1")["executionArn"]
    remember("run-1", status="RUNNING", execution=arn)
    with pytest.raises(ReplayStillRunningError, match="run-1 is still running"):
        go(deployed)
    assert set(executions()) == {"run-1"}


def test_a_run_that_has_succeeded_is_run_again_only_when_asked_for(deployed: Deployed) -> None:
    remember("run-1", status="SUCCEEDED")
    with pytest.raises(ReplayAlreadySucceededError, match="run-1 has succeeded"):
        go(deployed)
    assert go(deployed, from_step="count").new


def test_ends_that_the_ledger_has_not_heard_of_are_written_down(deployed: Deployed) -> None:
    sfn = aws.stepfunctions()
    first = sfn.start_execution(stateMachineArn=deployed.machine, name="run-1")["executionArn"]
    sfn.stop_execution(executionArn=first)
    remember("run-1", status="RUNNING", execution=first)
    sfn.stop_execution(executionArn=go(deployed).arn)
    remember("run-1", replayed_by=["run-1-r2", "run-1-r3"])
    for attempt in (2, 3):
        remember(f"run-1-r{attempt}", status="RUNNING", origin="run-1", replays="run-1", attempt=attempt)
    # Of the third, nobody knows any more.
    assert go(deployed).name == "run-1-r4"
    assert [entry(run).status for run in ("run-1", "run-1-r2", "run-1-r3")] == ["ABORTED", "ABORTED", "FAILED"]
    assert entry("run-1").ended is not None


def test_an_unheard_of_success_ends_the_search(deployed: Deployed) -> None:
    end(go(deployed), "SUCCEEDED")
    remember("run-1-r2", status="RUNNING", origin="run-1", replays="run-1", attempt=2)
    remember("run-1", replayed_by=["run-1-r2"])
    assert (go(deployed).status, len(executions()), entry("run-1-r2").status) == ("SUCCEEDED", 1, "SUCCEEDED")
