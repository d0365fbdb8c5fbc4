"""Managed scaling against traces computed by hand.

A worker holds 4 containers. Managed scaling looks every 10 s from readiness on, which is also the start of the step; a
node launched then serves 390 s later. By default nodes leave that were not needed for 300 s.
"""

from collections import Counter
from typing import Any

import pytest

from scripts.local.emr.load import Phase
from tests.unit.local.emr.lab import Lab, fleet, fleets, group, groups
from tests.unit.local.emr.loads import SLOTS, WORKER, cluster_of, lab_with, phases, since, started
from tests.unit.local.emr.scaling.policies import READY, managed


def nodes(lab: Lab, cluster_id: str) -> Counter[tuple[str, str]]:
    """Count the living core and task instances by role and market."""
    pools = {item["Id"]: item for item in lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"]}
    living = lab.call("ListInstances", ClusterId=cluster_id)["Instances"]
    roles = [(pools[item["InstanceFleetId"]]["InstanceFleetType"], item["Market"], item) for item in living]
    return Counter(
        (role, market) for role, market, item in roles if role != "MASTER" and item["Status"]["State"] != "TERMINATED"
    )


def workers(lab: Lab, cluster_id: str) -> int:
    return lab.engine.usage(cluster_id)[-1].nodes


def test_to_the_needed_count_and_back() -> None:
    lab = lab_with(phases((500, 20), (1000, 4)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, **managed(1, 10, core=1)))
    lab.clock.sleep(3000)
    # 10: 20 wanted need 5 nodes, so 4 task nodes, which serve at 400: 400 x 4 = 1600 of 10000 done; 8400 / 20 = 420.
    # From 820 on 4 are wanted; at 1120 no more were for 300 s, and the 4 idle nodes leave.
    assert since(lab, cluster_id, moment) == [
        (0, 20, 4, 4, 1),
        (400, 20, 20, 20, 5),
        (820, 4, 4, 20, 5),
        (1120, 4, 4, 4, 1),
        (1820, 0, 0, 4, 1),
    ]


def test_nodes_nobody_needed_from_the_start_leave() -> None:
    lab = lab_with(phases((1000, 3)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, task=2, **managed(1, 3, core=1)))
    lab.clock.sleep(500)
    assert since(lab, cluster_id, moment) == [(0, 3, 3, 12, 3), (300, 3, 3, 4, 1)]


def test_a_short_dip_takes_no_nodes() -> None:
    lab = lab_with(phases((200, 12), (290, 1), (400, 12)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, task=2, **managed(1, 3, core=1)))
    lab.clock.sleep(850)
    assert since(lab, cluster_id, moment) == [(0, 12, 12, 12, 3), (200, 1, 1, 12, 3), (490, 12, 12, 12, 3)]


def test_more_demand_while_nodes_arrive_launches_more_nodes() -> None:
    lab = lab_with(phases((100, 8), (1000, 16)))
    moment = lab.start + READY
    cluster_id = started(lab, cluster_of(core=1, **managed(1, 10, core=1)))
    lab.clock.sleep(700)
    # 10: 8 wanted, one more node, at 400. The 800 of the first phase take 4 containers 200 s; 16 wanted from then on:
    # seen at 210, two more, at 600.
    assert since(lab, cluster_id, moment) == [
        (0, 8, 4, 4, 1),
        (200, 16, 4, 4, 1),
        (400, 16, 8, 8, 2),
        (600, 16, 16, 16, 4),
    ]


def test_lost_spot_nodes_come_back() -> None:
    lab = lab_with((Phase(500, 12), Phase(1000, 12, spot_lost=1.0)))
    moment = lab.start + READY
    request = cluster_of(core=1, task=2, task_group={"Market": "SPOT"}, **managed(1, 3, core=1, on_demand=1))
    cluster_id = started(lab, request)
    lab.clock.sleep(1000)
    # 8 containers lose 60 s each.
    assert since(lab, cluster_id, moment) == [(0, 12, 12, 12, 3), (500, 12, 4, 4, 1), (890, 12, 12, 12, 3)]


def test_core_first_then_on_demand_then_spot() -> None:
    lab = lab_with(phases((5000, 400)))
    pools = [
        fleet("MASTER", 1),
        fleet("CORE", 1, types=(WORKER,)),
        fleet("TASK", types=(WORKER,), spot=1),
    ]
    request = fleets(*pools, **managed(2, 9, "InstanceFleetUnits", core=3, on_demand=5))
    cluster_id = started(lab, request)
    lab.clock.sleep(500)
    # 3 core nodes, then 2 On-Demand task nodes up to 5, and 4 Spot ones up to 9.
    assert nodes(lab, cluster_id) == {("CORE", "ON_DEMAND"): 3, ("TASK", "ON_DEMAND"): 2, ("TASK", "SPOT"): 4}
    shown = lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"][2]
    assert (shown["TargetOnDemandCapacity"], shown["ProvisionedOnDemandCapacity"]) == (2, 2)
    assert (shown["TargetSpotCapacity"], shown["ProvisionedSpotCapacity"]) == (4, 4)


def test_spot_task_nodes_leave_first_and_the_minimum_stays() -> None:
    lab = lab_with(phases((10, 1), (5000, 1)))
    pools = [fleet("MASTER", 1), fleet("CORE", 2, types=(WORKER,)), fleet("TASK", 1, 3, types=(WORKER,))]
    cluster_id = started(lab, fleets(*pools, **managed(3, 9, "InstanceFleetUnits")))
    lab.clock.sleep(400)
    # 6 units, 3 at least: the three Spot nodes go.
    assert nodes(lab, cluster_id) == {("CORE", "ON_DEMAND"): 2, ("TASK", "ON_DEMAND"): 1}


@pytest.mark.parametrize(("core", "left"), [(3, 1), (5, 2), (12, 3)])
def test_hdfs_keeps_its_core_nodes(core: int, left: int) -> None:
    lab = Lab()
    cluster_id = lab.ready(cluster_of(core=core, **managed(1, 20)))
    lab.clock.sleep(600)
    assert workers(lab, cluster_id) == left


@pytest.mark.parametrize(
    ("unit", "highest", "expected"),
    [("Instances", 6, 6), ("VCPU", 64, 4), ("VCPU", 79, 4)],
)
def test_limits_count_in_their_units(unit: str, highest: int, expected: int) -> None:
    lab = lab_with(phases((5000, 400)))
    cluster_id = started(lab, cluster_of(core=1, **managed(1, highest, unit)))
    lab.clock.sleep(500)
    # A worker has 16 vCPUs: 79 // 16 = 4.
    assert workers(lab, cluster_id) == expected


def test_weighted_fleets_count_in_units() -> None:
    lab = lab_with(phases((5000, 400)))
    types = [{"InstanceType": WORKER, "WeightedCapacity": 4}]
    pools = [fleet("MASTER", 1), fleet("CORE", 4, InstanceTypeConfigs=types), fleet("TASK", InstanceTypeConfigs=types)]
    cluster_id = started(lab, fleets(*pools, **managed(4, 18, "InstanceFleetUnits", core=4)))
    lab.clock.sleep(500)
    # 4 units a node: the core node and three more are 16; a fifth would be 20.
    assert workers(lab, cluster_id) == 4
    assert lab.engine.usage(cluster_id)[-1].capacity == 4 * SLOTS


@pytest.mark.parametrize(("index", "launched"), [(1, 3), (25, 5), (50, 8), (75, 10), (100, 10)])
def test_the_index_says_how_much_is_served_at_once(index: int, launched: int) -> None:
    lab = lab_with(phases((5000, 44)))
    cluster_id = started(lab, cluster_of(core=1, **managed(1, 20, core=1, index=index)))
    lab.clock.sleep(399)
    # 40 are pending: a quarter needs 10 / 4 = 2.5 nodes, half 5, three quarters 7.5, all 10.
    living = [item for item in lab.engine.billing(cluster_id) if item.role == "TASK"]
    assert len(living) == launched


@pytest.mark.parametrize(("index", "patience"), [(1, 60), (25, 120), (50, 300), (75, 450), (100, 600)])
def test_the_index_says_how_long_idle_nodes_stay(index: int, patience: int) -> None:
    lab = lab_with(phases((700, 8), (5000, 4)))
    cluster_id = started(lab, cluster_of(core=1, task=1, **managed(1, 20, core=1, index=index)))
    lab.clock.sleep(700 + patience - 1)
    assert workers(lab, cluster_id) == 2
    lab.clock.sleep(1)
    assert workers(lab, cluster_id) == 1


@pytest.mark.parametrize("pools", [[group("CORE", 2, WORKER)], [group("CORE", 1, WORKER), group("TASK", 1, WORKER)]])
def test_a_cluster_without_steps_shrinks_to_its_minimum(pools: list[dict[str, Any]]) -> None:
    lab = Lab()
    cluster_id = lab.ready(groups(group("MASTER"), *pools, **managed(1, 5)))
    lab.clock.sleep(299)
    assert workers(lab, cluster_id) == 2
    lab.clock.sleep(1)
    assert workers(lab, cluster_id) == 1


def test_a_step_without_a_load_scales_nothing() -> None:
    lab = Lab()
    cluster_id = started(lab, cluster_of(core=1, task=2, **managed(1, 5)), *["unknown"] * 20)
    lab.clock.sleep(2000)
    assert workers(lab, cluster_id) == 3


def test_a_new_policy_counts_at_once_and_a_removed_one_no_more() -> None:
    lab = lab_with(phases((9000, 40)))
    cluster_id = started(lab, cluster_of(core=1, **managed(1, 2)))
    lab.clock.sleep(500)
    assert workers(lab, cluster_id) == 2
    lab.call("PutManagedScalingPolicy", ClusterId=cluster_id, **managed(1, 5))
    lab.clock.sleep(500)
    assert workers(lab, cluster_id) == 5
    lab.call("RemoveManagedScalingPolicy", ClusterId=cluster_id)
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(90)
    assert workers(lab, cluster_id) == 0


def test_nodes_on_their_way_are_cancelled_when_nothing_needs_them() -> None:
    lab = lab_with(phases((60, 8), (5000, 2)))
    cluster_id = started(lab, cluster_of(core=1, **managed(1, 5, core=1)))
    lab.clock.sleep(410)
    # Wanted at 10; the 480 of the first phase take 4 containers 120 s; unneeded at 420, when the node has just come.
    assert workers(lab, cluster_id) == 2
    lab.clock.sleep(10)
    assert workers(lab, cluster_id) == 1


def test_a_cluster_nothing_happens_on_costs_no_callbacks() -> None:
    lab = Lab()
    cluster_id = lab.ready(cluster_of(core=2, **managed(1, 5)))
    lab.clock.sleep(10**9)
    assert workers(lab, cluster_id) == 1


def test_a_hair_too_early_is_one_look_too_early() -> None:
    lab = lab_with(phases((10.000003, 8), (5000, 4)))
    cluster_id = started(lab, cluster_of(core=1, task=1, **managed(1, 5, core=1)))
    lab.clock.sleep(319)
    # Until 310.000003 both nodes count as needed: seen at 310, acted on at 320.
    assert workers(lab, cluster_id) == 2
    lab.clock.sleep(1)
    assert workers(lab, cluster_id) == 1
