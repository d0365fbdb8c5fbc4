"""``slow-lambda replay`` on moto's Step Functions, DynamoDB and S3."""

import datetime
import json
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from lambdas import aws
from lambdas.inputs.errors import RejectionError
from lambdas.ledger.store import write_entry
from scripts import deployment
from scripts.deployment import Deployment, DeploymentError
from scripts.ledger.errors import RunUnknownError
from scripts.replay import replay
from scripts.replaying import modes
from scripts.replaying.campaign import CampaignError
from scripts.replaying.errors import ReplayRefusedError
from scripts.replaying.events import EventPlan, EventReplay, Rule
from tests.unit.replaying.conftest import TABLE
from tests.unit.replaying.support import JOB

app = typer.Typer()
app.command()(replay)

_ROLE = "arn:aws:iam::123456789012:role/machine"
_DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})


class Stage:
    """A deployment of one job, whose executions run until they are stopped."""

    def __init__(self) -> None:
        self.sfn = aws.stepfunctions()
        self.machine = self.sfn.create_state_machine(name=JOB, definition=_DEFINITION, roleArn=_ROLE)["stateMachineArn"]
        for bucket in ("data", "log", "code"):
            aws.s3().create_bucket(Bucket=bucket)
        aws.s3().put_object(Bucket="data", Key="landing/tpch/lineitem/1.csv", Body=b"1,2\n")

    def executed(self, run: str, *, ends: bool = True, document: str = "{}") -> dict[str, Any]:
        started = self.sfn.start_execution(stateMachineArn=self.machine, name=run, input=document)
        if ends:
            self.sfn.stop_execution(executionArn=started["executionArn"])
        return {"execution": started["executionArn"], "started": started["startDate"]}

    def failed(self, run: str, *, is_known: bool = True, **fields: Any) -> None:
        """Let a run fail; without ``is_known`` Step Functions has forgotten it."""
        execution = self.executed(run)
        if not is_known:
            execution |= {"execution": f"{execution['execution']}-gone"}
        entry = {
            "status": "FAILED",
            **execution,
            "document": {},
            "trigger": "manual",
            "failure_class": "capacity_shortage",
            "usd_estimated": 1.5,
        }
        write_entry(aws.dynamodb(), TABLE, JOB, run, {**entry, **fields})

    def running(self) -> dict[str, Any]:
        """Return the inputs of the executions that run, by name."""
        found = self.sfn.list_executions(stateMachineArn=self.machine, statusFilter="RUNNING")["executions"]
        described = (self.sfn.describe_execution(executionArn=each["executionArn"]) for each in found)
        return {each["name"]: json.loads(each["input"]) for each in described}


