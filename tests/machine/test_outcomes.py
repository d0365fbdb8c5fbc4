"""The rendered machine on moto's interpreter with the EMR engine: how each kind of run ends."""

import json
from typing import Any, NoReturn

import pytest

from lambdas import aws
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.faults import ApiFault, BootstrapFailure, CapacityShortage, Faults, SlowProvisioning
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import LOG_BUCKET, RUN_TABLE, Ended, InProcessCloud
from tests.machine.conftest import CloudMaker

# Less than the idle timeout of the cluster spec, so that EMR's own auto-termination cannot help.
CLEAN_UP_SECONDS = 300.0
FAILED_STEP = StepOutcome(
    succeeded=False, reason="Unknown Error.", message="Exit code 1: ValueError: bad row", log_file="s3://l/stderr.gz"
)
SUCCESS = [
    "Plan run",
    "Is the run accepted?",
    "Create cluster",
    "Run step clean",
    "Run step summarise",
    "Terminate cluster",
    "Record run",
]


def crash(_event: dict[str, Any], _context: Any) -> NoReturn:
    raise KeyError("a bug")


def cluster_states(cloud: InProcessCloud) -> list[str]:
    return [cluster["Status"]["State"] for cluster in cloud.engine.call("ListClusters", {})["Clusters"]]


def record_of(ended: Ended) -> dict[str, Any]:
    name = ended.arn.rpartition(":")[2]
    key = f"runs/pricing-summary/{name}/record.json"
    body: dict[str, Any] = json.loads(aws.s3().get_object(Bucket=LOG_BUCKET, Key=key)["Body"].read())
    return body


def assert_failed_without_orphan(cloud: InProcessCloud, ended: Ended, error: str) -> None:
    assert (ended.status, ended.error) == ("FAILED", error)
    assert ended.cause
    # EMR ends a cluster asynchronously; a machine that asked for it need not wait.
    cloud.clock.sleep(CLEAN_UP_SECONDS)
    assert cloud.engine.live_clusters() == []
    assert ended.states[-2:] == ["Notify failure", "Run failed"]
    (message,) = cloud.messages()
    assert error in message
    assert ended.cause in message


def test_a_run_succeeds_and_leaves_no_cluster(make_cloud: CloudMaker) -> None:
    cloud = make_cloud()

    ended = cloud.execute()

    assert (ended.status, ended.states) == ("SUCCEEDED", SUCCESS)
    assert cluster_states(cloud) == ["TERMINATED"]
    assert cloud.messages() == []
    record = record_of(ended)
    assert record["status"] == ended.output["status"] == "SUCCEEDED"
    assert [step["state"] for step in record["steps"]] == ["COMPLETED", "COMPLETED"]
    assert record["cost"]["total"] == ended.output["usd"] > 0
    item = aws.dynamodb().get_item(TableName=RUN_TABLE, Key={"run": {"S": ended.arn.rpartition(":")[2]}})["Item"]
    assert item["status"] == {"S": "SUCCEEDED"}


def test_the_cluster_is_the_planned_one(make_cloud: CloudMaker) -> None:
    cloud = make_cloud()

    ended = cloud.execute()

    plan = record_of(ended)["plan"]
    (listed,) = cloud.engine.call("ListClusters", {})["Clusters"]
    cluster = cloud.engine.call("DescribeCluster", {"ClusterId": listed["Id"]})["Cluster"]
    assert cluster["ReleaseLabel"] == "emr-7.14.0"
    assert cluster["Name"] == plan["cluster"]["Name"]
    tags = {tag["Key"]: tag["Value"] for tag in cluster["Tags"]}
    assert tags["slow-lambda:execution"] == ended.arn
    assert tags["for-use-with-amazon-emr-managed-policies"] == "true"
    assert cluster["Ec2InstanceAttributes"]["RequestedEc2SubnetIds"] == [
        "subnet-00000000000000001",
        "subnet-00000000000000002",
    ]
    steps = cloud.engine.call("ListSteps", {"ClusterId": listed["Id"]})["Steps"][::-1]
    assert [step["Config"]["Args"] for step in steps] == [step["args"] for step in plan["steps"]]
    assert {step["ActionOnFailure"] for step in steps} == {"TERMINATE_CLUSTER"}


@pytest.mark.parametrize("step", ["clean", "summarise"])
def test_a_failing_step(make_cloud: CloudMaker, step: str) -> None:
    cloud = make_cloud(script={step: ScriptedStep(90, FAILED_STEP)})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "StepFailed")
    assert f"Step '{step}' failed" in str(ended.cause)
    assert "ValueError: bad row" in str(ended.cause)
    assert "s3://l/stderr.gz" in str(ended.cause)
    assert record_of(ended)["cost"]["total"] > 0


def test_a_failing_bootstrap(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(bootstrap=[BootstrapFailure()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "BootstrapFailed")
    assert cluster_states(cloud) == ["TERMINATED_WITH_ERRORS"]


def test_a_shortage_of_all_capacity(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(shortages=[CapacityShortage()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "NoCapacity")


def test_a_cluster_that_never_gets_ready_is_found_by_its_tag(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(provisioning=[SlowProvisioning(seconds=1e9)]))

    ended = cloud.execute()

    assert "Reap clusters" in ended.states
    assert_failed_without_orphan(cloud, ended, "ClusterTimedOut")


def test_a_cluster_made_by_a_call_that_was_throttled_is_found_by_its_tag(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("RunJobFlow", accepted=True)]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "EmrRefused")
    assert len(cluster_states(cloud)) == 1
    assert "Rate exceeded" in str(ended.cause)


def test_a_step_that_hangs(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script={"clean": ScriptedStep(seconds=1e9)})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "StepTimedOut")


def test_termination_that_is_throttled_is_tried_again(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("TerminateJobFlows", calls=3)]))

    ended = cloud.execute()

    assert ended.status == "SUCCEEDED"
    assert cluster_states(cloud) == ["TERMINATED"]


def test_a_crash_of_plan_run_costs_nothing(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"plan-run": crash})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "PlanFailed")
    assert "a bug" in str(ended.cause)
    assert cluster_states(cloud) == []


def test_a_crash_of_record_run_comes_after_the_cluster_is_gone(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"record-run": crash})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "RunFailed")
    assert cluster_states(cloud) == ["TERMINATED"]
    assert "Record run failed with KeyError" in str(ended.cause)


def test_a_crash_of_the_reaper_still_reports_the_first_failure(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"reap-clusters": crash}, faults=Faults(bootstrap=[BootstrapFailure()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "BootstrapFailed")


def test_a_plan_with_wrong_parameters_is_refused_by_emr(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("RunJobFlow", code="ValidationException", message="No.")]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "EmrRefused")
    with pytest.raises(EmrApiError):
        cloud.engine.call("DescribeCluster", {"ClusterId": "j-0"})
