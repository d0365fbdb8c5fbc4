"""The run table, and Step Functions as far as starting goes."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas import aws
from scripts.local.tables import create_run_table

TABLE = "runs"


class Killed(BaseException):
    """The tool's process ends here."""


class StepFunctions:
    """Executions by name, started once at most; whether each runs or has ended is the test's to say."""

    class exceptions:  # noqa: N801
        class ExecutionAlreadyExists(ClientError):  # noqa: N818
            pass

        class ExecutionDoesNotExist(ClientError):  # noqa: N818
            pass

    def __init__(self) -> None:
        self.inputs: dict[str, str] = {}
        self.over: set[str] = set()
        self.refuse: dict[str, str] = {}
        self.after_call: Callable[[], None] = lambda: None

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:  # noqa: A002, N803
        if name in self.refuse:
            raise _error(ClientError, self.refuse[name])
        if name in self.inputs and (name in self.over or self.inputs[name] != input):
            raise _error(self.exceptions.ExecutionAlreadyExists, "ExecutionAlreadyExists")
        self.inputs[name] = input
        self.after_call()
        return {"executionArn": f"{stateMachineArn}:{name}"}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        name = executionArn.rpartition(":")[2]
        if name not in self.inputs:
            raise _error(self.exceptions.ExecutionDoesNotExist, "ExecutionDoesNotExist")
        return {"status": "FAILED" if name in self.over else "RUNNING"}

    def replayed(self) -> list[str]:
        """Return the runs that were replayed, once for each execution."""
        return sorted(json.loads(text)["replay"] for text in self.inputs.values())


def _error(kind: type[ClientError], code: str) -> ClientError:
    return kind({"Error": {"Code": code, "Message": "so it is"}}, "StartExecution")


@pytest.fixture
def sfn() -> StepFunctions:
    return StepFunctions()


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the client of moto's DynamoDB, which has the run table."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.forget()
    with mock_aws():
        client = aws.dynamodb()
        create_run_table(client, TABLE)
        yield client
    aws.forget()


def at_call(number: int, client: Any, sfn: StepFunctions, act: Callable[[], None]) -> Callable[[], None]:
    """Act once so many calls have taken effect, of DynamoDB and Step Functions together.

    Returns what undoes it.
    """
    calls = itertools.count(1)

    def count(**_unused: Any) -> None:
        if next(calls) == number:
            act()

    client.meta.events.register("after-call.dynamodb.*", count)
    sfn.after_call = count

    def undo() -> None:
        client.meta.events.unregister("after-call.dynamodb.*", count)
        sfn.after_call = lambda: None

    return undo


def die() -> None:
    """Let the process die."""
    raise Killed
