"""From a cluster of the engine to what the next sizing reads."""

import datetime
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws, record_run
from lambdas.history.entry import HistoryEntry, make_entry
from lambdas.history.store import recent_history
from lambdas.runs.events import RecordEvent
from lambdas.runs.plan import Plan
from lambdas.runs.record import RunRecord
from lambdas.runs.recording import make_record
from lambdas.specs import Catalogue
from scripts.local.emr.durations import BOOTSTRAP_SECONDS, PROVISION_SECONDS
from scripts.local.emr.faults import CapacityShortage, SpotLoss
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.unit.lambdas.emr import ARN, START, Emr, fleet
from tests.unit.lambdas.history.logs import log, task
from tests.unit.lambdas.plans import a_plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOB = "pricing-summary"
CODE = f"jobs/{JOB}/0123456789ab/"
STEP_SECONDS = 600
READY_SECONDS = PROVISION_SECONDS + BOOTSTRAP_SECONDS
FLEETS = [fleet("MASTER"), fleet("CORE", instance_type="m6g.xlarge"), fleet("TASK", "SPOT", "r6g.xlarge")]


def a_job_plan(**changes: Any) -> Plan:
    """Return a plan whose steps name their code."""
    plan = a_plan()
    steps = [
        step.model_copy(update={"args": ["spark-submit", f"s3://the-code/{CODE}{step.name}.py"]}) for step in plan.steps
    ]
    return plan.model_copy(update={"job": JOB, "steps": steps, **changes})


def event(cluster_id: str | None, plan: Plan | None, **changes: Any) -> dict[str, Any]:
    return {
        "job": JOB,
        "execution": {"id": ARN, "name": "run-1", "started": START.isoformat()},
        "plan": plan.as_document() if plan else None,
        "cluster_id": cluster_id,
        **changes,
    }


def run(emr: Emr, steps: Sequence[str] = ("clean", "summarise"), fleets: Sequence[dict[str, Any]] = FLEETS) -> str:
    """Run the steps to their end on a cluster, and end it."""
    emr.script.update({name: ScriptedStep(STEP_SECONDS) for name in steps if name not in emr.script})
    cluster_id = emr.run(fleets=fleets, steps=steps)
    emr.clock.sleep(7200)
    emr.end(cluster_id)
    return cluster_id


def record(emr: Emr, catalogue: Catalogue, cluster_id: str | None, plan: Plan | None, **changes: Any) -> RunRecord:
    asked = RecordEvent.model_validate(event(cluster_id, plan, **changes))
    return make_record(asked, emr.client, catalogue, emr.now())


def entry_of(found: RunRecord, catalogue: Catalogue) -> HistoryEntry:
    entry = make_entry(found, "sql", catalogue)
    assert entry is not None
    return entry


def test_a_run_in_its_figures(emr: Emr, catalogue: Catalogue) -> None:
    plan = a_job_plan()
    planned = plan.estimate.model_copy(update={"runtime_seconds": 900.0})
    found = record(emr, catalogue, run(emr), plan.model_copy(update={"estimate": planned}))
    entry = entry_of(found, catalogue)
    core, spot = catalogue.get("m6g.xlarge"), catalogue.get("r6g.xlarge")
    assert (entry.job, entry.run, entry.job_class, entry.started, entry.unfit) == (JOB, "run-1", "sql", START, None)
    assert (entry.data_bytes, entry.code, entry.predicted_seconds) == (plan.measured.bytes, CODE, 900.0)
    assert (entry.nodes, entry.nodes_requested, entry.spot_lost) == (2.0, plan.size.workers, 0)
    assert entry.spot_share == 0.5
    assert entry.vcpu == (core.vcpu + spot.vcpu) / 2
    assert entry.memory_gib == (core.memory_gib + spot.memory_gib) / 2
    assert entry.ebs_mbps == (core.ebs_mbps + spot.ebs_mbps) / 2
    assert entry.seconds == 2 * STEP_SECONDS
    assert entry.provisioning_seconds is not None
    assert entry.provisioning_seconds > 60
    assert entry.usd == found.cost.total > 0


def test_the_type_is_that_of_most_workers(emr: Emr, catalogue: Catalogue) -> None:
    three = {**fleet("TASK", "SPOT", "r6g.xlarge"), "TargetSpotCapacity": 3}
    entry = entry_of(record(emr, catalogue, run(emr, fleets=[*FLEETS[:2], three]), a_job_plan()), catalogue)
    assert (entry.instance_type, entry.nodes, entry.spot_share) == ("r6g.xlarge", 4.0, 0.75)


