"""The programs of docs/triggers.md, run against the machine of the demo's job."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)

from lambdas import aws
from scripts.local.in_process import ACCOUNT, DATA_BUCKET
from tests.machine.conftest import CloudMaker

GUIDE = (Path(__file__).parents[2] / "docs" / "triggers.md").read_text(encoding="utf-8")
FOLDER = f"s3://{DATA_BUCKET}/landing/tpch/"
GIVE_UP_SECONDS = 30.0


def examples(language: str) -> list[str]:
    """Return the guide's examples in a language, with an address where something lies."""
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return [re.sub(r"s3://my-bucket/[^\"]*", FOLDER, each) for each in found]


def only_execution(machine: str) -> dict[str, Any]:
    """Return the one execution of a machine, when it has ended."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        (found,) = aws.stepfunctions().list_executions(stateMachineArn=machine)["executions"]
        if found["status"] != "RUNNING":
            return dict(found)
        assert time.monotonic() < give_up, f"{found['executionArn']} does not end"
        time.sleep(0.01)


@pytest.fixture
def machines_start_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto pass on startExecution: in the spelling of its own API, and with a name where none is given."""
    start = StateTaskServiceSfn._eval_service_task

    def translated(self: Any, env: Any, normalised_parameters: dict[str, Any], **more: Any) -> None:
        lower = {f"{name[0].lower()}{name[1:]}": value for name, value in normalised_parameters.items()}
        start(self, env=env, normalised_parameters={"name": "made-up", **lower}, **more)
        env.stack.append({f"{name[0].upper()}{name[1:]}": value for name, value in env.stack.pop().items()})

    monkeypatch.setattr(StateTaskServiceSfn, "_eval_service_task", translated)


@pytest.mark.usefixtures("machines_start_machines")
@pytest.mark.parametrize(("has_input", "status", "error"), [(True, "SUCCEEDED", None), (False, "FAILED", "InputEmpty")])
def test_another_state_machine_waits_for_the_run(
    make_cloud: CloudMaker, has_input: bool, status: str, error: str | None
) -> None:
    cloud = make_cloud(with_input=has_input)
    (document,) = examples("json")
    definition = re.sub(r"arn:aws:states:[a-z0-9-]+:\d+:stateMachine:[a-z-]+", cloud.machine, document)
    sfn, role = aws.stepfunctions(), f"arn:aws:iam::{ACCOUNT}:role/caller"
    caller = sfn.create_state_machine(name="caller", definition=definition, roleArn=role)["stateMachineArn"]
    sfn.start_execution(stateMachineArn=caller, input="{}")
    ended = only_execution(caller)
    assert ended["status"] == status
    run = sfn.describe_execution(executionArn=only_execution(cloud.machine)["executionArn"])
    assert (run["status"], run.get("error")) == (status, error)
    assert json.loads(run["input"])["AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"] == ended["executionArn"]


def test_a_program_starts_a_run_once(make_cloud: CloudMaker) -> None:
    cloud = make_cloud()
    program = compile(examples("python")[0], "docs/triggers.md", "exec")
    for _ in range(2):
        exec(program, {"machine": cloud.machine, "day": "2026-11-27"})
        assert only_execution(cloud.machine)["status"] == "SUCCEEDED"


def test_a_container_of_aws_batch_finds_its_run_again(
    make_cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = make_cloud()
    program: dict[str, Any] = {"__name__": "container"}
    monkeypatch.setenv("LOOK_SECONDS", "0.01")
    monkeypatch.setenv("MACHINE_ARN", cloud.machine)
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "5e9d3b3c-7f2e-4a7e-8d5b-2c1f0a9b8e7d:3")
    monkeypatch.setenv("INPUT", FOLDER)
    exec(compile(examples("python")[1], "docs/triggers.md", "exec"), program)
    assert program["main"]() == 0
    assert "earlier attempt" not in capsys.readouterr().out
    assert program["main"]() == 0
    assert "earlier attempt" in capsys.readouterr().out
    assert only_execution(cloud.machine)["status"] == "SUCCEEDED"
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "another")
    monkeypatch.setenv("INPUT", f"{FOLDER}nothing/")
    assert program["main"]() == 1
    assert "InputEmpty" in capsys.readouterr().out
