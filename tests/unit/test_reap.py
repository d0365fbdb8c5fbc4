"""``slow-lambda reap`` against the EMR engine and moto's Step Functions."""

import json
import time
from collections.abc import Iterator

import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from lambdas import aws
from scripts.local.adapters.moto import installed
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.faults import ApiFault, Faults
from scripts.local.emr.runner import ScriptedRunner
from scripts.reap import reap
from tests.unit.lambdas.clusters.support import Executions, ending, run
from tests.unit.lambdas.emr import Emr

app = typer.Typer()
app.command()(reap)


@pytest.fixture
def emr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emr]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    aws.forget()
    clock, faults = VirtualClock(time.time()), Faults()
    engine = EmrEngine(clock, ScriptedRunner(clock, {}), faults)
    with mock_aws(), installed(engine, clock, {}):
        yield Emr(engine, clock, aws.emr(), faults, {})
    aws.forget()


def test_a_dry_run_shows_what_would_end_and_ends_nothing(emr: Emr) -> None:
    executions = Executions.made()
    over, kept = run(emr, executions.start("FAILED"), stage="dev"), run(emr, executions.start(), stage="dev")
    done = CliRunner().invoke(app, ["--dry-run"])
    assert done.exit_code == 0
    (line,) = [line for line in done.stdout.splitlines() if over in line]
    for shown in ("count", "run-0", "STARTING", "0:00:", "execution over", "would end"):
        assert shown in line
    assert kept not in done.stdout
    assert ending(emr, [over, kept]) == []


def test_what_is_shown_ends(emr: Emr) -> None:
    executions = Executions.made()
    unknown = run(emr, executions.unknown(), stage="dev", protected=True)
    other = run(emr, executions.unknown(), stage="prod")
    done = CliRunner().invoke(app, ["--json"])
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    (cluster,) = document.pop("clusters")
    assert document == {"stage": "dev", "dry_run": False, "problems": []}
    assert (cluster["cluster"], cluster["reason"], cluster["ended"]) == (unknown, "execution unknown", True)
    assert ending(emr, [unknown, other]) == [unknown]

    assert "no cluster of stage dev has to end" in CliRunner().invoke(app).stdout
    assert other in CliRunner().invoke(app, ["--stage", "prod"]).stdout
    assert ending(emr, [other]) == [other]


def test_a_call_that_fails_is_told(emr: Emr) -> None:
    cluster_id = run(emr, Executions.made().unknown(), stage="dev")
    emr.faults.api.append(ApiFault("TerminateJobFlows", 2, "AccessDeniedException", "not yours"))
    done = CliRunner().invoke(app)
    assert done.exit_code == 1
    assert "not ended" in done.stdout
    assert f"ending cluster {cluster_id}: " in done.stderr
    assert "not yours" in done.stderr
