"""The rendered machine on moto's interpreter with the EMR engine: how each kind of run ends."""

from typing import Any, NoReturn

import pytest

from lambdas import aws
from scripts.local.emr.faults import ApiFault, BootstrapFailure, CapacityShortage, Faults, SlowProvisioning
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import RUN_TABLE
from tests.machine.conftest import JOB, CloudMaker, assert_failed_without_orphan, cluster_states, record_of

FAILED_STEP = StepOutcome(
    succeeded=False, reason="Unknown Error.", message="Exit code 1: ValueError: bad row", log_file="s3://l/stderr.gz"
)
SUCCESS = [
    "Plan run",
    "Is the run accepted?",
    "Create cluster",
    "Which step first?",
    "Add step clean",
    "Finish with step summarise",
    "Run step summarise",
    "Wait for last step",
    "Look for last step",
    "Is last step queued?",
    "Let EMR end cluster",
    "Terminate cluster",
    "Record run",
    "Is the work done?",
    "Run succeeded",
]


def crash(_event: dict[str, Any], _context: Any) -> NoReturn:
    raise KeyError("a bug")


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
    key = {"job": {"S": JOB}, "run": {"S": ended.arn.rpartition(":")[2]}}
    item = aws.dynamodb().get_item(TableName=RUN_TABLE, Key=key)["Item"]
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

    assert_failed_without_orphan(cloud, ended, "ApplicationError")
    assert str(ended.cause).startswith(f"The job's own code failed: step '{step}', cluster j-")
    assert "ValueError: bad row" in str(ended.cause)
    assert "s3://l/stderr.gz" in str(ended.cause)
    record = record_of(ended)
    assert record["cost"]["total"] > 0
    assert (record["status"], record["error"], record["cause"]) == ("FAILED", ended.error, ended.cause)
    assert record["failed_state"] == f"Run step {step}"
    assert record["diagnosis"]["failure_class"] == "application_error"
    assert cluster_states(cloud) == ["TERMINATED_WITH_ERRORS"]


def test_a_failing_bootstrap(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(bootstrap=[BootstrapFailure()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "BootstrapFailure")
    assert cluster_states(cloud) == ["TERMINATED_WITH_ERRORS"]


def test_a_shortage_of_all_capacity(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(shortages=[CapacityShortage()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "CapacityShortage")
    assert cluster_states(cloud) == ["TERMINATED_WITH_ERRORS"] * 3


def test_a_cluster_that_never_gets_ready_is_found_by_its_tag(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(provisioning=[SlowProvisioning(seconds=1e9)]))

    ended = cloud.execute()

    assert ended.states.count("Reap clusters") == 3
    assert_failed_without_orphan(cloud, ended, "Timeout")
    assert cluster_states(cloud) == ["TERMINATED"] * 3
    assert "attempt 3 of at most 3" in str(ended.cause)


def test_a_step_that_hangs(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script={"clean": ScriptedStep(seconds=1e9)})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "Timeout")
    assert "'Finish with step summarise' did not end within its timeout, while step 'clean' was" in str(ended.cause)
    assert record_of(ended)["failed_state"] == "Run step clean"
    assert cluster_states(cloud) == ["TERMINATED"]


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

    assert_failed_without_orphan(cloud, ended, "RecordFailed")
    assert cluster_states(cloud) == ["TERMINATED"]
    assert "record_run failed with KeyError" in str(ended.cause)
    assert "All steps were completed" in str(ended.cause)


def test_a_crash_of_the_diagnosis_still_says_what_failed(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"diagnose-failure": crash}, script={"summarise": ScriptedStep(90, FAILED_STEP)})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "RunFailed")
    assert "Finish with step summarise failed with States.TaskFailed" in str(ended.cause)
    assert "ValueError: bad row" in str(ended.cause)
    assert "diagnose_failure failed with KeyError" in str(ended.cause)
    assert record_of(ended)["cost"]["total"] > 0


def test_a_crash_of_the_reaper_still_reports_the_first_failure(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(handlers={"reap-clusters": crash}, faults=Faults(bootstrap=[BootstrapFailure()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "BootstrapFailure")


def test_a_plan_with_wrong_parameters_is_refused_by_emr(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("RunJobFlow", code="ValidationException", message="No.")]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "Validation")
    assert "No. (Service: AmazonElasticMapReduce" in str(ended.cause)
    assert cluster_states(cloud) == []
