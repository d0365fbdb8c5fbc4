"""Capacity: fleets and groups, shortages, slow and lost instances, failing bootstrap actions."""

from typing import Any

import pytest

from scripts.local.emr.faults import BootstrapFailure, CapacityShortage, Faults, Market, SlowProvisioning, SpotLoss
from tests.unit.local.emr.lab import END_SECONDS, READY_SECONDS, Lab, fleet, fleets, group, groups, spot_rule

MINUTE = 60.0


def instances(lab: Lab, cluster_id: str, *states: str, **chosen: Any) -> list[dict[str, Any]]:
    wanted = {"InstanceStates": list(states or ("PROVISIONING", "BOOTSTRAPPING", "RUNNING"))}
    return list(lab.call("ListInstances", ClusterId=cluster_id, **chosen, **wanted)["Instances"])


def fleet_of(lab: Lab, cluster_id: str, role: str) -> dict[str, Any]:
    shown = lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"]
    return next(item for item in shown if item["InstanceFleetType"] == role)


def short(instance_type: str | None = None, market: Market | None = None, until: float | None = None) -> Faults:
    return Faults(shortages=[CapacityShortage(instance_type, market, until)])


def test_instances_come_to_running() -> None:
    lab = Lab()
    cluster_id = lab.run(fleets())
    assert len(instances(lab, cluster_id, "PROVISIONING")) == 3
    assert fleet_of(lab, cluster_id, "CORE")["Status"]["State"] == "PROVISIONING"
    lab.clock.sleep(240)
    assert len(instances(lab, cluster_id, "BOOTSTRAPPING")) == 3
    assert fleet_of(lab, cluster_id, "CORE")["Status"]["State"] == "BOOTSTRAPPING"
    lab.clock.sleep(150)
    shown = instances(lab, cluster_id, "RUNNING")
    assert len({item["Ec2InstanceId"] for item in shown}) == 3
    assert shown[0]["Status"]["Timeline"] == {
        "CreationDateTime": lab.start,
        "ReadyDateTime": lab.start + READY_SECONDS,
    }
    assert fleet_of(lab, cluster_id, "CORE")["Status"]["State"] == "RUNNING"


def test_weighted_capacity_may_overshoot() -> None:
    lab = Lab()
    core = fleet("CORE", 10, InstanceTypeConfigs=[{"InstanceType": "r5.4xlarge", "WeightedCapacity": 4}])
    cluster_id = lab.ready(fleets(fleet("MASTER", 1), core))
    assert len(instances(lab, cluster_id, InstanceFleetType="CORE")) == 3
    shown = fleet_of(lab, cluster_id, "CORE")
    assert (shown["TargetOnDemandCapacity"], shown["ProvisionedOnDemandCapacity"]) == (10, 12)


def test_a_short_type_is_passed_over() -> None:
    lab = Lab(faults=short("m5.xlarge"))
    core = fleet("CORE", 2, types=("m5.xlarge", "m6g.xlarge"))
    cluster_id = lab.ready(fleets(fleet("MASTER", 1, types=("m6g.xlarge",)), core))
    assert {item["InstanceType"] for item in instances(lab, cluster_id)} == {"m6g.xlarge"}


def test_priorities_decide_the_order() -> None:
    lab = Lab()
    types = [{"InstanceType": "m5.xlarge", "Priority": 2.0}, {"InstanceType": "r5.xlarge", "Priority": 0.0}]
    cluster_id = lab.ready(fleets(fleet("MASTER", 1), fleet("CORE", 1, InstanceTypeConfigs=types)))
    (core,) = instances(lab, cluster_id, InstanceFleetType="CORE")
    assert core["InstanceType"] == "r5.xlarge"


def test_spot_timeout_switches_to_on_demand() -> None:
    lab = Lab(faults=short(market="SPOT"))
    core = fleet("CORE", spot=2, **spot_rule("SWITCH_TO_ON_DEMAND"))
    cluster_id = lab.run(fleets(fleet("MASTER", 1), core))
    lab.clock.sleep(10 * MINUTE)
    assert lab.state(cluster_id) == "STARTING"
    lab.clock.sleep(READY_SECONDS)
    assert lab.state(cluster_id) == "WAITING"
    shown = fleet_of(lab, cluster_id, "CORE")
    assert (shown["ProvisionedOnDemandCapacity"], shown["ProvisionedSpotCapacity"]) == (2, 0)


