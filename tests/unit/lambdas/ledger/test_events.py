"""The events as AWS sends them."""

import pytest
from pydantic import ValidationError

from lambdas.ledger.events import ExecutionEvent, StepEvent
from scripts.local.emr.events import STEP_EVENT

ARN = "arn:aws:states:us-east-1:123456789012:execution:slow-lambda-test-count:run-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:slow-lambda-test-count"
ABORTED = {
    "version": "0",
    "id": "315c1398-40ff-a850-213b-158f73e60175",
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "account": "123456789012",
    "time": "2026-11-26T19:42:21Z",
    "region": "us-east-1",
    "resources": [ARN],
    "detail": {
        "executionArn": ARN,
        "stateMachineArn": MACHINE,
        "name": "run-1",
        "status": "ABORTED",
        "startDate": 1551225271984,
        "stopDate": 1551225281984,
        "input": "{}",
        "output": None,
        "stateMachineVersionArn": None,
        "redriveCount": 0,
        "error": None,
        "cause": None,
    },
}
"""https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html."""
STEP = {
    "version": "0",
    "id": "999cccaa-eaaa-0000-1111-123456789012",
    "detail-type": STEP_EVENT,
    "source": "aws.emr",
    "account": "123456789012",
    "time": "2016-12-16T20:53:09Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "severity": "ERROR",
        "actionOnFailure": "CONTINUE",
        "stepId": "s-ZYXWVUTSRQPON",
        "name": "CustomJAR",
        "clusterId": "j-123456789ABCD",
        "state": "FAILED",
        "message": "Step s-ZYXWVUTSRQPON (CustomJAR) failed in Amazon EMR cluster j-123456789ABCD (Development).",
    },
}
"""https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-cloudwatch-events.html."""


def test_an_execution_that_has_ended() -> None:
    detail = ExecutionEvent.model_validate(ABORTED).detail
    assert (detail.execution, detail.machine, detail.name, detail.status) == (ARN, MACHINE, "run-1", "ABORTED")


def test_a_step_that_is_over() -> None:
    detail = StepEvent.model_validate(STEP).detail
    assert (detail.cluster_id, detail.step_id, detail.name) == ("j-123456789ABCD", "s-ZYXWVUTSRQPON", "CustomJAR")


def test_an_execution_that_succeeded_is_not_for_close_run() -> None:
    succeeded = {**ABORTED, "detail": {**ABORTED["detail"], "status": "SUCCEEDED"}}  # type: ignore[dict-item]
    with pytest.raises(ValidationError):
        ExecutionEvent.model_validate(succeeded)
