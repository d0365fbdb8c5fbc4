"""What the machine does about a failure by itself."""

import gzip
import re
from typing import Any

import pytest

from lambdas import aws, plan_run
from lambdas.runs.deciding import MAX_LOOKS
from scripts.local.emr.faults import ApiFault, Faults, SpotLoss
from scripts.local.emr.runner import LOG_SECONDS, ScriptedStep
from scripts.local.in_process import LOG_BUCKET
from tests.log_tails import DRIVER_OOM, EXECUTOR_OOM, TRACEBACK
from tests.machine.conftest import (
    CloudMaker,
    assert_failed_without_orphan,
    assert_no_orphan,
    cluster_states,
    record_of,
)
from tests.machine.recovering import (
    UNKNOWN,
    FirstTimes,
    assert_succeeded,
    billed,
    clusters,
    mib,
    recorded,
    spark_defaults,
)


def test_an_executor_out_of_memory_once(make_cloud: CloudMaker) -> None:
    script = FirstTimes({"summarise": (1, EXECUTOR_OOM)})
    cloud = make_cloud(script=script)

    ended = cloud.execute()

    record = assert_succeeded(cloud, ended, attempts=2)
    assert script.ran == ["clean", "summarise", "summarise"]
    assert ended.states.count("Add step clean") == 1
    first, second = clusters(cloud)
    assert mib(second, "spark.executor.memory") > mib(first, "spark.executor.memory")
    assert spark_defaults(second)["spark.driver.memory"] == spark_defaults(first)["spark.driver.memory"]
    (attempt,) = record["plan"]["earlier"]
    assert attempt["failure_class"] == "executor_out_of_memory"
    assert attempt["failed_state"] == "Run step summarise"
    assert attempt["change"].startswith("more memory: ")
    assert [step["name"] for step in record["steps"]] == ["summarise"]


def test_an_executor_out_of_memory_for_ever(make_cloud: CloudMaker) -> None:
    script = FirstTimes({"clean": (99, EXECUTOR_OOM)})
    cloud = make_cloud(script=script)

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "ExecutorOutOfMemory")
    assert script.ran == ["clean"] * 3
    memory = [
        mib(cluster, "spark.executor.memory") / int(spark_defaults(cluster)["spark.executor.cores"])
        for cluster in clusters(cloud)
    ]
    assert memory == sorted(set(memory))
    first, *tried = str(ended.cause).split("\n")[:3]
    assert first.endswith("attempt 3 of at most 3.")
    for number, line in enumerate(tried, start=1):
        assert line.startswith(
            f"Attempt {number}: executor out of memory in 'Run step clean'; then tried: more memory: "
        )
    assert "Consider boosting spark.executor.memoryOverhead" in str(ended.cause)
    record = record_of(ended)
    assert len(record["plan"]["earlier"]) == 2
    assert recorded(record) == pytest.approx(billed(cloud), abs=0.1)


def test_a_driver_out_of_memory_once(make_cloud: CloudMaker) -> None:
    script = FirstTimes({"clean": (1, DRIVER_OOM)})
    cloud = make_cloud(script=script)

    record = assert_succeeded(cloud, cloud.execute(), attempts=2)

    assert script.ran == ["clean", "clean", "summarise"]
    first, second = clusters(cloud)
    assert mib(second, "spark.driver.memory") == 2 * mib(first, "spark.driver.memory")
    assert record["plan"]["earlier"][0]["failure_class"] == "driver_out_of_memory"


def test_a_create_that_emr_accepted_but_answered_with_an_error(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("RunJobFlow", accepted=True)]))

    ended = cloud.execute()

    record = assert_succeeded(cloud, ended, attempts=2)
    lost, used = clusters(cloud)
    assert lost["Status"]["StateChangeReason"]["Code"] == "USER_REQUEST"
    assert record["plan"]["earlier"][0]["cluster_id"] == lost["Id"]
    assert record["cluster_id"] == used["Id"]
    assert record["plan"]["earlier"][0]["failure_class"] == "api_throttled"
    assert ended.states.count("Reap clusters") == 1


