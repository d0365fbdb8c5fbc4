"""``slow-lambda watch`` by any name of a run, on moto."""

from typing import Any

import pytest
import typer
from moto.stepfunctions.models import stepfunctions_backends
from typer.testing import CliRunner

from scripts import watch as verb
from scripts.watching.follow import Follower
from scripts.watching.timeline import show
from tests.unit.ledger.support import ACCOUNT, REGION, Stage

app = typer.Typer()
app.command()(verb.watch)


@pytest.mark.parametrize("name", ["run-1", "run", "@last", "arn"])
def test_a_run_that_goes_on_is_followed(stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    stage.both("run-1", "RUNNING")

    def stopped(follower: Follower, console: Any) -> None:
        stepfunctions_backends[ACCOUNT][REGION].describe_execution(follower.execution_arn).status = "ABORTED"
        show(follower, console)

    monkeypatch.setattr(verb, "show", stopped)
    done = CliRunner().invoke(app, [stage.arn("run-1") if name == "arn" else name])
    assert done.exit_code == 1
    assert "run      run-1 ABORTED" in done.stdout


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("TIMED_OUT", 1)])
def test_a_run_that_step_functions_has_forgotten_shows_its_end(stage: Stage, status: str, code: int) -> None:
    stage.write("old", status, hours=2_400, usd=1.5, error="Late", cause="It took too long.\nFar too long.")
    done = CliRunner().invoke(app, ["old"])
    assert done.exit_code == code
    failure = "" if status == "SUCCEEDED" else "Late\nIt took too long.\nFar too long.\n"
    assert done.stdout == f"old: {status} 2026-08-19 12:30:00, after 0:30:00\nCost: $1.50.\n{failure}"
