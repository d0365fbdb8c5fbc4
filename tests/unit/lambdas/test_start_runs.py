"""The Lambda on moto: queue, buckets, table and machine as they are deployed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws, plan_run, start_runs
from lambdas.specs.load import load_job
from tests.unit.lambdas.conftest import ENVIRONMENT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MACHINE = f"{ENVIRONMENT['MACHINE_ARN_PREFIX']}count"
EXECUTION = {"id": f"{MACHINE}:run-1", "name": "run-1", "started": "2026-11-22T12:00:00.000Z"}
TRIGGERS = """\
  - object_created: {suffix: _SUCCESS}
  - object_created: {prefix: parts/, suffix: .csv, input: object, batch: {window: 20m, max_objects: 3}}
"""


@pytest.fixture
def deployed(deployment: "S3Client", specs: Path, monkeypatch: pytest.MonkeyPatch) -> "S3Client":
    spec = specs / "jobs" / "count" / "job.yml"
    spec.write_text(spec.read_text().replace("  - object_created: {suffix: _SUCCESS}\n", TRIGGERS))
    job = load_job("count", specs)
    for module in ("lambdas.start_runs", "lambdas.starts.gather", "lambdas.runs.planning"):
        monkeypatch.setattr(f"{module}.load_job", lambda _name: job)
    aws.dynamodb().create_table(
        TableName="the-starts",
        KeySchema=[{"AttributeName": "queue", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("queue", "item")],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.sqs().create_queue(QueueName="the-starts", Attributes={"VisibilityTimeout": "0"})
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    aws.stepfunctions().create_state_machine(
        name=MACHINE.rpartition(":")[2], definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/x"
    )
    return deployment


def created(s3: "S3Client", key: str, body: bytes = b"1", trigger: int = 0) -> str:
    etag = s3.put_object(Bucket="the-data", Key=key, Body=body)["ETag"].strip('"')
    thing = {"key": key, "size": len(body), "etag": etag}
    detail = {"bucket": {"name": "the-data"}, "object": thing}
    event = {"id": key, "source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    return json.dumps({"job": "count", "trigger": trigger, "event": event})


def handle(*bodies: str) -> list[str]:
    records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
    answer = start_runs.handler({"Records": records}, None)
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def runs() -> dict[str, Any]:
    """Return the inputs of all executions by their names."""
    sfn = aws.stepfunctions()
    found = sfn.list_executions(stateMachineArn=MACHINE)["executions"]
    return {
        each["name"]: json.loads(sfn.describe_execution(executionArn=each["executionArn"])["input"]) for each in found
    }


def sent() -> list[tuple[dict[str, Any], str]]:
    messages = aws.sqs().receive_message(
        QueueUrl=ENVIRONMENT["START_QUEUE_URL"], MaxNumberOfMessages=10, AttributeNames=["All"]
    )
    return [(json.loads(each["Body"]), each["MessageId"]) for each in messages.get("Messages", [])]


def test_a_marker_announced_twice_is_one_run(deployed: "S3Client") -> None:
    created(deployed, "in/a.csv")
    marker = created(deployed, "in/_SUCCESS", b"")
    assert handle(marker, marker) == []
    assert handle(marker) == []
    ((name, document),) = runs().items()
    assert name.startswith("count-")
    assert document["input"] == "s3://the-data/in/"
    aws.stepfunctions().stop_execution(executionArn=f"{MACHINE.replace('stateMachine', 'execution')}:{name}")
    assert handle(marker) == [], "also when that run has ended"
    assert len(runs()) == 1


def test_an_input_that_changes_while_its_run_waits_is_named_anew(deployed: "S3Client") -> None:
    created(deployed, "in/a.csv")
    handle(created(deployed, "in/_SUCCESS", b""))
    ((first, document),) = runs().items()
    created(deployed, "in/b.csv")
    answer = plan_run.handler({"job": "count", "execution": EXECUTION, "input": document}, None)
    assert answer["error"] == "InputChanged"
    assert "another run has been asked for" in answer["cause"]
    ((message, _),) = sent()
    assert handle(json.dumps(message)) == []
    (second,) = runs().keys() - {first}
    again = plan_run.handler({"job": "count", "execution": EXECUTION, "input": runs()[second]}, None)
    assert again["outcome"] == "planned"


def test_a_full_batch_is_one_run(deployed: "S3Client") -> None:
    events = [created(deployed, f"in/parts/{number}.csv", trigger=1) for number in range(4)]
    assert handle(*events, *events) == []
    ((_, document),) = runs().items()
    bucket, key = document["manifest"].removeprefix("s3://").split("/", 1)
    manifest = json.loads(deployed.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert len(manifest["entries"]) == 3
    answer = plan_run.handler({"job": "count", "execution": EXECUTION, "input": document}, None)
    assert answer["plan"]["measured"]["files"] == 3


def test_the_window_is_looked_at_when_it_is_over(deployed: "S3Client") -> None:
    handle(created(deployed, "in/parts/1.csv", trigger=1))
    assert runs() == {}
    waiting = int(
        aws.sqs().get_queue_attributes(
            QueueUrl=ENVIRONMENT["START_QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessagesDelayed"]
        )["Attributes"]["ApproximateNumberOfMessagesDelayed"]
    )
    assert waiting == 1


def test_what_cannot_be_started_comes_back(deployed: "S3Client") -> None:
    created(deployed, "in/a.csv")
    marker = created(deployed, "in/_SUCCESS", b"")
    gone = json.dumps({"job": "count", "trigger": 7, "event": {}})
    assert handle("no message", marker, gone) == ["0", "2"]
    assert len(runs()) == 1
    aws.stepfunctions().delete_state_machine(stateMachineArn=MACHINE)
    created(deployed, "in/b.csv")
    assert handle(marker) == ["0"]