@pytest.fixture
def stage(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("COLUMNS", "200")
    made = Stage()
    outputs = {"RunTable": TABLE, "DataBucket": "data", "LogBucket": "log", "CodeBucket": "code"}
    found = Deployment("dev", {**outputs, "PricingSummaryStateMachine": made.machine})
    monkeypatch.setattr(deployment, "find", lambda _: found)
    return made


def run(*args: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, args)
    assert done.exit_code == status, done.output + repr(done.exception)
    return done.stdout


def error_of(*args: str) -> BaseException:
    error = CliRunner().invoke(app, args).exception
    assert error is not None
    return error


def test_failed_runs_are_shown_by_cause_with_their_price_and_nothing_is_done(stage: Stage) -> None:
    stage.failed("a")
    stage.failed("b", usd_estimated=None)
    stage.failed("c", failure_class="application_error")
    stage.failed("d", failure_class="timeout")
    document = json.loads(run("--failed", "--dry-run", "--json"))
    assert document["groups"] == [
        {"job": JOB, "cause": "CapacityShortage", "runs": 2, "usd": 1.5},
        {"job": JOB, "cause": "Timeout", "runs": 1, "usd": 1.5},
    ]
    assert (document["count"], document["usd_recorded_estimates"], document["without_price"]) == (3, 3.0, 1)
    (left_out,) = document["left_out"]
    assert (left_out["run"], left_out["cause"]) == ("c", "ApplicationError")
    shown = run("--failed", "--dry-run")
    for part in ("3 runs to replay, $3.00, and 1 run of unknown price: the sum of", "fails again on the same data"):
        assert part in shown
    assert stage.running() == {}
    assert aws.dynamodb().scan(TableName=TABLE)["Count"] == 4


def test_without_a_terminal_nothing_is_started_unless_that_was_said(stage: Stage) -> None:
    stage.failed("a")
    for args in (["--failed"], ["a"]):
        assert isinstance(error_of(*args), ReplayRefusedError)
    assert stage.running() == {}


def test_failed_runs_are_started_once(stage: Stage) -> None:
    stage.failed("a")
    stage.failed("b")
    document = json.loads(run("--failed", "--yes", "--json"))
    assert [each["state"] for each in document["campaign"]["members"]] == ["STARTED"] * 2
    assert stage.running() == {"a-r2": {"replay": "a"}, "b-r2": {"replay": "b"}}
    again = run("--failed", "--yes")
    assert "Nothing to replay" in again
    assert "a replay of it is running" in again
    assert len(stage.running()) == 2


def test_a_budget_stops_and_is_raised(stage: Stage) -> None:
    for name in ("a", "b", "c"):
        stage.failed(name)
    stage.failed("d", usd_estimated=None)
    shown = run("--failed", "--yes", "--max-usd", "3")
    assert "The next one would pass $3.00: 1 run left, $1.50" in shown
    assert "nobody knows what it costs" in shown
    assert set(stage.running()) == {"a-r2", "b-r2"}
    assert "3 of 3 runs started." in run("--resume", "--yes", "--max-usd", "9")
    assert set(stage.running()) == {"a-r2", "b-r2", "c-r2"}
    assert "3 of 3 runs started." in run("--resume")


def test_a_deleted_machine_is_said_and_another_jobs_runs_go_on(stage: Stage) -> None:
    stage.failed("a")
    stage.sfn.delete_state_machine(stateMachineArn=stage.machine)
    done = run("--failed", "--yes", status=1)
    assert "1 run of pricing-summary could not be started (a)" in done
    assert "does not exist any more; deploy the stage again" in done
    assert "To go on: slow-lambda replay --resume" in done


def test_runs_that_are_torn_left_open_or_unknown_to_the_ledger(stage: Stage) -> None:
    stage.failed("torn", cluster_ids=None)
    aws.dynamodb().update_item(
        TableName=TABLE,
        Key={"job": {"S": JOB}, "run": {"S": "torn"}},
        UpdateExpression="SET attempt = :text",
        ExpressionAttributeValues={":text": {"S": "many"}},
    )
    open_ = stage.executed("open")
    write_entry(aws.dynamodb(), TABLE, JOB, "open", {**open_, "status": "RUNNING", "document": {}, "trigger": "manual"})
    stage.executed("old")
    document = json.loads(run("--failed", "--force", "--yes", "--json"))
    assert {each["run"] for each in document["runs"]} == {"open", "old"}
    (torn,) = document["left_out"]
    assert (torn["run"], torn["why"]) == ("torn", "its entry in the ledger cannot be read")
    assert set(stage.running()) == {"open-r2", "old-r2"}
    statuses = {
        item["run"]["S"]: item["status"]["S"]
        for item in aws.dynamodb().scan(TableName=TABLE)["Items"]
        if item["job"]["S"] == JOB
    }
    # What plan_run reads of them tells that they are over.
    assert (statuses["open"], statuses["old"]) == ("ABORTED", "ABORTED")


def test_where_step_functions_may_not_be_asked_the_ledger_must_do(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.failed("a")
    refused: Any = {"Error": {"Code": "AccessDeniedException", "Message": "states:ListExecutions"}}

    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError(refused, "ListExecutions")

    monkeypatch.setattr("scripts.ledger.executions.list_executions", refuse)
    document = json.loads(run("--failed", "--dry-run", "--json"))
    assert [each["run"] for each in document["runs"]] == ["a"]
    (problem,) = document["problems"]
    assert "only what the ledger has is looked at: not permitted (states:ListExecutions)" in problem


def test_a_replay_that_was_rejected_stands_for_the_run_it_was_to_replay(stage: Stage) -> None:
    stage.failed("a")
    stage.failed("a-r2", document={"replay": "a", "size": {}}, replays="a", failure_class=None, error="ReplaySize")
    document = json.loads(run("a-r2", "--dry-run", "--json"))
    assert (document["run"], document["replay"]) == ("a", "a-r3")
    assert "a-r2 was rejected before it ran" in run("a-r2", "--dry-run")
    assert json.loads(run("--failed", "--force", "--yes", "--json"))["count"] == 1
    assert stage.running() == {"a-r3": {"replay": "a"}}


def test_a_run_that_step_functions_has_forgotten_is_replayed_from_the_ledger(stage: Stage) -> None:
    stage.failed("a", is_known=False)
    assert json.loads(run("a", "--dry-run", "--json"))["runs"] == ["clean", "summarise"]
    assert json.loads(run("--failed", "--yes", "--json"))["campaign"]["stopped"] == "done"
    assert "a-r2" in stage.running()


def test_one_is_shown_asked_for_and_started_once(stage: Stage) -> None:
    stage.failed("a")
    document = json.loads(run("a", "--all-steps", "--dry-run", "--json"))
    assert (document["replay"], document["cause"], document["execution"]) == ("a-r2", "CapacityShortage", None)
    assert (document["keeps"], document["runs"]) == ([], ["clean", "summarise"])
    assert document["usd"] > 0
    assert stage.running() == {}
    shown = run("@last-failed", "--yes", "--no-watch")
    for part in ("a (pricing-summary): FAILED, CapacityShortage", "run   clean, summarise", "'clean' runs: "):
        assert part in shown
    assert stage.running() == {"a-r2": {"replay": "a"}}
    again = json.loads(run("a", "--yes", "--json"))
    assert (again["replay"], list(stage.running())) == ("a-r2", ["a-r2"])


def test_what_is_asked_for_reaches_the_execution(stage: Stage) -> None:
    stage.failed("a")
    other = "s3://data/landing/tpch/lineitem/"
    document = json.loads(run("a", "--input", other, "--size", "m7g.xlarge:2", "--dry-run", "--json"))
    assert document["input"] == {
        "replay": "a",
        "input": other,
        "size": {"instance_type": "m7g.xlarge", "workers": 2},
    }
    assert "start from step 'clean'" in str(error_of("a", "--from-step", "clean", "--dry-run"))


def test_a_run_that_goes_on_or_is_unknown_is_said(stage: Stage) -> None:
    execution = stage.executed("a", ends=False)
    write_entry(
        aws.dynamodb(), TABLE, JOB, "a", {**execution, "status": "RUNNING", "document": {}, "trigger": "manual"}
    )
    error = error_of("a", "--yes")
    assert isinstance(error, RejectionError)
    assert "running" in str(error)
    assert isinstance(error_of("nobody"), RunUnknownError)
    assert isinstance(error_of("--failed", "--job", "nobody"), DeploymentError)
    assert isinstance(error_of("--resume"), CampaignError)


def test_events_are_shown_and_sent(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Rule("slow-lambda-dev-pricing-summary-0", "arn", enabled=True)
    sent: list[EventPlan] = []

    def plan(_: Deployment, since: datetime.datetime, until: datetime.datetime) -> EventPlan:
        return EventPlan("kept", "arn", "bus", "ENABLED", 12, 3_456, since, until, (rule,), ("a note",))

    def send(planned: EventPlan, progress: Any) -> EventReplay:
        sent.append(planned)
        progress(EventReplay("again", "RUNNING"))
        return EventReplay("again", "FAILED" if len(sent) > 1 else "COMPLETED", "of some reason")

    monkeypatch.setattr(modes, "plan_events", plan)
    monkeypatch.setattr(modes, "replay_events", send)
    window = ("--events", "--since", "2026-11-26", "--until", "2026-11-27")
    shown = run(*window, "--dry-run")
    for part in ("12 events of 3,456 bytes in all", rule.name, "! a note"):
        assert part in shown
    assert json.loads(run(*window, "--dry-run", "--json"))["replay"] is None
    assert not sent
    assert "again: COMPLETED" in run(*window, "--yes")
    assert json.loads(run(*window, "--yes", "--json", status=1))["replay"]["state"] == "FAILED"
    assert (sent[0].since.day, sent[0].until.day) == (26, 27)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["a", "--failed"],
        ["--failed", "--events"],
        ["--failed", "--all-steps"],
        ["a", "--since", "24h"],
        ["a", "--max-usd", "3"],
        ["--resume", "--dry-run"],
        ["--events", "--job", "a"],
        ["a", "--size", "large"],
        ["a", "--input", "s3://b/", "--manifest", "s3://b/c"],
        ["--failed", "--class", "Sloth"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_refused(stage: Stage, args: list[str]) -> None:
    run(*args, status=2)