def test_spot_timeout_ends_the_cluster() -> None:
    lab = Lab(faults=short(market="SPOT"))
    core = fleet("CORE", spot=2, **spot_rule("TERMINATE_CLUSTER"))
    cluster_id = lab.run(fleets(fleet("MASTER", 1), core))
    lab.clock.sleep(10 * MINUTE - 1)
    assert lab.state(cluster_id) == "STARTING"
    lab.clock.sleep(1 + END_SECONDS)
    assert lab.state(cluster_id) == "TERMINATED_WITH_ERRORS"
    assert lab.reason(cluster_id)["Code"] == "INSTANCE_FLEET_TIMEOUT"


def test_spot_that_comes_back_in_time_is_taken() -> None:
    lab = Lab()
    lab.faults.shortages.append(CapacityShortage(market="SPOT", until=lab.start + 5 * MINUTE))
    core = fleet("CORE", spot=2, **spot_rule("TERMINATE_CLUSTER"))
    cluster_id = lab.run(fleets(fleet("MASTER", 1), core))
    lab.clock.sleep(5 * MINUTE + READY_SECONDS)
    assert lab.state(cluster_id) == "WAITING"


@pytest.mark.parametrize(("rule", "minutes"), [(spot_rule("TERMINATE_CLUSTER"), 10), ({}, 20)])
def test_no_spot_for_the_primary_node(rule: dict[str, Any], minutes: int) -> None:
    lab = Lab(faults=short(market="SPOT"))
    cluster_id = lab.run(fleets(fleet("MASTER", spot=1, **rule), fleet("CORE", 2)))
    lab.clock.sleep(minutes * MINUTE + END_SECONDS)
    status = lab.status(cluster_id)
    assert (status["State"], status["StateChangeReason"]["Code"]) == ("TERMINATED_WITH_ERRORS", "INTERNAL_ERROR")
    assert status["ErrorDetails"][0]["ErrorCode"] == "INTERNAL_ERROR_SPOT_NO_CAPACITY_PRIMARY"


def test_a_fleet_without_on_demand_capacity_ends_the_cluster() -> None:
    lab = Lab(faults=short("m5.xlarge"))
    cluster_id = lab.run(fleets(fleet("MASTER", 1, types=("r5.xlarge",)), fleet("CORE", 2)))
    lab.clock.sleep(20 * MINUTE + END_SECONDS)
    status = lab.status(cluster_id)
    assert (status["State"], status["StateChangeReason"]["Code"]) == ("TERMINATED_WITH_ERRORS", "INTERNAL_ERROR")
    (detail,) = status["ErrorDetails"]
    assert detail["ErrorCode"] == "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ"
    assert detail["ErrorData"][:2] == [{"instance-type": "m5.xlarge"}, {"availability-zone": "us-east-1a"}]
    assert lab.engine.live_clusters() == []


def test_after_the_switch_on_demand_gets_its_own_time() -> None:
    lab = Lab(faults=short("m5.xlarge"))
    core = fleet("CORE", spot=2, **spot_rule("SWITCH_TO_ON_DEMAND"))
    cluster_id = lab.run(fleets(fleet("MASTER", 1, types=("r5.xlarge",)), core))
    lab.clock.sleep(30 * MINUTE - 1)
    assert lab.state(cluster_id) == "STARTING"
    lab.clock.sleep(1)
    assert lab.status(cluster_id)["ErrorDetails"][0]["ErrorCode"] == "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ"


def test_an_ended_cluster_takes_no_capacity() -> None:
    lab = Lab()
    lab.faults.shortages.append(CapacityShortage(until=lab.start + 5 * MINUTE))
    cluster_id = lab.run(groups())
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(20 * MINUTE)
    assert lab.engine.billing(cluster_id) == []


def test_a_fleet_waits_for_on_demand_capacity_that_comes_back() -> None:
    lab = Lab()
    lab.faults.shortages.append(CapacityShortage(until=lab.start + 15 * MINUTE))
    cluster_id = lab.run(fleets())
    lab.clock.sleep(15 * MINUTE + READY_SECONDS)
    assert lab.state(cluster_id) == "WAITING"


def test_a_group_short_of_capacity_keeps_trying() -> None:
    lab = Lab()
    lab.faults.shortages.append(CapacityShortage(until=lab.start + 24 * 60 * MINUTE))
    cluster_id = lab.run(groups())
    lab.clock.sleep(24 * 60 * MINUTE)
    assert lab.state(cluster_id) == "STARTING"
    lab.clock.sleep(MINUTE + READY_SECONDS)
    assert lab.state(cluster_id) == "WAITING"


