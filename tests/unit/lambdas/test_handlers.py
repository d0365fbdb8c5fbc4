import datetime
import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from lambdas import aws, plan_run, reap_clusters, record_run
from lambdas.settings import SettingsError, load_settings
from tests.unit.lambdas.conftest import ENVIRONMENT
from tests.unit.lambdas.emr import FakeEmr

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ARN = "arn:aws:states:us-east-1:111122223333:execution:pricing-summary:run-1"
EXECUTION = {"id": ARN, "name": "run-1", "started": "2026-11-22T12:00:00.000Z"}


def plan(document: Any, job: str = "pricing-summary") -> dict[str, Any]:
    answer = plan_run.handler({"job": job, "execution": EXECUTION, "input": document}, None)
    json.dumps(answer)
    return answer


@pytest.fixture
def landed(deployment: "S3Client") -> "S3Client":
    deployment.put_object(Bucket="the-data", Key="landing/tpch/lineitem/part-0.parquet", Body=b"x" * 1_000)
    deployment.put_object(Bucket="the-data", Key="landing/tpch/_SUCCESS", Body=b"")
    return deployment


@pytest.fixture
def emr(monkeypatch: pytest.MonkeyPatch) -> FakeEmr:
    created = datetime.datetime(2026, 11, 22, 12, 1, tzinfo=datetime.UTC)
    fake = FakeEmr(
        {
            "Id": "j-1",
            "Status": {"State": "WAITING", "Timeline": {"CreationDateTime": created}},
            "Tags": [{"Key": "slow-lambda:execution", "Value": ARN}],
            "TerminationProtected": True,
        }
    )
    monkeypatch.setattr(aws, "emr", functools.cache(lambda: fake))
    return fake


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


def test_recorded(landed: "S3Client", emr: FakeEmr) -> None:
    document = plan({})["plan"]
    event = {"job": "pricing-summary", "execution": EXECUTION, "plan": document, "cluster_id": "j-1", "failure": None}
    answer = record_run.handler(event, None)
    address = "s3://the-logs/runs/pricing-summary/run-1/record.json"
    assert answer == {"record": address, "status": "SUCCEEDED", "usd": 0.0, "error": None, "cause": None}
    body = landed.get_object(Bucket="the-logs", Key="runs/pricing-summary/run-1/record.json")["Body"].read()
    assert json.loads(body)["plan"] == document
    item = aws.dynamodb().get_item(TableName="the-runs", Key={"run": {"S": "run-1"}})["Item"]
    assert item["usd"] == {"N": "0"}
    assert item["status"] == {"S": "SUCCEEDED"}
    assert item["input"] == {"S": "s3://the-data/landing/tpch/"}
    assert set(item) == {"run", "job", "status", "started", "ended", "input", "usd", "cluster_id", "record"}


def test_recorded_without_a_plan(landed: "S3Client", emr: FakeEmr) -> None:
    failure = {"state": "Plan run", "error": "InputEmpty", "cause": "nothing there"}
    event = {"job": "x", "execution": EXECUTION, "plan": None, "cluster_id": None, "failure": failure}
    answer = record_run.handler(event, None)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "InputEmpty", "nothing there")
    assert record_run.handler(event, None) == answer


def test_reaped(deployment: "S3Client", emr: FakeEmr) -> None:
    assert reap_clusters.handler({"execution": EXECUTION}, None) == {"terminated": ["j-1"]}
    assert emr.clusters["j-1"]["Status"]["State"] == "TERMINATING"
    assert reap_clusters.handler({"execution": EXECUTION}, None) == {"terminated": []}


def test_settings_name_all_that_is_missing() -> None:
    with pytest.raises(SettingsError, match="not set: DATA_BUCKET, RUN_TABLE, AWS_REGION"):
        load_settings({"STAGE": "s", "CODE_BUCKET": "c", "LOG_BUCKET": "l", "DATA_BUCKET": ""})
    assert load_settings(ENVIRONMENT).region == "us-east-1"
