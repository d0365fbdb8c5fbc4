"""docs/triggers.md does what it says: its snippets are read out of the page and run."""

import json
import re
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from lambdas.inputs.request import parse_request
from lambdas.specs import Limits, Trigger
from scripts.rendering.paths import ROOT

PAGE = (ROOT / "docs" / "triggers.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("snippet", snippets("yaml"))
def test_every_trigger_of_the_page_is_one(snippet: str) -> None:
    document = yaml.safe_load(snippet)
    assert set(document) <= {"triggers", "limits"}
    for trigger in document.get("triggers", []):
        Trigger.model_validate(trigger)
    if "limits" in document:
        assert Limits.model_validate(document["limits"]).concurrent_runs == 1


def test_every_kind_of_trigger_is_on_the_page() -> None:
    triggers = [each for text in snippets("yaml") for each in yaml.safe_load(text).get("triggers", [])]
    assert {kind for each in triggers for kind in each} == set(Trigger.model_fields)


def test_every_input_of_the_page_is_taken() -> None:
    inputs = [json.loads(each) for each in re.findall(r"\| `(\{.*?\})` ", PAGE)]
    assert len(inputs) >= 5
    for each in inputs:
        parse_request(each, "s3://bucket/landing/")


@pytest.fixture
def machine() -> Any:
    with mock_aws():
        definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
        client = boto3.client("stepfunctions", region_name="us-east-1")
        role = "arn:aws:iam::123456789012:role/x"
        made = client.create_state_machine(name="m", definition=json.dumps(definition), roleArn=role)
        yield made["stateMachineArn"]


def test_a_program_starts_a_run_once(
    machine: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    code, _ = snippets("python")
    client = boto3.client("stepfunctions", region_name="us-east-1")
    for _ in range(3):
        exec(compile(code, "triggers.md", "exec"), {"machine": machine, "day": "2026-11-26"})
        (execution,) = client.list_executions(stateMachineArn=machine)["executions"]
        client.stop_execution(executionArn=execution["executionArn"])
    started = client.describe_execution(executionArn=execution["executionArn"])
    parse_request(json.loads(started["input"]), "s3://bucket/landing/")
    assert "was started before" in capsys.readouterr().out


def test_another_machine_passes_an_input_that_is_taken() -> None:
    (definition,) = map(json.loads, snippets("json"))
    (state,) = definition["States"].values()
    asked = parse_request(state["Arguments"]["Input"], "s3://bucket/landing/")
    assert [str(each) for each in asked.inputs] == ["s3://my-bucket/orders/"]