def test_a_create_that_was_throttled_and_made_nothing(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("RunJobFlow")]))

    record = assert_succeeded(cloud, cloud.execute(), attempts=2)

    assert record["plan"]["earlier"][0]["cluster_id"] is None
    assert len(clusters(cloud)) == 1


def test_a_step_that_was_throttled_is_not_lost(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(api=[ApiFault("AddJobFlowSteps")]))

    record = assert_succeeded(cloud, cloud.execute(), attempts=2)

    assert record["plan"]["earlier"][0]["failed_state"] == "Add step clean"


def primary_on_spot(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = plan_run.handler(event, context)
    primary = answer["plan"]["cluster"]["InstanceFleets"][0]
    primary |= {"TargetOnDemandCapacity": 0, "TargetSpotCapacity": 1}
    primary["LaunchSpecifications"] = {
        "SpotSpecification": {
            "TimeoutDurationMinutes": 10,
            "TimeoutAction": "TERMINATE_CLUSTER",
            "AllocationStrategy": "price-capacity-optimized",
        }
    }
    return answer


def test_a_lost_node_that_takes_the_cluster_along(make_cloud: CloudMaker) -> None:
    faults = Faults(spot_losses=[SpotLoss(after_seconds=600, role="MASTER")])
    script = FirstTimes({})

    def slow_once(step: dict[str, Any]) -> ScriptedStep | None:
        script(step)
        # The loss is over by the time the step runs again: it met the first cluster only.
        faults.spot_losses.clear()
        return ScriptedStep(3000) if script.ran == ["clean", "summarise"] else None

    cloud = make_cloud(faults=faults, script=slow_once, handlers={"plan-run": primary_on_spot})

    record = assert_succeeded(cloud, cloud.execute(), attempts=2)

    assert script.ran == ["clean", "summarise", "summarise"]
    (attempt,) = record["plan"]["earlier"]
    assert (attempt["failure_class"], attempt["change"]) == ("node_lost_or_spot", "the same again")


def test_a_log_that_comes_minutes_late_is_in_the_cause(make_cloud: CloudMaker) -> None:
    log = "".join(f"INFO noise {number}\n" for number in range(50)) + TRACEBACK
    cloud = make_cloud(script={"clean": ScriptedStep(60, UNKNOWN, log)})

    ended = cloud.execute()

    assert LOG_SECONDS == 300
    assert 1 <= ended.states.count("Wait for logs") <= MAX_LOOKS
    assert_failed_without_orphan(cloud, ended, "ApplicationError")
    cause = str(ended.cause)
    assert "\n  ValueError: bad row\n" in cause
    assert "noise 49" in cause
    assert "noise 20" not in cause
    (address,) = re.findall(r"Full log: s3://([^/]+)/(\S+)", cause)
    body = aws.s3().get_object(Bucket=address[0], Key=address[1])["Body"].read()
    assert address[0] == LOG_BUCKET
    assert gzip.decompress(body).decode() == log


def test_a_log_that_never_comes_is_not_waited_for_for_ever(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script={"clean": ScriptedStep(60, UNKNOWN)})

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "Unknown")
    assert ended.states.count("Wait for logs") == MAX_LOOKS
    assert "EMR has not shipped all logs yet" in str(ended.cause)


def test_finished_work_stays_finished_though_the_cluster_could_not_be_ended_at_once(make_cloud: CloudMaker) -> None:
    """All retries of the state are used up; the reaper comes after them."""
    cloud = make_cloud(faults=Faults(api=[ApiFault("TerminateJobFlows", calls=6)]))

    ended = cloud.execute()

    assert ended.states[-7:] == [
        "Terminate cluster",
        "Reap clusters",
        "Diagnose failure",
        "What now?",
        "Record run",
        "Is the work done?",
        "Run succeeded",
    ]
    record = record_of(ended)
    assert (ended.status, record["status"], record["plan"]["attempt"]) == ("SUCCEEDED", "SUCCEEDED", 1)
    assert (record["error"], record["failed_state"], record["diagnosis"]) == (None, None, None)
    assert cloud.messages() == []
    assert_no_orphan(cloud)
    assert cluster_states(cloud) == ["TERMINATED"]
