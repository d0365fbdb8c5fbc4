"""Runs looked at from outside: ``slow-lambda runs``, ``runs show``, ``logs`` and ``watch`` on what the machine left."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from lambdas import aws
from lambdas.inputs.uri import S3Uri
from lambdas.ledger.entry import LedgerEntry
from scripts.cli import app
from scripts.deployment import Deployment
from scripts.ledger.find import find_entry
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET, LOG_BUCKET, RUN_TABLE, in_process_cloud
from scripts.logs.errors import LogsMissingError
from scripts.logs.places import places_of
from tests.machine.conftest import JOB

APPLICATION = "application_1700000000000_0001"
FAILS = ScriptedStep(
    seconds=90,
    outcome=StepOutcome(succeeded=False, reason="Unknown Error.", message="Exit code 1"),
    log=f"INFO Submitted application {APPLICATION}\nTraceback (most recent call last):\nValueError: 'n/a'\n",
)


def slow_lambda(*args: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, list(args))
    assert done.exit_code == status, (done.output, done.exception)
    return done.stdout


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployment]:
    """A cloud in which one run was refused and the second step of another failed."""
    with in_process_cloud(JOB, script={"summarise": FAILS}) as cloud:
        aws.s3().put_object(Bucket=DATA_BUCKET, Key="landing/tpch/lineitem/lineitem.1.csv", Body=b"1,2\n" * 1000)
        cloud.execute({"input": "s3://no-such-bucket/x/"})
        cloud.execute()
        outputs = {"PricingSummaryStateMachine": cloud.machine, "RunTable": RUN_TABLE, "LogBucket": LOG_BUCKET}
        yield Deployment("test", outputs)


@pytest.fixture
def failed(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> LedgerEntry:
    """The run whose second step failed."""
    monkeypatch.setattr("scripts.deployment.find", lambda _stage: deployed)
    monkeypatch.setenv("COLUMNS", "240")
    return find_entry(deployed, "@last")


def ship(entry: LedgerEntry, name: str, text: str) -> None:
    key = f"emr/{entry.cluster_ids[0]}/{name}.gz"
    aws.s3().put_object(Bucket=LOG_BUCKET, Key=key, Body=gzip.compress(text.encode()))


def test_runs_are_listed(failed: LedgerEntry) -> None:
    document = json.loads(slow_lambda("runs", "--json"))
    told = [(each["run"], each["status"], each["class"], each["error"]) for each in document["runs"]]
    assert told == [
        ("run-1", "FAILED", "application_error", "ApplicationError"),
        ("run-0", "FAILED", None, "InputBucketMissing"),
    ]
    assert document["unreadable"] == []
    assert document["runs"][0]["ledger"] is None


def test_all_of_a_run_is_shown(failed: LedgerEntry) -> None:
    document = json.loads(slow_lambda("runs", "show", "@last-failed", "--json"))
    assert [(step["name"], step["state"]) for step in document["steps"]] == [
        ("clean", "COMPLETED"),
        ("summarise", "FAILED"),
    ]
    assert [state["name"] for state in document["states"]][:2] == ["Plan run", "Is the run accepted?"]
    shown = slow_lambda("runs", "show", "run-1")
    for part in ("Measured: ", "Plan run", "ValueError", "To run it again: slow-lambda replay run-1"):
        assert part in shown


def test_a_run_that_is_over_shows_its_end_at_once(failed: LedgerEntry) -> None:
    for name in ("run-1", "@last", failed.execution):
        shown = slow_lambda("watch", name, status=1)
        assert "run-1: FAILED" in shown
        assert "ValueError" in shown
        assert "entered" not in shown


def test_the_logs_of_the_step_that_failed(failed: LedgerEntry) -> None:
    step = failed.steps[1].step_id
    ship(failed, f"steps/{step}/controller", "controller: exit 1\n")
    containers = f"containers/{APPLICATION}/container_1700000000000_0001_01_"
    ship(failed, f"{containers}000001/stdout", "the driver\n")
    ship(failed, f"{containers}000002/stderr", "an executor\n")

    shown = slow_lambda("logs", "@last")
    assert [line.split(":")[0] for line in shown.splitlines() if line.startswith("==>")] == [
        "==> controller",
        "==> stderr",
        "==> driver",
    ]
    assert "ValueError: 'n/a'" in shown
    assert slow_lambda("logs", "run-1", "summarise", "--stream", "driver") == "the driver\n"
    assert slow_lambda("logs", "run-1", "--stream", "executor", "--cluster", "all") == "an executor\n"
    assert slow_lambda("logs", "run-1", "--stream", "stderr", "--tail", "1") == "ValueError: 'n/a'\n"
    assert slow_lambda("logs", "run-1", "--stream", "stderr", "--tail", "0", "--grep", "^Trace.*:$").count("\n") == 1


def test_logs_that_have_not_come_yet(failed: LedgerEntry) -> None:
    done = CliRunner().invoke(app, ["logs", "run-1", "clean"])
    assert isinstance(done.exception, LogsMissingError)
    assert "yet: EMR copies logs every five minutes" in str(done.exception)


def test_the_clusters_of_a_run_that_goes_on_are_found_by_their_tag(failed: LedgerEntry) -> None:
    going = failed.model_copy(update={"status": "RUNNING", "cluster_ids": (), "steps": ()})
    found = places_of(going, S3Uri(LOG_BUCKET, "emr/"))
    assert [(place.name, place.step_id) for place in found] == [(step.name, step.step_id) for step in failed.steps]


def test_a_cluster_that_emr_has_forgotten(failed: LedgerEntry) -> None:
    """What the ledger and the folder of logs know is enough."""
    events = aws.emr().meta.events
    events.register("before-call.emr.ListSteps", _forgotten)
    try:
        for step in ("summarise", failed.steps[1].step_id):
            assert "ValueError: 'n/a'" in slow_lambda("logs", "run-1", str(step))
    finally:
        events.unregister("before-call.emr.ListSteps", _forgotten)


class _Refused:
    status_code = 400


def _forgotten(**_unused: object) -> Any:
    error = {"Code": "InvalidRequestException", "Message": "Cluster id 'j-1' is not valid."}
    return _Refused(), {"Error": error, "ResponseMetadata": {}}
