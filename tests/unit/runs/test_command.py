"""``slow-lambda runs`` on moto."""

import io
import json
from typing import Any, get_args

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from lambdas import aws
from lambdas.ledger.entry import LedgerStep, RunStatus
from scripts.ledger.errors import MomentError
from scripts.runs.command import Status, runs
from tests.unit.ledger.support import JOB, LOG_BUCKET, OTHER, Stage, hours_ago

app = typer.Typer()
app.add_typer(runs, name="runs")


def run(*args: str) -> str:
    done = CliRunner().invoke(app, ["runs", *args])
    assert done.exit_code == 0, done.output
    return done.stdout


def listed(*args: str) -> list[str]:
    return [each["run"] for each in json.loads(run("--json", *args))["runs"]]


@pytest.fixture
def three(stage: Stage) -> Stage:
    """A dear run, a long one, and one of another job that failed."""
    stage.both("dear", "SUCCEEDED", hours=1, usd=7.5, input="s3://d/tpch/")
    stage.execute("long", "SUCCEEDED", hours=5)
    stage.write("long", "SUCCEEDED", hours=5, ended=hours_ago(1), usd=2.25)
    stage.both("short", hours=3, job=OTHER, failure_class="capacity_shortage", usd=0, attempt=2, replays="first")
    return stage


def test_runs_are_a_table(three: Stage) -> None:
    lines = run().splitlines()
    header, rows = lines[1].split(), [line.split() for line in lines if "2026" in line]
    assert header == ["run", "job", "status", "started", "(UTC)", "duration", "attempt", "usd", "class", "input"]
    assert rows[0] == ["dear", JOB, "SUCCEEDED", "2026-11-27", "11:00", "0:30:00", "1", "7.50", "s3://d/tpch/"]
    assert rows[1][:3] == ["short", OTHER, "FAILED"]
    assert rows[1][5:] == ["0:30:00", "2", "0.00", "capacity_shortage"]
    assert rows[2][5] == "4:00:00"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], ["dear", "short", "long"]),
        (["--sort", "duration"], ["long", "dear", "short"]),
        (["--sort", "usd", "--limit", "2"], ["dear", "long"]),
        (["--limit", "1"], ["dear"]),
        (["--limit", "0"], ["dear", "short", "long"]),
        (["--status", "failed"], ["short"]),
        (["--status", "FAILED", "--status", "succeeded", "--job", JOB], ["dear", "long"]),
        (["--since", "2026-11-27T08:00", "--until", "2026-11-27T10:00+01:00"], ["short"]),
        (["--class", "CapacityShortage"], ["short"]),
        (["--input", "tpch"], ["dear"]),
    ],
)
def test_which_runs_and_in_which_order(three: Stage, args: list[str], expected: list[str]) -> None:
    assert listed(*args) == expected


def test_a_document_has_all_of_the_table(three: Stage) -> None:
    document = json.loads(run("--json", "--status", "failed"))
    (short,) = document.pop("runs")
    assert document == {"stage": "dev", "count": 1, "unreadable": []}
    told = {name: short[name] for name in ("job", "status", "duration_seconds", "attempt", "usd", "class", "replays")}
    assert told == {
        "job": OTHER,
        "status": "FAILED",
        "duration_seconds": 1800.0,
        "attempt": 2,
        "usd": 0.0,
        "class": "capacity_shortage",
        "replays": "first",
    }


def test_what_is_wrong_with_entries_is_said_in_a_word(stage: Stage) -> None:
    stage.execute("lost", hours=1)
    stage.write("lost", "RUNNING", hours=1)
    stage.execute("torn", hours=2)
    stage.tear("torn", started=hours_ago(2).isoformat(), status="NONSENSE")
    stage.tear("alone", started=hours_ago(2_400).isoformat(), form=7)
    shown = run()
    assert [line.split()[-1:] for line in shown.splitlines() if JOB in line and "2026" in line] == [
        ["open"],
        ["unreadable"],
    ]
    for part in (
        "lost: its end is not in the ledger",
        "torn: the entry of torn (pricing-summary) cannot be read: status",
        "unreadable: the entry of alone (pricing-summary) has the form 7",
    ):
        assert part in shown
    document = json.loads(run("--json"))
    assert [each["ledger"] for each in document["runs"]] == ["left open", "unreadable"]
    assert len(document["unreadable"]) == 1


def test_a_pipe_gets_whole_lines_and_a_narrow_terminal_whole_names(
    three: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert f"short   {OTHER}" in run()
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, width=80)
    monkeypatch.setattr("scripts.runs.table.wide_console", lambda: console)
    run()
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["run", "status", "started", "(UTC)", "duration", "attempt", "usd", "class"]
    assert [line.split()[:2] for line in lines if "2026" in line][1] == ["short", "FAILED"]


def test_that_there_is_more_is_said(three: Stage) -> None:
    assert "The first 2; --limit 0 shows all." in run("--limit", "2")
    assert "The first" not in run("--limit", "5")


def test_every_status_can_be_asked_for() -> None:
    assert [status.value for status in Status] == list(get_args(RunStatus))


def test_none(stage: Stage) -> None:
    assert run() == "no such run of stage dev\n"
    assert listed() == []


def test_a_time_that_is_none_is_refused(stage: Stage) -> None:
    done = CliRunner().invoke(app, ["runs", "--since", "yesterday"])
    assert isinstance(done.exception, MomentError)


