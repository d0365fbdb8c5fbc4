import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from lambdas import aws, plan_run, reap_clusters, record_run
from lambdas.pricing import Interval, cost_of
from lambdas.settings import SettingsError, load_settings
from lambdas.specs import Catalogue
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


def run_table_item() -> dict[str, Any]:
    return dict(aws.dynamodb().get_item(TableName="the-runs", Key={"run": {"S": "run-1"}})["Item"])


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
        "measured",
        "size",
        "estimate",
        "receipt",
        "cluster",
        "steps",
    }
    assert set(made["cluster"]) == {"Name", "InstanceFleets", "Configurations", "ManagedScalingPolicy"}
    assert made["measured"] == {
        "bytes": 1_000,
        "files": 1,
        "largest_file_bytes": 1_000,
        "format": "parquet",
        "codec": "none",
        "unsplittable_bytes": 0,
    }
    assert [step["name"] for step in made["steps"]] == ["clean", "summarise"]
    assert made["steps"][1]["args"][-1] == "s3://the-data/results/run-1/"
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
    item = run_table_item()
    assert item["usd"] == {"N": str(usd)}
    assert item["status"] == {"S": "SUCCEEDED"}
    assert item["input"] == {"S": "s3://the-data/landing/tpch/"}
    assert set(item) == {"run", "job", "status", "started", "ended", "input", "usd", "cluster_id", "record"}


def test_recorded_without_a_plan(landed: "S3Client", emr: Emr) -> None:
    failure = {"state": "Plan run", "error": "InputEmpty", "cause": "nothing there"}
    event = {"job": "x", "execution": EXECUTION, "plan": None, "cluster_id": None, "failure": failure}
    answer = record_run.handler(event, None)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "InputEmpty", "nothing there")
    assert answer["usd"] == 0.0
    assert run_table_item()["usd"] == {"N": "0"}
    assert record_run.handler(event, None) == answer


def test_reaped(deployment: "S3Client", emr: Emr, cluster_id: str) -> None:
    assert reap_clusters.handler({"execution": EXECUTION}, None) == {"terminated": [cluster_id]}
    assert emr.state(cluster_id) == "TERMINATING"
    assert reap_clusters.handler({"execution": EXECUTION}, None) == {"terminated": []}


def test_settings_name_all_that_is_missing() -> None:
    with pytest.raises(SettingsError, match="not set: DATA_BUCKET, RUN_TABLE, AWS_REGION"):
        load_settings({"STAGE": "s", "CODE_BUCKET": "c", "LOG_BUCKET": "l", "DATA_BUCKET": ""})
    assert load_settings(ENVIRONMENT).region == "us-east-1"
