import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from lambdas import aws, diagnose_failure, plan_run, reap_clusters, record_run
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import read_entry
from lambdas.pricing import Interval, cost_of
from lambdas.settings import SettingsError, load_settings
from lambdas.specs import Catalogue
from scripts.local.emr.faults import CapacityShortage
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.unit.lambdas.conftest import ENVIRONMENT
from tests.unit.lambdas.emr import Emr

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ARN = "arn:aws:states:us-east-1:111122223333:execution:pricing-summary:run-1"
EXECUTION = {"id": ARN, "name": "run-1", "started": "2026-11-22T12:00:00.000Z"}


def plan(document: Any, job: str = "pricing-summary") -> dict[str, Any]:
    answer = plan_run.handler({"job": job, "execution": EXECUTION, "input": document}, None)
    json.dumps(answer)
    return answer


def entry_of(job: str) -> LedgerEntry:
    entry = read_entry(aws.dynamodb(), "the-runs", job, "run-1")
    assert entry is not None
    return entry


@pytest.fixture
def landed(deployment: "S3Client") -> "S3Client":
    deployment.put_object(Bucket="the-data", Key="landing/tpch/lineitem/part-0.parquet", Body=b"x" * 1_000)
    deployment.put_object(Bucket="the-data", Key="landing/tpch/_SUCCESS", Body=b"")
    return deployment


@pytest.fixture
def cluster_id(emr: Emr) -> str:
    """A protected cluster of the execution, made a minute after its start."""
    emr.clock.sleep(60)
    return emr.run(ARN, steps=["clean", "summarise"], TerminationProtected=True)


def test_planned(landed: "S3Client") -> None:
    answer = plan({})
    assert answer["outcome"] == "planned"
    made = answer["plan"]
    assert set(made) == {
        "run",
        "job",
        "input",
        "manifest",
        "version",
        "trigger",
        "definition",
        "code",
        "measured",
        "attempt",
        "attempts",
        "done",
        "kept",
        "replay",
        "size",
        "estimate",
        "receipt",
        "reasons",
        "cluster",
        "steps",
        "ladder",
        "earlier",
    }
    keys = {"Name", "Ec2SubnetIds", "InstanceFleets", "Configurations", "ManagedScalingPolicy"}
    assert set(made["cluster"]) == keys
    assert [set(rung["cluster"]) for rung in made["ladder"]] == [keys] * 3
    assert made["measured"] == {
        "bytes": 1_000,
        "files": 1,
        "largest_file_bytes": 1_000,
        "format": "parquet",
        "codec": "none",
        "unsplittable_bytes": 0,
        "unsplittable_files": 0,
        "largest_unsplittable_bytes": 0,
        "small_files": 1,
        "partitions": 0,
        "storage_classes": {"STANDARD": 1_000},
    }
    assert [step["name"] for step in made["steps"]] == ["clean", "summarise"]
    assert made["steps"][1]["outputs"] == ["s3://the-data/results/run-1/"]
    assert made["manifest"] == "s3://the-logs/runs/pricing-summary/run-1/manifest.json"