RECORD: dict[str, Any] = {
    "cause": "The whole cause,\nto its end.",
    "plan": {"receipt": ["Measured: 1 GiB.", "Chosen: 2 x [m7g]."]},
    "phases": {"provisioning_seconds": 390.0},
    "cost": {"total": 0.12},
    "diagnosis": {"failure_class": "application_error"},
    "states": [
        {
            "name": "Plan run",
            "entered": "2026-11-27T11:00:00Z",
            "exited": "2026-11-27T11:00:04Z",
            "outcome": "SUCCEEDED",
        },
        {"name": "Create cluster", "entered": "2026-11-27T11:00:04Z", "exited": None, "outcome": "ABORTED"},
    ],
}


@pytest.fixture
def whole(stage: Stage) -> Stage:
    """A failed replay with all there may be of a run."""
    key = f"runs/{JOB}/first-r3/record.json"
    aws.s3().put_object(Bucket=LOG_BUCKET, Key=key, Body=json.dumps(RECORD).encode())
    clean = LedgerStep(
        name="clean",
        state="KEPT",
        run="first",
        outputs=("s3://d/clean/first/",),
        manifest=f"s3://{LOG_BUCKET}/runs/{JOB}/first/outputs/clean.json",
        objects=3,
        bytes=4_000,
    )
    summarise = LedgerStep(
        name="summarise",
        number=1,
        state="FAILED",
        cluster_id="j-2",
        step_id="s-9",
        outputs=("s3://d/results/",),
        started=hours_ago(0.75),
        ended=hours_ago(0.5),
    )
    stage.both(
        "first-r3",
        attempt=3,
        origin="first",
        replays="first-r2",
        replayed_by=["first-r4"],
        trigger="replay",
        document={"replay": "first-r2"},
        input="s3://d/[in]/",
        version="ab12",
        definition="d1",
        code="c1",
        size="2 x m7g",
        minutes=12.3,
        usd_estimated=0.2,
        usd=0.12,
        cluster_ids=["j-2"],
        steps=[clean, summarise],
        failure_class="application_error",
        failed_state="Run step summarise",
        error="ApplicationError",
        cause="The whole",
        record=f"s3://{LOG_BUCKET}/{key}",
    )
    return stage


def test_all_of_a_run_is_shown(whole: Stage) -> None:
    shown = run("show", "first-r3")
    for part in (
        "first-r3: FAILED",
        "Started: 2026-11-27 11:00:00 UTC\nEnded: 2026-11-27 11:30:00 UTC, after 0:30:00\nTrigger: replay\n",
        "Attempt: 3, a replay of first-r2; the first of the chain is first",
        "Replayed by: first-r4",
        "Input: s3://d/[in]/",
        'Started with: {"replay": "first-r2"}',
        "Versions: definition d1, code c1",
        "Expected: 12 minutes, $0.20",
        "Cost: $0.12",
        "Chosen: 2 x [m7g].",
        "Paid 6.5 minutes: 6.5 starting.",
        "KEPT of first",
        "clean -> s3://d/clean/first/ (3 objects, 4,000 bytes)",
        "summarise -> s3://d/results/ (not proven complete)",
        "ApplicationError in 'Run step summarise', class application_error\nThe whole cause,\nto its end.\n",
        "To run it again: slow-lambda replay first-r3\n",
    ):
        assert part in shown
    states = [
        line.strip().split("  ") for line in shown.splitlines() if line.strip().startswith(("Plan run", "Create "))
    ]
    assert [(state[0].strip(), state[-1].strip()) for state in states] == [
        ("Plan run", "SUCCEEDED"),
        ("Create cluster", "ABORTED"),
    ]


def test_all_of_a_run_as_a_document(whole: Stage) -> None:
    document = json.loads(run("show", "@last", "--json"))
    assert document["plan"] == RECORD["plan"]
    assert document["states"] == RECORD["states"]
    assert document["steps"][1]["step_id"] == "s-9"
    assert (document["schema"], document["attempt"], document["replayed_by"]) == (1, 3, ["first-r4"])
    assert (document["ledger"], document["problems"]) == (None, [])
    assert document["replay"] == "slow-lambda replay first-r3"


@pytest.mark.parametrize(
    ("status", "args", "command"),
    [
        ("SUCCEEDED", [], "To run it again: slow-lambda replay run --all-steps"),
        ("ABORTED", ["--stage", "prod"], "To run it again: slow-lambda replay run --stage prod"),
        ("RUNNING", [], "To follow it: slow-lambda watch run"),
    ],
)
def test_what_to_do_next(stage: Stage, status: str, args: list[str], command: str) -> None:
    stage.both("run", status)
    assert run("show", "run", *args).splitlines()[-1] == command


def test_what_is_left_of_a_job_that_is_not_deployed_any_more(stage: Stage) -> None:
    del stage.deployed.outputs["PricingSummaryStateMachine"]
    stage.write("run", execution=None, record="nonsense")
    shown = run("show", "run", "--job", JOB)
    assert "run: FAILED" in shown
    assert "Note: the record nonsense cannot be read: 'nonsense' has no scheme" in shown


def test_a_run_of_which_only_step_functions_knows(stage: Stage) -> None:
    stage.execute("old", document={"input": "s3://d/y/"})
    shown = run("show", "old")
    assert "Ledger: the ledger has no entry of it" in shown
    assert 'Started with: {"input": "s3://d/y/"}' in shown


@pytest.mark.parametrize(
    ("body", "says"),
    [(None, "is gone; the log bucket keeps records for 400 days"), (b"{", "cannot be read"), (b"[]", "no JSON object")],
)
def test_a_record_that_is_no_more(stage: Stage, body: bytes | None, says: str) -> None:
    if body is not None:
        aws.s3().put_object(Bucket=LOG_BUCKET, Key="record.json", Body=body)
    stage.both("run", record=f"s3://{LOG_BUCKET}/record.json")
    shown = run("show", "run")
    assert f"Note: the record s3://{LOG_BUCKET}/record.json" in shown
    assert says in shown
