"""The programs of docs/triggers.md, run against the machine of the demo's job."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from lambdas import aws
from scripts.local.in_process import ACCOUNT, DATA_BUCKET
from tests.machine.conftest import CloudMaker

GUIDE = (Path(__file__).parents[2] / "docs" / "triggers.md").read_text(encoding="utf-8")
FOLDER = f"s3://{DATA_BUCKET}/landing/tpch/"
GIVE_UP_SECONDS = 30.0


def example(language: str) -> str:
    """Return the guide's example in a language, with an address where something lies."""
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert len(found) == 1
    return re.sub(r"s3://my-bucket/[^\"]*", FOLDER, found[0])


def end_of(execution: str) -> dict[str, Any]:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while (found := aws.stepfunctions().describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < give_up, f"{execution} does not end"
        time.sleep(0.01)
    return dict(found)


def executions(machine: str) -> list[dict[str, Any]]:
    found = aws.stepfunctions().list_executions(stateMachineArn=machine)["executions"]
    return [end_of(each["executionArn"]) for each in found]


@pytest.mark.parametrize(("has_input", "status"), [(True, "SUCCEEDED"), (False, "FAILED")])
def test_another_state_machine_waits_for_the_run(make_cloud: CloudMaker, has_input: bool, status: str) -> None:
    cloud = make_cloud(with_input=has_input)
    definition = re.sub(r"arn:aws:states:[a-z0-9-]+:\d+:stateMachine:[a-z-]+", cloud.machine, example("json"))
    sfn, role = aws.stepfunctions(), f"arn:aws:iam::{ACCOUNT}:role/caller"
    caller = sfn.create_state_machine(name="caller", definition=definition, roleArn=role)["stateMachineArn"]
    ended = end_of(sfn.start_execution(stateMachineArn=caller, input="{}")["executionArn"])
    assert ended["status"] == status, ended
    (run,) = executions(cloud.machine)
    assert run["status"] == status
    assert json.loads(run["input"])["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == ended["executionArn"]


def test_a_program_starts_a_run_once(make_cloud: CloudMaker) -> None:
    cloud = make_cloud()
    program = compile(example("python"), "docs/triggers.md", "exec")
    for _ in range(2):
        exec(program, {"machine": cloud.machine, "day": "2026-11-27"})
        (run,) = executions(cloud.machine)
        assert run["status"] == "SUCCEEDED", run
