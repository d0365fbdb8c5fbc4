"""What of a job is another than when a run of it failed."""

import json
from typing import Any

import pytest

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.specs.code import code_prefix
from scripts.deployment import Deployment
from scripts.replaying.chains import Change
from scripts.replaying.changes import Changes
from scripts.replaying.inputs import Inputs
from scripts.replaying.stage import Stage
from tests.unit.replaying.conftest import TABLE
from tests.unit.replaying.support import JOB, entry

INPUT = "landing/tpch/lineitem/1.csv"


@pytest.fixture
def deployed(dynamodb: Any) -> Deployment:
    definition = {
        "StartAt": "Plan run",
        "States": {"Plan run": {"Type": "Pass", "Result": {"definition": "0123456789ab"}, "End": True}},
    }
    machine = aws.stepfunctions().create_state_machine(
        name=JOB, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/machine"
    )["stateMachineArn"]
    for bucket in ("data", "code", "log"):
        aws.s3().create_bucket(Bucket=bucket)
    aws.s3().put_object(Bucket="code", Key=f"{code_prefix(JOB)}clean.py", Body=b"")
    outputs = {"RunTable": TABLE, "DataBucket": "data", "CodeBucket": "code", "LogBucket": "log"}
    return Deployment("dev", {**outputs, "PricingSummaryStateMachine": machine})


def changed(deployed: Deployment, run: LedgerEntry) -> Change | None:
    return Changes(deployed, Inputs(Stage(deployed)).change).since(run)


def test_nothing_has_changed_as_far_as_is_known(deployed: Deployment) -> None:
    assert changed(deployed, entry("a")) is None
    today = {"code": code_prefix(JOB).split("/")[-2], "definition": "0123456789ab"}
    assert changed(deployed, entry("a", **today)) is None


def test_the_jobs_folder_and_its_machine_have_changed(deployed: Deployment) -> None:
    assert changed(deployed, entry("a", code="ffffffffffff")) == Change("the job's folder changed since")
    both = changed(deployed, entry("a", code="ffffffffffff", definition="ffffffffffff"))
    assert both == Change("the job's folder and its state machine changed since")


def test_code_that_is_not_published_has_not_changed_anything(deployed: Deployment) -> None:
    aws.s3().delete_object(Bucket="code", Key=f"{code_prefix(JOB)}clean.py")
    assert changed(deployed, entry("a", code="ffffffffffff")) is None


def test_an_input_that_is_another_is_told_and_one_that_came_is_too(deployed: Deployment) -> None:
    rejected = entry("a", failure_class=None, error="InputEmpty")
    assert changed(deployed, rejected) is None
    aws.s3().put_object(Bucket="data", Key=INPUT, Body=b"1,2\n")
    assert changed(deployed, rejected) == Change("its input changed since", "it can be read now")
    found = changed(deployed, entry("a", version="0" * 64, manifest="s3://log/gone.json"))
    assert found is not None
    assert "the manifest of a cannot be read" in str(found.detail)


def test_what_a_run_read_that_an_event_started_is_the_object_it_tells_of(deployed: Deployment) -> None:
    for key in (INPUT, "landing/tpch/_SUCCESS"):
        aws.s3().put_object(Bucket="data", Key=key, Body=b"1,2\n")
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "data"}, "object": {"key": "landing/tpch/_SUCCESS", "size": 4, "etag": "e"}},
    }
    inputs = Inputs(Stage(deployed))
    assert inputs.change(entry("a", document=event, version="0" * 64)) == "what a read is not on record"
    assert inputs.change(entry("b", document={"replay": "nobody"}, version="0" * 64)) is None