@pytest.mark.parametrize("kind", ["fleet", "group"])
def test_missing_task_nodes_do_not_keep_a_cluster_from_becoming_ready(kind: str) -> None:
    lab = Lab(faults=short("c5.xlarge"))
    by_fleet = fleets(fleet("MASTER", 1), fleet("CORE", 1), fleet("TASK", 5, types=("c5.xlarge",)))
    by_group = groups(group("MASTER"), group("CORE"), group("TASK", 5, "c5.xlarge"))
    cluster_id = lab.ready(by_fleet if kind == "fleet" else by_group)
    lab.clock.sleep(3600)
    assert lab.state(cluster_id) == "WAITING"
    lab.faults.shortages.clear()
    lab.clock.sleep(MINUTE + READY_SECONDS)
    assert len(instances(lab, cluster_id)) == 7


def test_provisioning_may_be_slow() -> None:
    lab = Lab(faults=Faults(provisioning=[SlowProvisioning(1000, "r5.xlarge")]))
    cluster_id = lab.ready(fleets(fleet("MASTER", 1), fleet("CORE", 1, types=("r5.xlarge",))))
    assert lab.state(cluster_id) == "STARTING"
    lab.clock.sleep(1000 + 150 - READY_SECONDS)
    assert lab.state(cluster_id) == "WAITING"


def test_a_failing_bootstrap_action_ends_the_cluster() -> None:
    lab = Lab(faults=Faults(bootstrap=[BootstrapFailure(exit_code=7)]))
    action = {"Name": "libraries", "ScriptBootstrapAction": {"Path": "s3://code/boot.sh", "Args": ["x"]}}
    cluster_id = lab.ready(groups(BootstrapActions=[action]))
    lab.clock.sleep(END_SECONDS)
    status = lab.status(cluster_id)
    assert (status["State"], status["StateChangeReason"]["Code"]) == ("TERMINATED_WITH_ERRORS", "BOOTSTRAP_FAILURE")
    (detail,) = status["ErrorDetails"]
    assert detail["ErrorCode"] == "BOOTSTRAP_FAILURE_PRIMARY_WITH_NON_ZERO_CODE"
    assert {"return-code": "7"} in detail["ErrorData"]
    assert {"amazon-s3-path": "s3://code/boot.sh"} in detail["ErrorData"]
    assert "ReadyDateTime" not in status["Timeline"]
    assert lab.call("ListBootstrapActions", ClusterId=cluster_id) == {
        "BootstrapActions": [{"Name": "libraries", "ScriptPath": "s3://code/boot.sh", "Args": ["x"]}]
    }


def test_bootstrap_actions_fail_on_their_instance_type_only() -> None:
    lab = Lab(faults=Faults(bootstrap=[BootstrapFailure(instance_type="r5.xlarge")]))
    assert lab.state(lab.ready()) == "WAITING"


def test_lost_spot_instances_are_replaced() -> None:
    lab = Lab(faults=Faults(spot_losses=[SpotLoss(1000, "CORE")]))
    core = fleet("CORE", on_demand=1, spot=2, **spot_rule("SWITCH_TO_ON_DEMAND"))
    cluster_id = lab.run(fleets(fleet("MASTER", 1), core))
    lab.clock.sleep(1000)
    assert lab.state(cluster_id) == "WAITING"
    lost = instances(lab, cluster_id, "TERMINATED")
    assert [item["Market"] for item in lost] == ["SPOT", "SPOT"]
    assert fleet_of(lab, cluster_id, "CORE")["Status"]["State"] == "RESIZING"
    lab.clock.sleep(READY_SECONDS)
    assert fleet_of(lab, cluster_id, "CORE")["Status"]["State"] == "RUNNING"
    assert len(instances(lab, cluster_id, "RUNNING")) == 4


def test_a_lost_primary_ends_even_a_protected_cluster() -> None:
    lab = Lab(faults=Faults(spot_losses=[SpotLoss(1000, "MASTER")]))
    request = groups(group("MASTER", Market="SPOT"), group("CORE"), protected=True)
    cluster_id = lab.run(request)
    lab.clock.sleep(1000 + END_SECONDS)
    assert lab.state(cluster_id) == "TERMINATED_WITH_ERRORS"
    assert lab.reason(cluster_id)["Code"] == "INSTANCE_FAILURE"