def test_planned_by_an_event(landed: "S3Client") -> None:
    detail = {"bucket": {"name": "the-data"}, "object": {"key": "landing/tpch/_SUCCESS", "size": 0}}
    answer = plan({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
    assert answer["plan"]["input"] == "s3://the-data/landing/tpch/"


def test_rejected(landed: "S3Client") -> None:
    assert plan({"input": "s3://the-data/none/"}) == {
        "outcome": "rejected",
        "error": "InputEmpty",
        "cause": "there is no data at s3://the-data/none/; write the data before the run starts",
    }
    assert (entry_of("pricing-summary").status, entry_of("pricing-summary").document) == (
        "RUNNING",
        {"input": "s3://the-data/none/"},
    )
    assert plan({}, "../pricing-summary")["error"] == "JobUnknown"


def test_a_bug_raises(landed: "S3Client") -> None:
    with pytest.raises(ValidationError):
        plan_run.handler({"job": "pricing-summary", "input": {}}, None)


def test_recorded(landed: "S3Client", emr: Emr, cluster_id: str, catalogue: Catalogue) -> None:
    emr.end(cluster_id, emr.now() + datetime.timedelta(hours=1))
    document = plan({})["plan"]
    event = {
        "job": "pricing-summary",
        "execution": EXECUTION,
        "plan": document,
        "cluster_id": cluster_id,
        "failure": None,
    }
    answer = record_run.handler(event, None)
    address = "s3://the-logs/runs/pricing-summary/run-1/record.json"
    usd = float(round(cost_of([Interval("m5.xlarge", "on_demand", 3600)], catalogue).total, 6))
    assert answer == {"record": address, "status": "SUCCEEDED", "usd": usd, "error": None, "cause": None}
    body = landed.get_object(Bucket="the-logs", Key="runs/pricing-summary/run-1/record.json")["Body"].read()
    assert json.loads(body)["plan"] == document
    entry = entry_of("pricing-summary")
    assert (entry.status, entry.usd, entry.record) == ("SUCCEEDED", usd, address)
    assert (entry.input, entry.cluster_ids) == ("s3://the-data/landing/tpch/", (cluster_id,))
    assert [(step.name, step.state) for step in entry.steps] == [("clean", "COMPLETED"), ("summarise", "COMPLETED")]


def test_recorded_without_a_plan(landed: "S3Client", emr: Emr) -> None:
    failure = {"state": "Plan run", "error": "InputEmpty", "cause": "nothing there"}
    event = {"job": "x", "execution": EXECUTION, "plan": None, "cluster_id": None, "failure": failure}
    answer = record_run.handler(event, None)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "InputEmpty", "nothing there")
    assert answer["usd"] == 0.0
    assert entry_of("x").usd == 0.0
    assert record_run.handler(event, None) == answer


def test_reaped(deployment: "S3Client", emr: Emr, cluster_id: str) -> None:
    assert reap_clusters.handler({"execution": EXECUTION}, None) == {"terminated": [cluster_id]}
    assert emr.state(cluster_id) == "TERMINATING"
    assert reap_clusters.handler({"execution": EXECUTION}, None) == {"terminated": []}


def test_diagnosed(landed: "S3Client", emr: Emr) -> None:
    emr.faults.shortages.append(CapacityShortage())
    document = plan({})["plan"]
    request = document["cluster"]
    cluster_id = emr.run(ARN, fleets=request["InstanceFleets"], Ec2SubnetIds=request["Ec2SubnetIds"])
    emr.clock.sleep(3600)
    event = {
        "job": "pricing-summary",
        "execution": EXECUTION,
        "plan": document,
        "cluster_id": None,
        "failure": {"state": "Create cluster", "error": "States.TaskFailed", "cause": ""},
        "looks": 0,
    }
    answer = diagnose_failure.handler(event, None)
    assert json.loads(json.dumps(answer)) == answer
    assert set(answer) == {"outcome", "failure", "diagnosis", "plan"}
    assert (answer["outcome"], answer["failure"]["error"]) == ("retry", "CapacityShortage")
    assert answer["diagnosis"]["cluster_id"] == cluster_id
    assert answer["plan"]["cluster"] == document["ladder"][0]["cluster"]
    assert set(answer["plan"]) == set(document)
    # The next run keeps away from what was short.
    short = document["cluster"]["InstanceFleets"][0]["InstanceTypeConfigs"]
    assert plan({})["plan"]["cluster"]["InstanceFleets"][0]["InstanceTypeConfigs"] != short


def test_an_answer_while_logs_are_awaited(landed: "S3Client", emr: Emr) -> None:
    emr.script["clean"] = ScriptedStep(1, StepOutcome(succeeded=False))
    cluster_id = emr.run(ARN, steps=["clean"], log_uri="s3://the-logs/emr/")
    emr.clock.sleep(3600)
    emr.end(cluster_id)
    failure = {"state": "Run step clean", "error": "States.TaskFailed", "cause": ""}
    event = {"job": "x", "execution": EXECUTION, "cluster_id": cluster_id, "failure": failure}
    answer = diagnose_failure.handler(event, None)
    assert answer == {"outcome": "wait", "failure": failure, "diagnosis": None, "plan": None}


def test_settings_name_all_that_is_missing() -> None:
    with pytest.raises(SettingsError, match=r"not set: DATA_BUCKET, .*, START_TABLE, .*, SUBNET_IDS, AWS_REGION"):
        load_settings({"STAGE": "s", "CODE_BUCKET": "c", "LOG_BUCKET": "l", "DATA_BUCKET": ""})
    settings = load_settings(ENVIRONMENT)
    assert (settings.region, settings.subnet_ids) == ("us-east-1", ("subnet-1", "subnet-2"))
