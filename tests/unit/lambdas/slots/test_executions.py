import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas import aws
from lambdas.slots.executions import UNKNOWN_AT_FIRST, StepFunctions
from tests.unit.lambdas.slots.fakes import START, execution

SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def stub(account: None) -> Iterator[Stubber]:
    with Stubber(aws.stepfunctions()) as stubber:
        yield stubber


def executions(now: datetime.datetime = START) -> StepFunctions:
    return StepFunctions(aws.stepfunctions(), now)


def described(status: str) -> dict[str, Any]:
    return {"executionArn": "arn", "stateMachineArn": "arn", "startDate": START, "status": status}


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("RUNNING", False),
        ("PENDING_REDRIVE", False),
        ("SUCCEEDED", True),
        ("FAILED", True),
        ("TIMED_OUT", True),
        ("ABORTED", True),
    ],
)
def test_what_step_functions_says_counts(stub: Stubber, status: str, over: bool) -> None:
    stub.add_response("describe_execution", described(status), {"executionArn": execution(0).id})
    assert executions().is_over(execution(0)) is over


@pytest.mark.parametrize(("age", "over"), [(UNKNOWN_AT_FIRST, False), (UNKNOWN_AT_FIRST + SECOND, True)])
def test_an_execution_may_be_unknown_at_first(stub: Stubber, age: datetime.timedelta, over: bool) -> None:
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
    assert executions(START + age).is_over(execution(0)) is over


def test_a_call_that_failed_says_nothing(stub: Stubber) -> None:
    stub.add_client_error("describe_execution", "ThrottlingException")
    with pytest.raises(ClientError):
        executions().is_over(execution(0))


def test_a_task_is_told(stub: Stubber) -> None:
    stub.add_response("send_task_success", {}, {"taskToken": "token", "output": "{}"})
    executions().tell("token")
    stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_task_that_does_not_wait_any_more_is_let_be(stub: Stubber, code: str) -> None:
    stub.add_client_error("send_task_success", code)
    executions().tell("token")
    stub.assert_no_pending_responses()


def test_a_task_that_could_not_be_told_is_not_taken_as_told(stub: Stubber) -> None:
    stub.add_client_error("send_task_success", "ThrottlingException")
    with pytest.raises(ClientError):
        executions().tell("token")
