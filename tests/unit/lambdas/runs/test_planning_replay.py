"""What `plan_run` makes of `{"replay": ...}`: against a ledger, inputs and outputs in moto."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws
from lambdas.inputs.errors import RejectionError
from lambdas.ledger.entry import LedgerStep
from lambdas.ledger.open import open_entry
from lambdas.ledger.outputs import freeze_outputs, outputs_manifest
from lambdas.ledger.store import count_replays, read_entry, write_entry
from lambdas.replays.errors import ReplayStillRunningError
from lambdas.replays.past import claim
from lambdas.replays.preview import preview
from lambdas.runs import learning, planning
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Plan
from lambdas.runs.planning import make_plan
from lambdas.settings import load_settings
from lambdas.specs import code_prefix, load_cluster, load_job
from tests.unit.lambdas.history.entries import NOW

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOB = """\
name: count
description: Cleans and counts.
cluster: spark
input: s3://${data_bucket}/in/
triggers:
  - object_created: {suffix: .csv, input: object}
steps:
  - name: clean
    script: count.py
    args: [<< input >>, << output >>]
    output: s3://${data_bucket}/clean/<< run_id >>/
    timeout: 90m
  - name: count
    script: count.py
    args: [<< output.clean >>, << output >>]
    output: s3://${data_bucket}/counts/<< run_id >>/
    timeout: 30m
