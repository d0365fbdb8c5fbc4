import datetime
from typing import Any

import pytest

from lambdas.runs.events import Execution
from lambdas.slots.events import Ended, SlotsEventError, Sweep, Take, parse_event

MACHINES = "arn:aws:states:us-east-1:012345678912:stateMachine:slow-lambda-dev-"
EXECUTION = Execution(
    id="arn:aws:states:us-east-1:012345678912:execution:slow-lambda-dev-count:run-1",
    name="run-1",
    started=datetime.datetime(2019, 2, 26, 23, 52, 26, 847000, datetime.UTC),
)
TAKE = {
    "job": "count",
    "execution": {"id": EXECUTION.id, "name": "run-1", "started": "2019-02-26T23:52:26.847Z"},
    "token": "a-token",
}


def status_change(**detail: Any) -> dict[str, Any]:
    """Return what https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html shows."""
    shown = {
        "executionArn": EXECUTION.id,
        "stateMachineArn": f"{MACHINES}count",
        "name": "run-1",
        "status": "SUCCEEDED",
        "startDate": 1551225146847,
        "stopDate": 1551225151881,
        "input": "{}",
        "output": "{}",
    }
    kind = "Step Functions Execution Status Change"
    return {"source": "aws.states", "detail-type": kind, "detail": {**shown, **detail}}


def test_a_machine_waits() -> None:
    assert parse_event({"take": TAKE}, MACHINES) == Take("count", EXECUTION, "a-token")


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_has_ended(status: str) -> None:
    assert parse_event(status_change(status=status), MACHINES) == Ended("count", EXECUTION)


def test_the_sweep() -> None:
    assert parse_event({"sweep": True}, MACHINES) == Sweep()


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"sweep": False},
        {"take": {**TAKE, "token": None}},
        {"take": {"job": "count"}},
        status_change(status="RUNNING"),
        {**status_change(), "source": "aws.s3"},
    ],
)
def test_anything_else_is_refused(event: Any) -> None:
    with pytest.raises(SlotsEventError, match="grant_slots takes"):
        parse_event(event, MACHINES)
