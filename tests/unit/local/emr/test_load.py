"""Loads worked off by the containers there are: every number here is computed by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.emr.load import Phase, share
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.unit.local.emr.lab import Lab, group, groups, step
from tests.unit.local.emr.loads import WORKER, cluster_of, container_seconds, lab_with, phases, since, started

TIMEOUT = "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"


def ended_after(lab: Lab, cluster_id: str, step_id: str, moment: float) -> float:
    return round(float(lab.step(cluster_id, step_id)["Status"]["Timeline"]["EndDateTime"]) - moment, 3)


@pytest.mark.parametrize(("seconds", "containers", "lost"), [(0, 1, 0.0), (1, -1, 0.0), (1, 1, 1.5), (1, 1, -0.1)])
def test_impossible_phases_are_refused(seconds: float, containers: int, lost: float) -> None:
    with pytest.raises(ValueError, match="not a phase"):
        Phase(seconds, containers, lost)


@pytest.mark.parametrize(
    ("capacity", "wants", "given_out"),
    [
        (10, [4, 4], [4, 4]),
        (10, [8, 8], [5, 5]),
        (7, [8, 8], [4, 3]),
        (10, [1, 20, 20], [1, 5, 4]),
        (2, [5, 5, 5], [1, 1, 0]),
        (0, [3], [0]),
        (5, [], []),
    ],
)
def test_containers_are_shared_equally(capacity: int, wants: list[int], given_out: list[int]) -> None:
    assert share(capacity, wants) == given_out


@given(st.integers(0, 100), st.lists(st.integers(0, 40), max_size=6))
def test_sharing_gives_all_there_is_to_who_wants_it(capacity: int, wants: list[int]) -> None:
    given_out = share(capacity, wants)
    assert sum(given_out) == min(capacity, sum(wants))
    assert all(0 <= got <= wanted for got, wanted in zip(given_out, wants, strict=True))
    short = [got for got, wanted in zip(given_out, wants, strict=True) if got < wanted]
    assert not short or max(given_out) - min(short) <= 1


def test_a_load_takes_its_time_when_all_containers_are_had() -> None:
    lab = lab_with(phases((100, 4), (50, 8)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=2))
    lab.clock.sleep(200)
    # Two nodes of 4: 4 of 8 for 100 s, then 8 of 8 for 50 s.
    assert since(lab, cluster_id, moment) == [(0, 4, 4, 8, 2), (100, 8, 8, 8, 2), (150, 0, 0, 8, 2)]
    assert lab.step_states(cluster_id) == ["COMPLETED"]


def test_with_fewer_containers_a_phase_takes_longer_in_proportion() -> None:
    lab = lab_with(phases((100, 10)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1))
    lab.clock.sleep(300)
    # 1000 container-seconds on 4 containers.
    assert since(lab, cluster_id, moment) == [(0, 10, 4, 4, 1), (250, 0, 0, 4, 1)]


def test_a_step_ends_when_its_seconds_are_over_too() -> None:
    lab = lab_with(phases((100, 4)), seconds=400)
    moment = lab.start + 390
    cluster_id = lab.ready(cluster_of(core=1))
    (step_id,) = lab.add(cluster_id, step())
    lab.clock.sleep(500)
    assert ended_after(lab, cluster_id, step_id, moment) == 400


def test_steps_share_the_containers() -> None:
    lab = lab_with(phases((100, 8)), other=phases((50, 2)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, StepConcurrencyLevel=2), "work", "other")
    lab.clock.sleep(400)
    # Two each: `other` has done its 100 after 50 s, `work` 100 of its 800; the other 700 take 4 containers 175 s.
    assert since(lab, cluster_id, moment) == [(0, 10, 4, 4, 1), (50, 8, 4, 4, 1), (225, 0, 0, 4, 1)]


def test_a_phase_without_containers_takes_its_time() -> None:
    lab = lab_with(phases((60, 0), (10, 4)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1))
    lab.clock.sleep(100)
    assert since(lab, cluster_id, moment) == [(0, 0, 0, 4, 1), (60, 4, 4, 4, 1), (70, 0, 0, 4, 1)]


def test_nodes_that_come_take_up_work() -> None:
    lab = lab_with(phases((1000, 8)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1))
    (task,) = [item["Id"] for item in groups_of(lab, cluster_id) if item["InstanceGroupType"] == "TASK"]
    lab.call(
        "ModifyInstanceGroups", ClusterId=cluster_id, InstanceGroups=[{"InstanceGroupId": task, "InstanceCount": 1}]
    )
    lab.clock.sleep(2000)
    # 390 s until the node serves: 1560 done on 4; the other 6440 take 8 containers 805 s.
    assert since(lab, cluster_id, moment) == [(0, 8, 4, 4, 1), (390, 8, 8, 8, 2), (1195, 0, 0, 8, 2)]


@pytest.mark.parametrize("action", ["CancelSteps", "TerminateJobFlows"])
def test_a_cancelled_step_drops_its_load(action: str) -> None:
    lab = lab_with(phases((1000, 4)))
    moment = lab.start + 390
    cluster_id = lab.ready(cluster_of(core=1))
    (step_id,) = lab.add(cluster_id, step())
    lab.clock.sleep(100)
    params: dict[str, Any] = {"JobFlowIds": [cluster_id]}
    lab.call(action, **(params if action == "TerminateJobFlows" else {"ClusterId": cluster_id, "StepIds": [step_id]}))
    lab.clock.sleep(2000)
    assert since(lab, cluster_id, moment)[:2] == [(0, 4, 4, 4, 1), (100, 0, 0, 4, 1)]


def test_a_failed_step_drops_its_load() -> None:
    failed = StepOutcome(succeeded=False, reason="Unknown Error.")
    lab = Lab({"work": ScriptedStep(30, failed, load=phases((1000, 4)))})
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1))
    lab.clock.sleep(100)
    assert lab.step_states(cluster_id) == ["FAILED"]
    assert since(lab, cluster_id, moment) == [(0, 4, 4, 4, 1), (30, 0, 0, 4, 1)]


def test_a_step_without_a_load_is_taken_to_use_everything() -> None:
    lab = Lab()
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=2))
    lab.clock.sleep(200)
    assert since(lab, cluster_id, moment) == [(0, 8, 8, 8, 2), (120, 0, 0, 8, 2)]


@pytest.mark.parametrize(
    ("memory", "overhead", "containers"),
    # m5.4xlarge gives YARN 57344 MiB.
    [
        ("9216m", "1024m", 5),  # 57344 / 10240 = 5.6
        ("9g", "1g", 5),
        ("10240m", None, 5),  # + 10 % = 11264: 5.09
        ("1024m", None, 40),  # + 384 = 1408: 40.7
        ("60g", "1g", 0),
    ],
)
def test_containers_fit_by_memory(memory: str, overhead: str | None, containers: int) -> None:
    properties = {"spark.executor.memory": memory} | ({"spark.executor.memoryOverhead": overhead} if overhead else {})
    lab = Lab()
    cluster_id = lab.ready(cluster_of(Configurations=[{"Classification": "spark-defaults", "Properties": properties}]))
    assert lab.engine.usage(cluster_id)[-1].capacity == containers


@pytest.mark.parametrize(("own", "containers"), [(None, 3), ("40000", 4)])
def test_yarn_site_says_how_much_memory_there_is(own: str | None, containers: int) -> None:
    def site(memory: str) -> dict[str, Any]:
        properties = {"yarn.nodemanager.resource.memory-mb": memory}
        return {"Classification": "yarn-site", "Properties": properties}

    defaults = {"spark.executor.memory": "9000m", "spark.executor.memoryOverhead": "1000m"}
    spark = {"Classification": "spark-defaults", "Properties": defaults}
    core = group("CORE", 1, WORKER, **({"Configurations": [site(own)]} if own else {}))
    lab = Lab()
    cluster_id = lab.ready(groups(group("MASTER"), core, Configurations=[site("30000"), spark]))
    assert lab.engine.usage(cluster_id)[-1].capacity == containers


def groups_of(lab: Lab, cluster_id: str) -> list[dict[str, Any]]:
    return list(lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"])


def task_group(lab: Lab, cluster_id: str) -> dict[str, Any]:
    return next(item for item in groups_of(lab, cluster_id) if item["InstanceGroupType"] == "TASK")


def resize(lab: Lab, cluster_id: str, count: int) -> None:
    change = {"InstanceGroupId": task_group(lab, cluster_id)["Id"], "InstanceCount": count}
    lab.call("ModifyInstanceGroups", ClusterId=cluster_id, InstanceGroups=[change])


def test_busy_nodes_finish_their_tasks_before_they_leave() -> None:
    lab = lab_with(phases((1000, 10)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=3))
    lab.clock.sleep(100)
    resize(lab, cluster_id, 0)
    # 10 containers on 16 places: core 4, tasks 4, 2, 0. The idle node leaves at once, the others in 60 s; what they
    # hold stays, 6 containers, and nothing new starts there.
    shown = task_group(lab, cluster_id)
    assert (shown["RequestedInstanceCount"], shown["RunningInstanceCount"]) == (0, 2)
    assert shown["Status"]["State"] == "RESIZING"
    lab.clock.sleep(60)
    shown = task_group(lab, cluster_id)
    assert (shown["RunningInstanceCount"], shown["Status"]["State"]) == (0, "RUNNING")
    lab.clock.sleep(3000)
    # 10000 = 160 s x 10 + 2100 s x 4
    assert since(lab, cluster_id, moment) == [
        (0, 10, 10, 16, 4),
        (100, 10, 10, 10, 3),
        (160, 10, 4, 4, 1),
        (2260, 0, 0, 4, 1),
    ]
    ended = [round(item.ended - moment) for item in lab.engine.billing(cluster_id) if item.ended]
    assert ended == [160, 160, 100]


def test_a_node_whose_work_is_done_leaves_before_its_time() -> None:
    lab = lab_with(phases((110, 8), (100, 4)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=1))
    lab.clock.sleep(100)
    resize(lab, cluster_id, 0)
    lab.clock.sleep(200)
    # In the second phase 4 containers are wanted, and those on the leaving node are kept first; with the phase it goes.
    assert since(lab, cluster_id, moment)[:3] == [(0, 8, 8, 8, 2), (110, 4, 4, 8, 2), (160, 4, 4, 4, 1)]


def test_with_its_steps_a_leaving_node_goes() -> None:
    lab = lab_with(phases((110, 8)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=1))
    lab.clock.sleep(100)
    resize(lab, cluster_id, 0)
    lab.clock.sleep(200)
    assert since(lab, cluster_id, moment) == [(0, 8, 8, 8, 2), (110, 0, 0, 4, 1)]


def test_nodes_about_to_leave_are_kept_when_they_are_wanted_again() -> None:
    lab = lab_with(phases((1000, 8)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=1))
    lab.clock.sleep(100)
    resize(lab, cluster_id, 0)
    lab.clock.sleep(30)
    resize(lab, cluster_id, 1)
    lab.clock.sleep(2000)
    assert since(lab, cluster_id, moment) == [(0, 8, 8, 8, 2), (1000, 0, 0, 8, 2)]


def test_a_node_whose_time_is_up_takes_its_work_with_it() -> None:
    lab = lab_with(phases((1000, 8)))
    moment = lab.start + 390
    site = {"Classification": "yarn-site", "Properties": {TIMEOUT: "20"}}
    cluster_id = started(lab, cluster_of(core=1, task=1, Configurations=[site]))
    lab.clock.sleep(100)
    resize(lab, cluster_id, 0)
    lab.clock.sleep(3000)
    # 120 s x 8 = 960 done; the 4 containers that go lose 60 s each: 8000 - 960 + 240 = 7280 take 4 containers 1820 s.
    assert since(lab, cluster_id, moment) == [(0, 8, 8, 8, 2), (120, 8, 4, 4, 1), (1940, 0, 0, 4, 1)]


def test_the_group_may_say_how_long_its_nodes_have() -> None:
    lab = lab_with(phases((1000, 8)))
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=1))
    change = {"InstanceGroupId": task_group(lab, cluster_id)["Id"], "ShrinkPolicy": {"DecommissionTimeout": 0}}
    lab.call("ModifyInstanceGroups", ClusterId=cluster_id, InstanceGroups=[change])
    lab.clock.sleep(100)
    resize(lab, cluster_id, 0)
    lab.clock.sleep(1)
    assert since(lab, cluster_id, moment) == [(0, 8, 8, 8, 2), (100, 8, 4, 4, 1)]


def test_spot_nodes_lost_take_their_work_with_them_and_are_replaced() -> None:
    load = (Phase(100, 12), Phase(1000, 12, spot_lost=0.5))
    lab = lab_with(load)
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=2, task_group={"Market": "SPOT"}))
    lab.clock.sleep(2000)
    # At 100 s one of the two Spot nodes goes, with 4 containers x 60 s: 12000 + 240 are left.
    # 8 containers for 390 s do 3120; then a new node serves, and 9120 take 12 containers 760 s.
    assert since(lab, cluster_id, moment) == [
        (0, 12, 12, 12, 3),
        (100, 12, 8, 8, 2),
        (490, 12, 12, 12, 3),
        (1250, 0, 0, 12, 3),
    ]
    assert container_seconds(lab.engine.usage(cluster_id)) == 1200 + 12000 + 240


def test_containers_lose_no_more_than_they_did() -> None:
    load = (Phase(10, 8), Phase(100, 8, spot_lost=1.0))
    lab = lab_with(load)
    moment = lab.start + 390
    cluster_id = started(lab, cluster_of(core=1, task=1, task_group={"Market": "SPOT"}))
    lab.clock.sleep(1000)
    # 10 s after the start 4 containers have done 40: 800 + 40 take the 4 others 210 s.
    assert since(lab, cluster_id, moment)[:3] == [(0, 8, 8, 8, 2), (10, 8, 4, 4, 1), (220, 0, 0, 4, 1)]
