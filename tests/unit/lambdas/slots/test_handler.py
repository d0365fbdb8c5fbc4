"""The Lambda: what each event does, and what a failed call leaves behind."""

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lambdas import grant_slots
from lambdas.runs.events import Execution
from lambdas.settings import load_settings
from lambdas.slots.entries import SlotsError
from lambdas.slots.executions import StepFunctions
from lambdas.slots.store import SlotTable
from lambdas.specs import load_job
from tests.unit.lambdas.slots.conftest import TABLE
from tests.unit.lambdas.slots.fakes import execution
from tests.unit.lambdas.slots.test_events import status_change

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

JOB = "pricing-summary"


class Deployed:
    """The function with its table, and executions that answer as they are told to."""

    def __init__(self, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> None:
        self.table = SlotTable(dynamodb, TABLE, JOB)
        self.over: set[str] = set()
        self.told: list[str] = []
        self.failing = False
        self._patch = monkeypatch
        monkeypatch.setenv("START_TABLE", TABLE)
        monkeypatch.setattr(StepFunctions, "is_over", lambda _self, execution: self._is_over(execution))
        monkeypatch.setattr(StepFunctions, "tell", lambda _self, token: self.told.append(token))
        self.limit(1)

    def limit(self, runs: int | None) -> None:
        job = load_job(JOB)
        changed = job.model_copy(update={"limits": job.limits.model_copy(update={"concurrent_runs": runs})})
        self._patch.setattr(grant_slots, "load_job", lambda name: changed if name == JOB else load_job(name))

    def call(self, event: dict[str, Any]) -> list[str]:
        answer = grant_slots.handler(event, None)
        assert answer.keys() == {"granted"}
        granted: list[str] = answer["granted"]
        return granted

    def take(self, number: int) -> list[str]:
        asked = {"job": JOB, "execution": execution(number).model_dump(mode="json"), "token": f"token-{number}"}
        return self.call({"take": asked})

    def end(self, number: int) -> list[str]:
        ended = execution(number)
        started = round(ended.started.timestamp() * 1000)
        machine = load_settings().machine_arn(JOB)
        detail = {"executionArn": ended.id, "stateMachineArn": machine, "name": ended.name, "startDate": started}
        return self.call(status_change(**detail))

    def _is_over(self, execution: Execution) -> bool:
        if self.failing:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "Describe")
        return execution.name in self.over


@pytest.fixture
def deployed(dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> Deployed:
    return Deployed(dynamodb, monkeypatch)


def test_who_ends_makes_room_for_the_next(deployed: Deployed) -> None:
    assert deployed.take(0) == ["run-0"]
    assert deployed.take(2) == deployed.take(1) == []
    assert deployed.told == ["token-0"]
    assert deployed.end(0) == ["run-1"]
    assert deployed.end(0) == []
    assert deployed.end(1) == ["run-2"]
    assert deployed.told == ["token-0", "token-1", "token-2"]


def test_who_ends_while_it_waits_never_gets_a_slot(deployed: Deployed) -> None:
    for number in range(3):
        deployed.take(number)
    assert deployed.end(1) == []
    assert deployed.end(0) == ["run-2"]


def test_the_sweep_finds_who_ended_unheard(deployed: Deployed) -> None:
    for number in range(3):
        deployed.take(number)
    assert deployed.call({"sweep": True}) == []
    deployed.over = {"run-0", "run-1"}
    assert deployed.call({"sweep": True}) == ["run-2"]


def test_the_limit_is_the_one_deployed_now(deployed: Deployed) -> None:
    for number in range(6):
        deployed.take(number)
    deployed.limit(3)
    assert deployed.call({"sweep": True}) == ["run-1", "run-2"]
    deployed.limit(None)
    assert deployed.call({"sweep": True}) == ["run-3", "run-4", "run-5"]


def test_once_the_ticket_is_written_no_failed_call_ends_the_run(deployed: Deployed) -> None:
    deployed.failing = True
    assert deployed.take(0) == []
    assert len(list(deployed.table.tickets())) == 1
    deployed.failing = False
    assert deployed.call({"sweep": True}) == ["run-0"]


def test_a_ticket_that_cannot_be_written_is_said(deployed: Deployed, dynamodb: "DynamoDBClient") -> None:
    dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(SlotsError, match="a call failed"):
        deployed.take(0)


def test_the_sweep_says_which_queue_it_could_not_look_through(deployed: Deployed) -> None:
    deployed.take(0)
    deployed.failing = True
    with pytest.raises(SlotsError, match=rf"the queues of 1 jobs .* {JOB}: .*Rate exceeded"):
        deployed.call({"sweep": True})