limits: {max_nodes: 10}
"""


@pytest.fixture(autouse=True)
def _specs_of_the_test(monkeypatch: pytest.MonkeyPatch, specs: Path) -> None:
    (specs / "jobs/count/job.yml").write_text(JOB)
    monkeypatch.setattr(planning, "load_job", lambda name: load_job(name, specs))
    monkeypatch.setattr(planning, "load_cluster", lambda name: load_cluster(name, specs))
    for module in (planning, learning):
        monkeypatch.setattr(module, "code_prefix", lambda name: code_prefix(name, specs))


def event(document: Any, run: str) -> PlanEvent:
    execution = {"id": f"arn:{run}", "name": run, "started": NOW.isoformat()}
    return PlanEvent.model_validate({"job": "count", "execution": execution, "input": document, "definition": "abc"})


def plan(s3: "S3Client", document: Any, run: str = "run-1") -> Plan:
    """Plan a run and open its entry, as the Lambda does."""
    asked = event(document, run)
    made = make_plan(asked, load_settings(), s3, aws.dynamodb(), NOW)
    open_entry(aws.dynamodb(), "the-runs", made, asked)
    return made


def end(s3: "S3Client", made: Plan, *completed: str, **fields: Any) -> None:
    """Let a run fail after some steps, whose outputs are there and proven."""
    steps = []
    for step in made.steps:
        if step.name in completed:
            (output,) = step.outputs
            s3.put_object(Bucket="the-data", Key=f"{output.removeprefix('s3://the-data/')}part-0", Body=b"done")
            manifest = outputs_manifest("the-logs", "count", made.run, step.name)
            version = freeze_outputs(s3, step.outputs, manifest).version
            steps.append(
                LedgerStep(name=step.name, state="COMPLETED", outputs=(output,), manifest=manifest, version=version)
            )
    record = f"runs/count/{made.run}/record.json"
    body = json.dumps({"plan": made.as_document()}).encode()
    s3.put_object(Bucket="the-logs", Key=record, Body=body)
    ended = {"status": "FAILED", "steps": steps, "record": f"s3://the-logs/{record}", **fields}
    write_entry(aws.dynamodb(), "the-runs", "count", made.run, ended)


@pytest.fixture
def failed(deployment: "S3Client") -> Plan:
    """A run that has failed in its second step."""
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    made = plan(deployment, {})
    end(deployment, made, "clean")
    return made


def own(made: Plan, step: str) -> list[str]:
    return next(each.args[-2:] for each in made.steps if each.name == step)


def test_a_replay_takes_over_what_was_completed(deployment: "S3Client", failed: Plan) -> None:
    made = plan(deployment, {"replay": "run-1"}, "run-1-r2")
    assert (made.done, made.steps_left) == (["clean"], ["count"])
    assert own(made, "count") == ["s3://the-data/clean/run-1/", "s3://the-data/counts/run-1-r2/"]
    assert own(made, "clean") == ["s3://the-data/in/", "s3://the-data/clean/run-1-r2/"]
    (kept,) = made.kept
    assert (kept.name, kept.run, kept.outputs) == ("clean", "run-1", ["s3://the-data/clean/run-1/"])
    assert made.replay is not None
    assert (made.replay.run, made.replay.origin, made.replay.attempt) == ("run-1", "run-1", 2)
    assert made.replay.why[0] == "'clean' is kept: run-1 completed it, and the object it wrote is there unchanged."
    assert (made.trigger, made.definition, made.version, made.code) == ("replay", "abc", failed.version, failed.code)
    assert made.receipt[-1].startswith("Replay: 1 of 2 steps run, count; ")


def test_a_replay_of_a_replay(deployment: "S3Client", failed: Plan) -> None:
    end(deployment, plan(deployment, {"replay": "run-1"}, "anything"))
    made = plan(deployment, {"replay": "anything"}, "something")
    assert own(made, "count")[0] == "s3://the-data/clean/run-1/"
    assert made.replay is not None
    assert (made.replay.run, made.replay.origin, made.replay.attempt) == ("anything", "run-1", 3)
    assert made.kept[0].run == "run-1"
    root = read_entry(aws.dynamodb(), "the-runs", "count", "run-1")
    assert root is not None
    assert set(root.replayed_by) == {"anything", "something"}


def test_a_replay_of_one_that_was_rejected_replays_what_that_would_have(deployment: "S3Client", failed: Plan) -> None:
    rejected = event({"replay": "run-1"}, "run-1-r2")
    open_entry(aws.dynamodb(), "the-runs", None, rejected)
    write_entry(aws.dynamodb(), "the-runs", "count", "run-1-r2", {"status": "FAILED"})
    made = plan(deployment, {"replay": "run-1-r2"}, "run-1-r3")
    assert made.replay is not None
    assert (made.replay.run, made.replay.attempt, made.done) == ("run-1", 3, ["clean"])


def test_an_input_that_has_changed_is_read_anew(deployment: "S3Client", failed: Plan) -> None:
    deployment.put_object(Bucket="the-data", Key="in/b.csv", Body=b"y")
    made = plan(deployment, {"replay": "run-1"}, "run-1-r2")
    assert (made.done, made.kept) == ([], [])
    assert made.replay is not None
    assert made.replay.why[-1] == "The input has changed: since run-1 read it, 1 added (s3://the-data/in/b.csv)."
    end(deployment, made)
    assert rejection(deployment, {"replay": "run-1", "from_step": "count"}, "run-1-r3")[0] == "ReplayInputChanged"


def test_a_named_version_does_not_bind_a_replay(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")
    version = plan(deployment, {}, "run-0").version
    end(deployment, plan(deployment, {"input": "s3://the-data/in/", "version": version}))
    deployment.put_object(Bucket="the-data", Key="in/b.csv", Body=b"y")
    assert plan(deployment, {"replay": "run-1"}, "run-1-r2").measured.files == 2


def test_an_object_of_an_event_is_looked_at_again(deployment: "S3Client") -> None:
    etag = deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"x")["ETag"].strip('"')
    detail = {"bucket": {"name": "the-data"}, "object": {"key": "in/a.csv", "size": 1, "etag": etag}}
    created = {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    end(deployment, plan(deployment, created), "clean")
    made = plan(deployment, {"replay": "run-1"}, "run-1-r2")
    assert (made.done, made.input) == (["clean"], "s3://the-data/in/a.csv")
    end(deployment, made)
    deployment.put_object(Bucket="the-data", Key="in/a.csv", Body=b"other")
    made = plan(deployment, {"replay": "run-1"}, "run-1-r3")
    assert (made.done, made.measured.bytes) == ([], 5)


def test_what_else_may_be_asked_for(deployment: "S3Client", failed: Plan) -> None:
    assert plan(deployment, {"replay": "run-1", "all_steps": True}, "run-1-r2").done == []
    write_entry(aws.dynamodb(), "the-runs", "count", "run-1-r2", {"status": "FAILED"})
    assert plan(deployment, {"replay": "run-1", "from_step": "count"}, "run-1-r3").done == ["clean"]
    write_entry(aws.dynamodb(), "the-runs", "count", "run-1-r3", {"status": "FAILED"})
    deployment.put_object(Bucket="the-data", Key="other/b.csv", Body=b"y")
    made = plan(deployment, {"replay": "run-1", "input": "s3://the-data/other/"}, "run-1-r4")
    assert (made.input, made.done) == ("s3://the-data/other/", [])
    end(deployment, made, "clean")
    made = plan(deployment, {"replay": "run-1-r4"}, "run-1-r5")
    assert (made.input, made.done) == ("s3://the-data/other/", ["clean"])


def test_a_preview_is_the_plan_and_writes_nothing(deployment: "S3Client", failed: Plan) -> None:
    asked = event({"replay": "run-1"}, "run-1-r2")
    shown = preview(asked, load_settings(), deployment, aws.dynamodb(), NOW)
    assert not deployment.list_objects_v2(Bucket="the-logs", Prefix="runs/count/run-1-r2/").get("Contents")
    assert read_entry(aws.dynamodb(), "the-runs", "count", "run-1-r2") is None
    assert shown == plan(deployment, {"replay": "run-1"}, "run-1-r2")


def rejection(s3: "S3Client", document: Any, run: str = "run-1-r2") -> tuple[str, str]:
    with pytest.raises(RejectionError) as caught:
        make_plan(event(document, run), load_settings(), s3, aws.dynamodb(), NOW)
    assert not s3.list_objects_v2(Bucket="the-logs", Prefix=f"runs/count/{run}/").get("Contents")
    return caught.value.error, str(caught.value)


def status(run: str, status: str) -> None:
    write_entry(aws.dynamodb(), "the-runs", "count", run, {"status": status})


def test_a_run_that_has_not_ended(deployment: "S3Client", failed: Plan) -> None:
    status("run-1", "RUNNING")
    error, cause = rejection(deployment, {"replay": "run-1"})
    assert error == "ReplayStillRunning"
    assert "wait for its end, or stop it first" in cause
    status("run-1", "FAILED")
    plan(deployment, {"replay": "run-1"}, "run-1-r2")
    assert "run-1-r2, which replays it, is running" in rejection(deployment, {"replay": "run-1"}, "run-1-r3")[1]
    # plan_run is tried again with the same execution, whose entry the first try may have opened.
    assert plan(deployment, {"replay": "run-1"}, "run-1-r2").done == ["clean"]


@pytest.mark.parametrize("before", [0, 1])
def test_of_two_replays_that_do_not_see_each_other_one_goes_on(
    deployment: "S3Client", failed: Plan, before: int
) -> None:
    dynamodb = aws.dynamodb()
    for number in range(before):
        end(deployment, plan(deployment, {"replay": "run-1"}, f"earlier-{number}"))
    one, other = (
        make_plan(event({"replay": "run-1"}, run), load_settings(), deployment, dynamodb, NOW)
        for run in ("one", "other")
    )
    claim(other, dynamodb, "the-runs")
    with pytest.raises(ReplayStillRunningError, match="another replay of run-1 was begun at the same time"):
        claim(one, dynamodb, "the-runs")
    claim(other, dynamodb, "the-runs")  # plan_run is tried again
    entry = read_entry(dynamodb, "the-runs", "count", "run-1")
    assert entry is not None
    assert [name for name in entry.replayed_by if not name.startswith("earlier")] == ["other"]


def test_a_run_without_an_entry_is_not_claimed(deployment: "S3Client", failed: Plan) -> None:
    aws.dynamodb().delete_item(TableName="the-runs", Key={"job": {"S": "count"}, "run": {"S": "run-1"}})
    assert count_replays(aws.dynamodb(), "the-runs", "count", "run-1") is None
    claim(failed, aws.dynamodb(), "the-runs")
    assert read_entry(aws.dynamodb(), "the-runs", "count", "run-1") is None


def test_a_run_that_has_succeeded(deployment: "S3Client", failed: Plan) -> None:
    status("run-1", "SUCCEEDED")
    assert "run-1 has succeeded; to run it again ask for" in rejection(deployment, {"replay": "run-1"})[1]
    status("run-1", "FAILED")
    plan(deployment, {"replay": "run-1"}, "run-1-r2")
    status("run-1-r2", "SUCCEEDED")
    error, cause = rejection(deployment, {"replay": "run-1"}, "run-1-r3")
    assert error == "ReplayAlreadySucceeded"
    assert "run-1 was replayed by run-1-r2, which has succeeded" in cause
    assert plan(deployment, {"replay": "run-1", "from_step": "count"}, "run-1-r3").done == ["clean"]


def test_a_run_that_nobody_knows(deployment: "S3Client", failed: Plan) -> None:
    error, cause = rejection(deployment, {"replay": "run-9"})
    assert error == "ReplayUnknownRun"
    assert "slow-lambda runs --job count" in cause
    write_entry(aws.dynamodb(), "the-runs", "pricing-summary", "run-9", {"started": NOW, "status": "FAILED"})
    assert rejection(deployment, {"replay": "run-9"}) == (
        "ReplayOtherJob",
        "'run-9' is a run of the job 'pricing-summary'; replay it with that job",
    )
    assert rejection(deployment, {"replay": ["run-1"]})[0] == "ReplayInvalid"


def test_an_entry_that_is_torn(deployment: "S3Client", failed: Plan) -> None:
    key = {"job": {"S": "count"}, "run": {"S": "run-1"}}
    aws.dynamodb().put_item(TableName="the-runs", Item={**key, "step#clean": {"S": "{"}})
    error, cause = rejection(deployment, {"replay": "run-1"})
    assert error == "ReplayEntryTorn"
    assert '{"replay": "run-1", "all_steps": true, "input": ' in cause
    made = plan(deployment, {"replay": "run-1", "input": "s3://the-data/in/"}, "run-1-r2")
    assert made.replay is not None
    assert (made.replay.origin, made.done) == ("run-1", [])


def test_an_entry_of_before_there_were_replays(deployment: "S3Client", failed: Plan) -> None:
    item = {"job": "count", "run": "old", "status": "FAILED", "started": NOW.isoformat(), "input": "s3://the-data/in/"}
    aws.dynamodb().put_item(TableName="the-runs", Item={name: {"S": value} for name, value in item.items()})
    error, cause = rejection(deployment, {"replay": "old"})
    assert error == "ReplayInputUnknown"
    assert '(it read s3://the-data/in/); name it, as in {"replay": "old", "input": ' in cause
    assert plan(deployment, {"replay": "old", "input": "s3://the-data/in/"}, "old-r2").done == []


def test_a_run_that_failed_after_its_work(deployment: "S3Client", failed: Plan) -> None:
    end(deployment, failed, "clean", "count")
    assert rejection(deployment, {"replay": "run-1"})[0] == "ReplayNothingToDo"
    assert plan(deployment, {"replay": "run-1", "all_steps": True}, "run-1-r2").done == []


def test_more_memory_after_a_lack_of_it(deployment: "S3Client", failed: Plan) -> None:
    end(deployment, failed, failure_class="executor_out_of_memory")
    made = plan(deployment, {"replay": "run-1"}, "run-1-r2")
    per_task = [each.size.executor_memory_mib // each.size.executor_cores for each in (failed, made)]
    assert per_task[1] > per_task[0]
    assert "Replay: run-1 ran out of executor memory on 1 x" in made.receipt[-1]
    end(deployment, made, failure_class="driver_out_of_memory")
    driver = plan(deployment, {"replay": "run-1-r2"}, "run-1-r3")
    assert driver.size.driver_memory_mib > made.size.driver_memory_mib


def test_a_size_that_was_asked_for(deployment: "S3Client", failed: Plan) -> None:
    end(deployment, failed, failure_class="executor_out_of_memory")
    size = {"instance_type": "m7g.2xlarge", "workers": 4}
    made = plan(deployment, {"replay": "run-1", "size": size}, "run-1-r2")
    assert (made.size.core.instance_type, made.size.workers) == ("m7g.2xlarge", 4)
    assert "Replay: 4 x m7g.2xlarge was asked for." in made.receipt


def test_faster_after_a_timeout(deployment: "S3Client", failed: Plan) -> None:
    end(deployment, failed, failure_class="timeout", failed_state="Run step count")
    made = plan(deployment, {"replay": "run-1"}, "run-1-r2")
    assert made.size.vcpus > failed.size.vcpus
    assert made.reasons is not None
    assert made.reasons.deadline_seconds is not None
    assert any("did not end within 2 h" in line for line in made.receipt)


def test_a_record_that_is_gone_is_no_obstacle(deployment: "S3Client", failed: Plan) -> None:
    end(deployment, failed, failure_class="executor_out_of_memory", record="s3://the-logs/gone.json")
    assert plan(deployment, {"replay": "run-1"}, "run-1-r2").size == failed.size
