import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws, record_step
from lambdas.clusters.tags import EXECUTION_TAG, JOB_TAG, STAGE_TAG
from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.ledger.store import read_entry, write_entry
from scripts.local.emr.events import STEP_EVENT
from scripts.local.emr.faults import ApiFault
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.unit.lambdas.conftest import ENVIRONMENT
from tests.unit.lambdas.emr import ARN, START, Emr

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAGS = {EXECUTION_TAG: ARN, JOB_TAG: "count", STAGE_TAG: ENVIRONMENT["STAGE"]}
OUTPUT = "s3://the-data/clean/run-1/"
STEPS = [
    LedgerStep(name="clean", number=0, state="PENDING", outputs=(OUTPUT,)),
    LedgerStep(name="count", number=1, state="PENDING"),
]


@pytest.fixture
def landed(deployment: "S3Client") -> "S3Client":
    """The run's entry, and what its first step writes."""
    write_entry(aws.dynamodb(), "the-runs", "count", "run-1", {"started": START, "steps": STEPS})
    deployment.put_object(Bucket="the-data", Key="clean/run-1/part-0", Body=b"123")
    return deployment


def run(emr: Emr, tags: dict[str, str] = TAGS) -> str:
    """Start a cluster of the run, and let its steps end."""
    cluster_id = emr.run(None, steps=["clean", "count"])
    emr.engine.call("AddTags", {"ResourceId": cluster_id, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]})
    emr.clock.sleep(3600)
    return cluster_id


def hear(emr: Emr, cluster_id: str, name: str) -> dict[str, Any]:
    detail = {"clusterId": cluster_id, "stepId": emr.step_ids(cluster_id)[name], "name": name, "state": "COMPLETED"}
    return record_step.handler({"source": "aws.emr", "detail-type": STEP_EVENT, "detail": detail}, None)


def entry() -> LedgerEntry:
    found = read_entry(aws.dynamodb(), "the-runs", "count", "run-1")
    assert found is not None
    return found


def step(name: str) -> LedgerStep:
    found = entry().step(name)
    assert found is not None
    return found


def test_a_completed_step_is_recorded_with_what_it_wrote(landed: "S3Client", emr: Emr) -> None:
    cluster_id = run(emr)
    assert hear(emr, cluster_id, "clean") == {"recorded": "clean"}
    clean = step("clean")
    assert (clean.state, clean.cluster_id, clean.objects, clean.bytes) == ("COMPLETED", cluster_id, 1, 3)
    assert clean.is_proven
    assert clean.started is not None
    assert clean.ended is not None
    assert clean.ended - clean.started == datetime.timedelta(minutes=2)
    assert entry().cluster_ids == (cluster_id,)
    assert step("count") == STEPS[1]


def test_a_failed_step_is_recorded(landed: "S3Client", emr: Emr) -> None:
    emr.script["clean"] = ScriptedStep(1, StepOutcome(succeeded=False))
    cluster_id = run(emr)
    assert hear(emr, cluster_id, "clean") == {"recorded": "clean"}
    assert (step("clean").state, step("clean").is_proven) == ("FAILED", False)


def test_what_is_on_record_stays_as_it_is(landed: "S3Client", emr: Emr) -> None:
    cluster_id = run(emr)
    hear(emr, cluster_id, "clean")
    before = entry()
    landed.put_object(Bucket="the-data", Key="clean/run-1/part-0", Body=b"changed since")
    assert hear(emr, cluster_id, "clean") == {"recorded": None}
    assert entry() == before


@pytest.mark.parametrize(
    "tags",
    [{}, {**TAGS, STAGE_TAG: "another"}, {EXECUTION_TAG: ARN, JOB_TAG: "count"}, {STAGE_TAG: ENVIRONMENT["STAGE"]}],
)
def test_clusters_of_others_are_passed_over(landed: "S3Client", emr: Emr, tags: dict[str, str]) -> None:
    assert hear(emr, run(emr, tags), "clean") == {"recorded": None}
    assert list(entry().steps) == STEPS


def test_a_run_without_an_entry_is_left_to_record_run(deployment: "S3Client", emr: Emr) -> None:
    assert hear(emr, run(emr), "clean") == {"recorded": None}
    assert read_entry(aws.dynamodb(), "the-runs", "count", "run-1") is None


def test_a_torn_entry_is_left_to_record_run(landed: "S3Client", emr: Emr) -> None:
    write_entry(aws.dynamodb(), "the-runs", "count", "run-1", {"started": None})
    assert hear(emr, run(emr), "clean") == {"recorded": None}


def test_what_goes_wrong_is_raised_so_that_the_event_is_delivered_again(landed: "S3Client", emr: Emr) -> None:
    cluster_id = run(emr)
    emr.faults.api.append(ApiFault.internal_error("DescribeStep", 99))
    with pytest.raises(emr.client.exceptions.InternalServerException):
        hear(emr, cluster_id, "clean")
    assert list(entry().steps) == STEPS