def test_groups_have_workers_too(emr: Emr, catalogue: Catalogue) -> None:
    emr.script.update({name: ScriptedStep(STEP_SECONDS) for name in ("clean", "summarise")})
    roles = (("MASTER", 1), ("CORE", 3))
    groups = [{"InstanceRole": role, "InstanceType": "m6g.xlarge", "InstanceCount": count} for role, count in roles]
    steps = [
        {"Name": name, "ActionOnFailure": "CONTINUE", "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["x"]}}
        for name in ("clean", "summarise")
    ]
    instances = {"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True}
    asked = {"Name": "groups", "Instances": instances, "Steps": steps}
    cluster_id = str(emr.engine.call("RunJobFlow", asked)["JobFlowId"])
    emr.clock.sleep(7200)
    assert entry_of(record(emr, catalogue, cluster_id, a_job_plan()), catalogue).nodes == 3.0


def test_spot_that_was_taken_back(emr: Emr, catalogue: Catalogue) -> None:
    emr.faults.spot_losses.append(SpotLoss(after_seconds=READY_SECONDS + STEP_SECONDS, role="TASK"))
    emr.script.update({name: ScriptedStep(STEP_SECONDS) for name in ("clean", "summarise")})
    cluster_id = emr.run(fleets=FLEETS, steps=["clean", "summarise"])
    emr.clock.sleep(600)
    emr.faults.shortages.append(CapacityShortage(market="SPOT"))  # nothing comes in place of what is lost
    emr.clock.sleep(3600)
    entry = entry_of(record(emr, catalogue, cluster_id, a_job_plan()), catalogue)
    assert (entry.unfit, entry.spot_lost) == (None, 1)
    assert entry.nodes == pytest.approx(1.5)


def test_runs_that_teach_nothing_of_the_run_time_are_kept_with_the_reason(emr: Emr, catalogue: Catalogue) -> None:
    resumed = a_job_plan(done=["clean"])
    assert entry_of(record(emr, catalogue, run(emr, ["summarise"]), resumed), catalogue).unfit == "partial"
    retried = a_job_plan(attempt=2)
    assert entry_of(record(emr, catalogue, run(emr), retried), catalogue).unfit == "retried"
    failure = {"state": "Create cluster", "error": "CapacityShortage", "cause": "none"}
    never = entry_of(record(emr, catalogue, None, a_job_plan(), failure=failure), catalogue)
    assert (never.unfit, never.seconds, never.nodes) == ("failed", 0.0, a_job_plan().size.workers)
    emr.script["clean"] = ScriptedStep(60, StepOutcome(succeeded=False))
    assert entry_of(record(emr, catalogue, run(emr), a_job_plan()), catalogue).unfit == "failed"
    ended = emr.run(fleets=FLEETS)
    emr.end(ended)
    assert entry_of(record(emr, catalogue, ended, a_job_plan()), catalogue).unfit == "cancelled"


def test_a_run_that_was_never_planned_teaches_nothing(emr: Emr, catalogue: Catalogue) -> None:
    failure = {"state": "Plan run", "error": "InputEmpty", "cause": "nothing there"}
    assert make_entry(record(emr, catalogue, None, None, failure=failure), None, catalogue) is None


def test_a_recorded_run_is_found_by_the_next_one(deployment: "S3Client", emr: Emr) -> None:
    application = "application_1_0001"
    deployment.put_object(
        Bucket="the-logs",
        Key=f"runs/{JOB}/run-1/eventlog_v2_{application}/events_1_{application}",
        Body=log([task(100, input=5), task(300, input=7)], step="clean"),
    )
    asked = event(run(emr), a_job_plan())
    answer = record_run.handler(asked, None)
    assert answer["status"] == "SUCCEEDED"
    (entry,) = recent_history(aws.dynamodb(), "the-runs", JOB)
    assert (entry.run, entry.unfit, entry.spark.input_bytes, entry.spark.tasks) == ("run-1", None, 12, 2)
    body = deployment.get_object(Bucket="the-logs", Key=f"runs/{JOB}/run-1/record.json")["Body"].read()
    kept = RunRecord.model_validate(json.loads(body))
    assert [(one.application, one.step, one.tasks) for one in kept.spark] == [(application, "clean", 2)]
    assert kept.phases.working_seconds == entry.seconds
    record_run.handler(asked, None)
    assert len(recent_history(aws.dynamodb(), "the-runs", JOB)) == 1


def test_a_run_is_recorded_though_its_logs_cannot_be_read(deployment: "S3Client", emr: Emr) -> None:
    def refuse(**_unused: Any) -> None:
        raise aws.s3().exceptions.ClientError({"Error": {"Code": "AccessDenied"}}, "ListObjectsV2")

    aws.s3().meta.events.register("before-call.s3.ListObjectsV2", refuse)
    assert record_run.handler(event(run(emr), a_job_plan()), None)["status"] == "SUCCEEDED"
    (entry,) = recent_history(aws.dynamodb(), "the-runs", JOB)
    assert entry.spark.tasks == 0


def test_a_record_of_before_there_was_history_can_still_be_read(emr: Emr, catalogue: Catalogue) -> None:
    document = record(emr, catalogue, run(emr), a_job_plan()).as_document()
    for name in ("phases", "workers", "spark"):
        del document[name]
    old = RunRecord.model_validate(document)
    assert old.started == datetime.datetime.fromisoformat(document["started"])
    assert entry_of(old, catalogue).unfit == "unmeasured"
