"""``slow-lambda replay`` on runs that the whole machine left: one, and all that failed."""

import json
import time
from typing import Any

import pytest
from typer.testing import CliRunner

from lambdas import aws
from scripts.cli import app
from scripts.deployment import Deployment
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET, GIVE_UP_SECONDS, LOG_BUCKET, RUN_TABLE, InProcessCloud
from tests.machine.conftest import CloudMaker

CODE = StepOutcome(succeeded=False, reason="Unknown Error.", message="Exit code 1")
BUG = "Traceback (most recent call last):\nValueError: 'n/a'\n"

# The machine's time is virtual, and ahead of ours.
ALL = ("--failed", "--until", "2100-01-01", "--force", "--yes", "--json")


class Steps:
    """Steps that write an object each; the second one fails until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False
        self.ran: list[str] = []

    def __call__(self, step: dict[str, Any]) -> ScriptedStep:
        args = step["Config"]["Args"]
        self.ran.append(step["Name"])
        output = args[args.index("--output") + 1].removeprefix(f"s3://{DATA_BUCKET}/")
        aws.s3().put_object(Bucket=DATA_BUCKET, Key=f"{output}part-0", Body=b"x")
        if step["Name"] == "summarise" and not self.is_mended:
            return ScriptedStep(90, CODE, log=BUG)
        return ScriptedStep(60)


def slow_lambda(*args: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, list(args))
    assert done.exit_code == status, (done.output, done.exception)
    return done.stdout


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def cloud(make_cloud: CloudMaker, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> InProcessCloud:
    """A cloud whose runs fail in their second step."""
    made = make_cloud(script=steps)
    aws.s3().create_bucket(Bucket="code-bucket")
    outputs = {"RunTable": RUN_TABLE, "DataBucket": DATA_BUCKET, "LogBucket": LOG_BUCKET, "CodeBucket": "code-bucket"}
    found = Deployment("test", {**outputs, "PricingSummaryStateMachine": made.machine})
    monkeypatch.setattr("scripts.deployment.find", lambda _stage: found)
    monkeypatch.setenv("COLUMNS", "120")
    return made


def wait(cloud: InProcessCloud, running: int = 0) -> None:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        found = aws.stepfunctions().list_executions(stateMachineArn=cloud.machine, statusFilter="RUNNING")["executions"]
        if len(found) <= running:
            return
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_one_and_then_all_that_failed(cloud: InProcessCloud, steps: Steps) -> None:
    failed = [cloud.execute().arn.rpartition(":")[2] for _ in range(2)]
    steps.is_mended = True
    steps.ran.clear()

    shown = slow_lambda("replay", failed[0], "--dry-run")
    assert "keep  clean" in shown
    assert "run   summarise" in shown
    slow_lambda("replay", failed[0], "--yes", "--no-watch")
    wait(cloud)
    assert steps.ran == ["summarise"]

    document = json.loads(slow_lambda("replay", *ALL))
    wait(cloud)
    assert [each["run"] for each in document["runs"]] == [failed[1]]
    assert [each["detail"] for each in document["left_out"]] == [f"{failed[0]}-r2"]
    assert steps.ran == ["summarise"] * 2
    document = json.loads(slow_lambda("replay", *ALL))
    assert (document["runs"], len(document["left_out"])) == ([], 2)
    statuses = {each["run"]: each["status"] for each in json.loads(slow_lambda("runs", "--json"))["runs"]}
    assert [statuses[f"{run}-r2"] for run in failed] == ["SUCCEEDED"] * 2
