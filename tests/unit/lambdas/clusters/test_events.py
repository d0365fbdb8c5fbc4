import datetime
from typing import Any

import pytest

from lambdas.clusters.events import EventError, ReapExecution, Sweep, parse_event
from lambdas.clusters.judge import Reason

ARN = "arn:aws:states:us-east-1:012345678912:execution:state-machine-name:execution-name"
STARTED = datetime.datetime(2019, 2, 26, 23, 52, 26, 847000, datetime.UTC)
# The example of https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
STATUS_CHANGE: dict[str, Any] = {
    "version": "0",
    "id": "315c1398-40ff-a850-213b-158f73e60175",
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "account": "012345678912",
    "time": "2019-02-26T19:42:21Z",
    "region": "us-east-1",
    "resources": [ARN],
    "detail": {
        "executionArn": ARN,
        "stateMachineArn": "arn:aws:states:us-east-1:012345678912:stateMachine:state-machine",
        "name": "execution-name",
        "status": "FAILED",
        "startDate": 1551225146847,
        "stopDate": 1551225151881,
        "input": "{}",
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
    },
}
SCHEDULED: dict[str, Any] = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2015-10-08T16:53:06Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"],
    "detail": {},
}


def status_change(**detail: Any) -> dict[str, Any]:
    return {**STATUS_CHANGE, "detail": {**STATUS_CHANGE["detail"], **detail}}


def test_the_machine() -> None:
    event = {"execution": {"id": ARN, "name": "execution-name", "started": "2019-02-26T23:52:26.847Z"}}
    assert parse_event(event) == ReapExecution(ARN, STARTED, Reason.ASKED)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_badly(status: str) -> None:
    assert parse_event(status_change(status=status)) == ReapExecution(ARN, STARTED, Reason.EXECUTION_OVER)


def test_the_schedule() -> None:
    assert parse_event(SCHEDULED) == Sweep(datetime.datetime(2015, 10, 8, 16, 53, 6, tzinfo=datetime.UTC))


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "union_tag"),
        (None, "union_tag"),
        ([], "union_tag"),
        ({"execution": {"id": ARN}}, "started"),
        ({"execution": {"id": ARN, "started": "2019-02-26T19:39:06"}}, "timezone"),
        (status_change(status="RUNNING"), "RUNNING"),
        (status_change(status="SUCCEEDED"), "SUCCEEDED"),
        ({**STATUS_CHANGE, "source": "my.states"}, "my.states"),
        ({**STATUS_CHANGE, "detail": {}}, "executionArn"),
        ({**SCHEDULED, "source": "aws.states"}, "aws.states"),
        ({**SCHEDULED, "time": None}, "time"),
        ({**SCHEDULED, "detail-type": "EMR Cluster State Change"}, "EMR Cluster State Change"),
        ({**SCHEDULED, "detail-type": ["Scheduled Event"]}, "union_tag"),
    ],
)
def test_anything_else_is_refused_in_words(event: Any, says: str) -> None:
    with pytest.raises(EventError, match=f"(?s)reap_clusters takes.*{says}"):
        parse_event(event)
