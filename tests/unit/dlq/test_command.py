"""``slow-lambda dlq`` on moto's queues."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from lambdas import aws
from scripts import deployment
from scripts.deployment import Deployment, DeploymentError
from scripts.dlq import queue
from scripts.dlq.command import dlq
from scripts.dlq.errors import LetterUnknownError
from tests.unit.dlq.support import CLOCK, ENDED, REAP_ARN, START, STARTS_ARN, failed_function, rule, schedule

app = typer.Typer()
app.add_typer(dlq, name="dlq")


class Functions:
    """What Lambda would be asked for."""

    def __init__(self) -> None:
        self.invoked: list[tuple[str, Any]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:  # noqa: N803
        assert InvocationType == "Event"
        self.invoked.append((FunctionName, json.loads(Payload)))


class Stage:
    """The queues of a stage."""

    def __init__(self, functions: Functions) -> None:
        self.functions = functions
        self.rejected, self.starts = (
            aws.sqs().create_queue(QueueName=f"slow-lambda-dev-{name}")["QueueUrl"]
            for name in ("rejected-events", "starts")
        )

    def reject(self, body: object, attributes: dict[str, Any] | None = None) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        sent = aws.sqs().send_message(QueueUrl=self.rejected, MessageBody=text, MessageAttributes=attributes or {})
        return sent["MessageId"]

    def started(self) -> list[dict[str, Any]]:
        messages = aws.sqs().receive_message(QueueUrl=self.starts, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def left(self) -> set[str]:
        document = json.loads(run("list", "--json"))
        return {event["id"] for event in document["events"]}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(queue, "WAIT_SECONDS", 0)
    aws.forget()
    with mock_aws():
        made = Stage(Functions())
        outputs = {"RejectedEvents": made.rejected, "StartQueue": made.starts}
        monkeypatch.setattr(deployment, "find", lambda stage: Deployment(stage, outputs))
        monkeypatch.setattr(aws, "lambda_", lambda: made.functions)
        yield made
    monkeypatch.undo()
    aws.forget()


def run(*args: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["dlq", *args])
    assert done.exit_code == status, done.output
    return done.stdout


def test_events_are_listed_by_cause_and_stay(stage: Stage) -> None:
    start = stage.reject({**START, "job": "gone"})
    stage.reject(START, rule("pricing-summary-0", STARTS_ARN))
    stage.reject(ENDED, rule("execution-ended", REAP_ARN))
    document = json.loads(run("list", "--json"))
    assert (document["count"], document["by_cause"]) == (3, {"not permitted": 2, "job unknown": 1})
    assert document["oldest"] == min(event["sent"] for event in document["events"])
    shown = run("list")
    assert "3 events rejected, the oldest 0:00:0" in shown
    for part in (start[:8], "start gone: s3://data/landing/tpch/_SUCCESS", "job unknown (1): ", "not permitted (2): "):
        assert part in shown
    assert f"slow-lambda dlq drop {start}" in shown


def test_one_is_shown_in_full(stage: Stage) -> None:
    body = failed_function(REAP_ARN, ENDED)
    letter = stage.reject(body)
    assert json.loads(run("show", letter[:10], "--json"))["body"] == body
    shown = run("show", letter)
    for part in (body, "slow-lambda-dev-reap-clusters: run-1 failed", "error code: ReapError", "todo: its log group"):
        assert part in shown
    assert "job:" not in shown


def test_events_of_every_kind_are_sent_where_they_belong(stage: Stage) -> None:
    stage.reject(START)
    stage.reject({"MessageBody": '{"job": "report", "trigger": 1, "scheduled": "x"}'}, schedule("report-1"))
    stage.reject(ENDED, rule("execution-ended", REAP_ARN))
    stage.reject(failed_function(REAP_ARN, CLOCK))
    odd = stage.reject("hello")

    dry = run("redrive", "--all", "--dry-run")
    assert dry.count("would be sent to the queue of starts") == 2
    assert (stage.started(), stage.functions.invoked, len(stage.left())) == ([], [], 5)

    done = run("redrive", "--all", "--yes", status=1)
    assert f"{odd}: nobody can tell where it belongs" in done
    assert done.count("sent to the function slow-lambda-dev-reap-clusters") == 2
    assert sorted(message["job"] for message in stage.started()) == ["pricing-summary", "report"]
    assert stage.functions.invoked == [("slow-lambda-dev-reap-clusters", each) for each in (ENDED, CLOCK)]
    assert stage.left() == {odd}


def test_only_what_is_named_is_sent_and_only_after_asking(stage: Stage) -> None:
    first, second = stage.reject(START), stage.reject({**START, "trigger": 1})
    done = CliRunner().invoke(app, ["dlq", "redrive", first], input="n\n")
    assert done.exit_code == 0
    assert done.stdout.endswith("nothing done\n")
    assert "send 1 event again?" in done.stderr
    document = json.loads(run("redrive", first, first, "--yes", "--json"))
    assert document["events"] == [
        {
            "id": first,
            "purpose": "start pricing-summary: s3://data/landing/tpch/_SUCCESS",
            "to": "the queue of starts",
            "sent": True,
            "gone": True,
            "problem": None,
        }
    ]
    assert stage.started() == [START]
    assert stage.left() == {second}


def test_a_dropped_event_is_gone_and_nothing_is_started(stage: Stage) -> None:
    first, second = stage.reject(START), stage.reject("hello")
    done = CliRunner().invoke(app, ["dlq", "drop", second], input="n\n")
    assert f"{second}: unknown" in done.stderr
    assert stage.left() == {first, second}
    assert run("drop", second, "--yes") == f"{second}: dropped (unknown)\n"
    assert stage.left() == {first}
    assert stage.started() == []


def test_an_empty_queue_and_wrong_ids(stage: Stage) -> None:
    assert run("list") == "no event of stage dev is rejected\n"
    assert run("redrive", "--all") == "nothing done\n"
    run("redrive", status=2)
    run("redrive", "some", "--all", status=2)
    done = CliRunner().invoke(app, ["dlq", "show", "0"])
    assert isinstance(done.exception, LetterUnknownError)
    stage.reject(START)
    stage.reject(START)
    done = CliRunner().invoke(app, ["dlq", "drop", "", "--yes"])
    assert "several rejected events" in str(done.exception)
    assert len(stage.left()) == 2


def test_a_stage_of_an_older_version_is_told_to_be_deployed_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployment, "find", lambda stage: Deployment(stage, {"RejectedEvents": "x"}))
    error = CliRunner().invoke(app, ["dlq", "list"]).exception
    assert isinstance(error, DeploymentError)
    assert "StartQueue" in str(error)
