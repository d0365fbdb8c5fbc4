"""A stage with a ledger and executions, on moto."""

import datetime
import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from moto import mock_aws
from moto.stepfunctions.models import stepfunctions_backends

from lambdas import aws
from lambdas.ledger.store import write_entry
from lambdas.specs import load_jobs
from scripts import deployment
from scripts.deployment import Deployment
from scripts.local.tables import create_run_table

ACCOUNT = "123456789012"
REGION = "us-east-1"
LOG_BUCKET = "the-logs"
JOB, OTHER = "pricing-summary", "shipping-report"
NOW = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


# A deployment reads the specs of all jobs whenever it is asked for its machines; here they do not change.
_load_jobs = functools.cache(load_jobs)


def hours_ago(hours: float) -> datetime.datetime:
    return NOW - datetime.timedelta(hours=hours)


class Stage:
    """Two jobs' machines, the run table and the bucket of logs."""

    def __init__(self, name: str = "dev") -> None:
        self.table = f"{name}-runs"
        create_run_table(aws.dynamodb(), self.table)
        aws.s3().create_bucket(Bucket=LOG_BUCKET)
        definition = json.dumps({"StartAt": "done", "States": {"done": {"Type": "Pass", "End": True}}})
        self.machines = {
            job: aws.stepfunctions().create_state_machine(
                name=f"slow-lambda-{name}-{job}", definition=definition, roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine"
            )["stateMachineArn"]
            for job in (JOB, OTHER)
        }
        self.deployed = Deployment(
            name,
            {
                "PricingSummaryStateMachine": self.machines[JOB],
                "ShippingReportStateMachine": self.machines[OTHER],
                "RunTable": self.table,
                "LogBucket": LOG_BUCKET,
            },
        )

    def arn(self, run: str, job: str = JOB) -> str:
        return f"{self.machines[job].replace(':stateMachine:', ':execution:')}:{run}"

    def execute(self, run: str, status: str = "FAILED", hours: float = 1, job: str = JOB, document: Any = None) -> str:
        """Make an execution that began some hours ago, and if it is over took half an hour."""
        text = json.dumps({} if document is None else document)
        arn = aws.stepfunctions().start_execution(stateMachineArn=self.machines[job], name=run, input=text)
        kept = stepfunctions_backends[ACCOUNT][REGION].describe_execution(arn["executionArn"])
        kept.status = status
        began = hours_ago(hours)
        kept.start_date = f"{began:%Y-%m-%dT%H:%M:%S.000Z}"
        kept.stop_date = (
            None if status == "RUNNING" else f"{began + datetime.timedelta(minutes=30):%Y-%m-%dT%H:%M:%S.000Z}"
        )
        return arn["executionArn"]

    def write(self, run: str, status: str = "FAILED", hours: float = 1, job: str = JOB, **fields: Any) -> None:
        """Write an entry of the ledger."""
        began = hours_ago(hours)
        ended = None if status == "RUNNING" else began + datetime.timedelta(minutes=30)
        known = {"status": status, "started": began, "ended": ended, "execution": self.arn(run, job)}
        write_entry(aws.dynamodb(), self.table, job, run, {**known, **fields})

    def both(self, run: str, status: str = "FAILED", hours: float = 1, job: str = JOB, **fields: Any) -> None:
        """Make an execution and its entry."""
        self.execute(run, status, hours, job)
        self.write(run, status, hours, job, **fields)

    def tear(self, run: str, job: str = JOB, form: int | None = None, **texts: str) -> None:
        """Write an item that is no whole entry."""
        item: dict[str, Any] = {
            "job": {"S": job},
            "run": {"S": run},
            **{name: {"S": text} for name, text in texts.items()},
        }
        if form is not None:
            item["schema"] = {"N": str(form)}
        aws.dynamodb().put_item(TableName=self.table, Item=item)


@contextmanager
def clients() -> Iterator[None]:
    """Have the tests of a module share the clients of ``aws``."""
    aws.forget()
    yield
    aws.forget()


@contextmanager
def a_stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """An account with nothing but the stage; ``deployment.find`` finds it, tables are wide.

    The clients are those of ``clients``: making them takes longer than most of the tests.
    """
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "240")
    with mock_aws():
        made = Stage()
        monkeypatch.setattr(deployment, "find", lambda _stage: made.deployed)
        monkeypatch.setattr(deployment, "load_jobs", _load_jobs)
        yield made


def calls_to(client: Any) -> list[str]:
    """Return a list that grows by the name of every call of a client."""
    made: list[str] = []
    client.meta.events.register("before-call.*.*", lambda model, **_unused: made.append(model.name))
    return made
