"""Step Functions' view."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scripts.local.emr.faults import ApiFault, BootstrapFailure, CapacityShortage, Faults
from scripts.local.emr.sync import (
    IntegrationError,
    IntegrationStopped,
    IntegrationTimeout,
    poll_interval,
    run_integration,
)
from tests.unit.local.emr.lab import END_SECONDS, FAILS, READY_SECONDS, Lab, fleets, group, groups, step


def integrate(
    lab: Lab,
    action: str,
    arguments: dict[str, Any],
    *,
    sync: bool = True,
    timeout: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    return run_integration(lab.engine, lab.clock, action, sync, arguments, timeout, stopped)


def after(lab: Lab, seconds: float) -> Callable[[], bool]:
    moment = lab.clock.now() + seconds
    return lambda: lab.clock.now() >= moment


def end(lab: Lab, cluster_id: str) -> None:
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])


class TestCreateCluster:
    def test_waits_until_the_cluster_waits(self) -> None:
        lab = Lab()
        result = integrate(lab, "createCluster", groups())
        assert result["ClusterId"] == result["Cluster"]["Id"]
        assert result["Cluster"]["Status"]["State"] == "WAITING"
        assert result["Cluster"]["Status"]["Timeline"]["CreationDateTime"] == int(lab.start) * 1000
        assert lab.clock.now() - lab.start == 420, "ready after 390 s, seen at the next full minute"

    def test_without_sync_it_does_not_wait(self) -> None:
        lab = Lab()
        result = integrate(lab, "createCluster", groups(), sync=False)
        assert set(result) == {"ClusterId", "ClusterArn"}
        assert lab.clock.now() == lab.start

    def test_a_cluster_that_ends_is_a_failed_task(self) -> None:
        lab = Lab(faults=Faults(bootstrap=[BootstrapFailure()]))
        with pytest.raises(IntegrationError) as failed:
            integrate(lab, "createCluster", groups())
        assert failed.value.error == "States.TaskFailed"
        cluster = json.loads(failed.value.cause)["Cluster"]
        assert cluster["Status"]["StateChangeReason"]["Code"] == "BOOTSTRAP_FAILURE"
        assert cluster["Status"]["Timeline"]["EndDateTime"] == int(lab.start + READY_SECONDS + END_SECONDS) * 1000

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (groups(Steps=[step()]), "'Steps' is not supported"),
            (groups(keep_alive=False), "KeepJobFlowAliveWhenNoSteps"),
            ({"Name": "x", "Instances": {"InstanceGroups": [group("MASTER")]}}, "KeepJobFlowAliveWhenNoSteps"),
        ],
    )
    def test_what_the_integration_does_not_take(self, arguments: dict[str, Any], text: str) -> None:
        lab = Lab()
        with pytest.raises(IntegrationError, match=text) as failed:
            integrate(lab, "createCluster", arguments)
        assert failed.value.error == "States.Runtime"
        assert lab.engine.live_clusters() == []

    def test_a_timeout_leaves_the_cluster_alive(self) -> None:
        lab = Lab(faults=Faults(shortages=[CapacityShortage()]))
        with pytest.raises(IntegrationTimeout) as failed:
            integrate(lab, "createCluster", groups(), timeout=1230)
        assert failed.value.error == "States.Timeout"
        assert lab.clock.now() - lab.start == 1230
        assert len(lab.engine.live_clusters()) == 1

    def test_a_stopped_execution_leaves_the_cluster_alive(self) -> None:
        lab = Lab()
        with pytest.raises(IntegrationStopped):
            integrate(lab, "createCluster", groups(), stopped=after(lab, 100))
        assert lab.clock.now() - lab.start == 100
        assert len(lab.engine.live_clusters()) == 1

    def test_a_refusal_carries_code_and_message(self) -> None:
        with pytest.raises(IntegrationError) as failed:
            integrate(Lab(), "createCluster", groups(ReleaseLabel="emr-x"))
        assert failed.value.error == "EMR.AmazonElasticMapReduceException"
        assert failed.value.cause.startswith(
            "The supplied release label is invalid: emr-x. "
            "(Service: AmazonElasticMapReduce; Status Code: 400; Error Code: ValidationException; Request ID: "
        )

    def test_a_throttled_call_that_was_accepted_leaves_an_unknown_cluster(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault("RunJobFlow", accepted=True)]))
        with pytest.raises(IntegrationError, match=r"Rate exceeded.*ThrottlingException"):
            integrate(lab, "createCluster", groups())
        assert len(lab.engine.live_clusters()) == 1


class TestAddStep:
    def test_waits_for_the_step(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        result = integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()})
        assert result["Step"]["Status"]["State"] == "COMPLETED"
        assert isinstance(result["Step"]["Status"]["Timeline"]["EndDateTime"], int)

    def test_without_sync_it_does_not_wait(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        arguments = {"ClusterId": cluster_id, "Step": step(), "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r"}
        result = integrate(lab, "addStep", arguments, sync=False)
        assert set(result) == {"StepId"}
        assert lab.step(cluster_id, result["StepId"])["ExecutionRoleArn"].endswith("role/r")

    def test_a_failed_step_is_a_failed_task(self) -> None:
        lab = Lab({"work": FAILS})
        cluster_id = lab.ready()
        with pytest.raises(IntegrationError) as failed:
            integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()})
        assert failed.value.error == "States.TaskFailed"
        status = json.loads(failed.value.cause)["Step"]["Status"]
        assert status["State"] == "FAILED"
        assert status["FailureDetails"]["Message"] == "exit 1"
        assert status["Timeline"]["EndDateTime"] == int(lab.start + READY_SECONDS + 60) * 1000

    def test_a_cluster_that_ends_first_is_a_failed_task(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        lab.clock.call_at(lab.clock.now() + 30, lambda: end(lab, cluster_id))
        with pytest.raises(IntegrationError, match=r"States\.TaskFailed.*CANCELLED"):
            integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()})

    def test_a_timeout_cancels_the_step(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        with pytest.raises(IntegrationTimeout):
            integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()}, timeout=100)
        assert lab.step_states(cluster_id) == ["CANCEL_PENDING"]

    def test_a_stopped_execution_cancels_the_step(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        with pytest.raises(IntegrationStopped):
            integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()}, stopped=after(lab, 50))
        assert lab.step_states(cluster_id) == ["CANCEL_PENDING"]

    def test_cancelling_is_best_effort(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault("CancelSteps")]))
        cluster_id = lab.ready()
        with pytest.raises(IntegrationTimeout):
            integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()}, timeout=100)
        assert lab.step_states(cluster_id) == ["RUNNING"]

    def test_a_throttled_poll_only_costs_the_poll(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault("DescribeStep", calls=3)]))
        cluster_id = lab.ready()
        began = lab.clock.now()
        integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()})
        assert lab.clock.now() - began == 240

    def test_another_error_while_polling_fails_the_task(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault.internal_error("DescribeStep")]))
        cluster_id = lab.ready()
        with pytest.raises(IntegrationError, match="Status Code: 500"):
            integrate(lab, "addStep", {"ClusterId": cluster_id, "Step": step()})

    @pytest.mark.parametrize("arguments", [{"ClusterId": "j-X"}, {"ClusterId": "j-X", "Step": step(), "Steps": []}])
    def test_what_the_integration_does_not_take(self, arguments: dict[str, Any]) -> None:
        with pytest.raises(IntegrationError) as failed:
            integrate(Lab(), "addStep", arguments)
        assert failed.value.error == "States.Runtime"


class TestTerminateCluster:
    def test_waits_for_the_end(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        result = integrate(lab, "terminateCluster", {"ClusterId": cluster_id})
        assert result["Cluster"]["Status"]["State"] == "TERMINATED"
        assert lab.engine.live_clusters() == []

    def test_without_sync_it_does_not_wait(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        assert integrate(lab, "terminateCluster", {"ClusterId": cluster_id}, sync=False) == {}
        assert lab.state(cluster_id) == "TERMINATING"

    def test_a_protected_cluster_stays(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(groups(protected=True))
        with pytest.raises(IntegrationError, match="termination protected"):
            integrate(lab, "terminateCluster", {"ClusterId": cluster_id})


class TestOtherActions:
    def test_cancel_step(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        (step_id,) = lab.add(cluster_id, step())
        result = integrate(lab, "cancelStep", {"ClusterId": cluster_id, "StepId": step_id}, sync=False)
        assert result == {"CancelStepsInfo": {"StepId": step_id, "Status": "SUBMITTED"}}

    def test_set_cluster_termination_protection(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        arguments = {"ClusterId": cluster_id, "TerminationProtected": True}
        assert integrate(lab, "setClusterTerminationProtection", arguments, sync=False) == {}
        assert lab.cluster(cluster_id)["TerminationProtected"] is True

    def test_modify_instance_fleet_by_name(self) -> None:
        lab = Lab()
        arguments = {
            "ClusterId": lab.ready(fleets()),
            "InstanceFleetName": "CORE",
            "InstanceFleet": {"TargetOnDemandCapacity": 5},
        }
        assert integrate(lab, "modifyInstanceFleetByName", arguments, sync=False) == {}
        shown = lab.call("ListInstanceFleets", ClusterId=arguments["ClusterId"])["InstanceFleets"]
        assert [item["TargetOnDemandCapacity"] for item in shown] == [1, 5]

    def test_modify_instance_group_by_name(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        arguments: dict[str, Any] = {"ClusterId": cluster_id, "InstanceGroup": {"InstanceCount": 5}}
        named = arguments | {"InstanceGroupName": "CORE"}
        assert integrate(lab, "modifyInstanceGroupByName", named, sync=False) == {}
        shown = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"]
        assert [item["RequestedInstanceCount"] for item in shown] == [1, 5]
        with pytest.raises(IntegrationError, match="no instance fleet or group named 'X'"):
            integrate(lab, "modifyInstanceGroupByName", arguments | {"InstanceGroupName": "X"}, sync=False)

    @pytest.mark.parametrize(("action", "sync"), [("cancelStep", True), ("describeCluster", False)])
    def test_what_step_functions_does_not_offer(self, action: str, sync: bool) -> None:
        with pytest.raises(IntegrationError, match="is not supported"):
            integrate(Lab(), action, {}, sync=sync)


def test_polling_slows_down_after_ten_minutes() -> None:
    assert [poll_interval(waited) for waited in (0, 540, 600, 900)] == [60, 60, 300, 300]
