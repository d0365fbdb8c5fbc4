"""Clusters that a policy scales: what they start with, what EMR is asked for, and policies that will not do."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.scaling.flapping import find_flapping
from lambdas.sizing import Decision, Sizes, build_ladder
from lambdas.sizing.elastic import Elastic, ScalingError, fit_policy, left_out, shared_maxima
from lambdas.sizing.memory import more_elastic_driver_memory, more_elastic_executor_memory
from lambdas.sizing.receipt import receipt
from lambdas.specs import CustomScaling, ManagedScaling, load_cluster, load_scaling
from lambdas.specs.scaling import ManagedLimits, TaskGroup
from tests.unit.lambdas.sizing.accepted import CATALOGUE, SPARK, assert_emr_takes, units_of
from tests.unit.lambdas.sizing.sizes import BIG, NOTHING, asking, weighed
from tests.unit.lambdas.sizing.yarn import Settings, nodes_of, place, properties

ELASTIC = load_cluster("elastic")
INTEL = [known for known in CATALOGUE.types if known.arch == "x86_64"]


def shipped() -> CustomScaling:
    policy = load_scaling("yarn-memory")
    assert isinstance(policy, CustomScaling)
    return policy


POLICY = shipped()


def changed(**parts: Any) -> CustomScaling:
    """Return the shipped policy with other parts, as a file would say them."""
    return CustomScaling.model_validate({**_as_written(POLICY), **parts})


def _as_written(policy: CustomScaling) -> dict[str, Any]:
    written: dict[str, Any] = policy.model_dump(exclude_none=True, by_alias=True)
    for rule, given_rule in zip(written["rules"], policy.rules, strict=True):
        rule |= {"when": str(given_rule.when), "for": f"{given_rule.held}s", "cooldown": f"{given_rule.cooldown}s"}
    return written


def group(*types: str, name: str = "task", least: int = 0, most: int = 20) -> dict[str, Any]:
    return {"name": name, "types": list(types), "min": least, "max": most}


def minimum(core: str, count: int = 2, primaries: int = 1) -> dict[str, Any]:
    return {"primary": {"type": "m5.xlarge", "count": primaries}, "core": {"type": core, "count": count}}


def sizes(policy: CustomScaling = POLICY, max_nodes: int = 40) -> Sizes:
    return weighed(BIG, replace(asking(max_nodes), scaling=policy), cluster=ELASTIC)


def elastic_of(decision: Decision) -> Elastic:
    assert decision.elastic is not None
    return decision.elastic


def groups_of(decision: Decision) -> dict[str, dict[str, Any]]:
    return {each["Name"]: each for each in decision.emitted.instance_groups}


def test_the_shipped_policy_starts_small_and_may_grow() -> None:
    decision = sizes().best
    assert_emr_takes_it(decision)
    assert units_of(decision.emitted) == {"primary": 1, "core": 2, "task": 0}
    groups = groups_of(decision)
    assert [groups[name]["InstanceType"] for name in groups] == ["m5.xlarge", "r5.xlarge", "r5.2xlarge"]
    assert groups["task"]["AutoScalingPolicy"]["Constraints"] == {"MinCapacity": 0, "MaxCapacity": 20}
    assert "AutoScalingPolicy" not in groups["core"]
    assert not decision.emitted.managed_scaling
    assert decision.emitted.primary_count == 1


def assert_emr_takes_it(decision: Decision) -> None:
    """With no managed scaling, which EMR refuses beside a policy."""
    assert_emr_takes(decision.emitted, ELASTIC, ("subnet-1",))


def test_never_more_nodes_than_the_job_allows() -> None:
    task = groups_of(sizes(max_nodes=10).best)["task"]
    assert task["AutoScalingPolicy"]["Constraints"] == {"MinCapacity": 0, "MaxCapacity": 7}


def test_three_primaries() -> None:
    decision = sizes(changed(minimum=minimum("r5.xlarge", primaries=3)), max_nodes=10).best
    assert_emr_takes_it(decision)
    assert units_of(decision.emitted)["primary"] == decision.emitted.primary_count == 3
    assert groups_of(decision)["task"]["AutoScalingPolicy"]["Constraints"]["MaxCapacity"] == 5


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=48), st.integers(0, 500))
def test_groups_share_the_room(ranges: list[tuple[int, int]], room: int) -> None:
    groups = [
        TaskGroup.model_validate(group("r5.xlarge", least=least, most=least + more + 1)) for least, more in ranges
    ]
    maxima = shared_maxima(groups, room)
    assert all(each.min <= most <= each.max for each, most in zip(groups, maxima, strict=True))
    wanted, had = sum(each.max - each.min for each in groups), sum(maxima) - sum(each.min for each in groups)
    assert had == wanted if wanted <= room else room - len(groups) < had <= room


def test_forty_eight_groups() -> None:
    many = changed(task_groups=[group("r5.2xlarge", name=f"task-{number}", least=1, most=1) for number in range(48)])
    decision = sizes(many, max_nodes=60).best
    assert_emr_takes_it(decision)
    assert len(decision.emitted.instance_groups) == 50


def placed(decision: Decision, task_nodes: int) -> tuple[int, int, int]:
    """Return executors placed, and YARN memory left and in all, when each task group has some nodes."""
    settings = Settings.of(decision.emitted)
    grown = [
        {**each, "InstanceCount": task_nodes} if each["InstanceRole"] == "TASK" else each
        for each in decision.emitted.instance_groups
    ]
    nodes = nodes_of(replace(decision.emitted, instance_groups=grown), CATALOGUE, [0])
    executors = place(nodes, settings, driver_on=0)
    return executors, sum(node.free_mib for node in nodes), sum(node.offered_mib for node in nodes)


@pytest.mark.parametrize("task_nodes", [0, 1, 5, 20])
def test_a_full_cluster_has_so_little_memory_available_that_the_policy_acts(task_nodes: int) -> None:
    decision = sizes().best
    executors, free, offered = placed(decision, task_nodes)
    assert executors == 2 + 2 * task_nodes
    assert free / offered < 0.15


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(INTEL), st.integers(1, 6), st.lists(st.sampled_from(INTEL), min_size=1, max_size=3), st.data())
def test_any_types_do_or_are_refused(core: Any, count: int, types: list[Any], data: st.DataObject) -> None:
    """What is emitted holds its executors on every node, acts when full, and comes to rest."""
    names = list(dict.fromkeys(known.type for known in types))
    policy = changed(minimum=minimum(core.type, count), task_groups=[group(*names)])
    max_nodes = data.draw(st.integers(policy.smallest + 1, 60))
    problems = left_out(policy, "spot", CATALOGUE, max_nodes)
    if len(problems) == len(names):
        with pytest.raises(ScalingError, match=r"same executor|never grows|never comes to rest"):
            fit_policy(policy, "spot", CATALOGUE, max_nodes)
        return
    best, *_ = fit_policy(policy, "spot", CATALOGUE, max_nodes)
    decision = weighed(BIG, replace(asking(max_nodes), scaling=policy), cluster=ELASTIC).best
    elastic = elastic_of(decision)
    task = elastic.groups[0]
    executors, free, offered = placed(decision, task.maximum)
    assert executors == elastic.most_executors
    executors, free, offered = placed(decision, 0)
    assert executors == elastic.executors == best.executors
    assert free / offered < 0.15
    assert find_flapping(elastic.elasticity, policy.rules) is None
    assert elastic.layout.node_mib <= core.yarn_memory_mib
    on_task = properties(groups_of(decision)["task"]["Configurations"], "yarn-site")
    assert int(on_task["yarn.nodemanager.resource.memory-mb"]) <= task.instance_type.yarn_memory_mib


def test_the_room_for_the_driver_can_keep_a_policy_from_ever_acting() -> None:
    """A fifth of a node of 12 GiB is kept for the driver; on five of them, more than 15 % is always available."""
    small = changed(minimum=minimum("m5.xlarge", 5), task_groups=[group("r5.2xlarge")])
    with pytest.raises(ScalingError, match=r"5 x m5.xlarge never grows: .* keep out-of-memory from acting"):
        fit_policy(small, "spot", CATALOGUE, 40)
    assert fit_policy(changed(minimum=minimum("m5.xlarge", 2), task_groups=[group("m5.xlarge")]), "spot", CATALOGUE, 40)


def test_a_type_with_which_the_policy_never_rests_is_left_out() -> None:
    (problem,) = left_out(POLICY, "spot", CATALOGUE, 40)
    assert "task nodes r5.4xlarge" in problem
    assert "it goes 0, 5, 2, 0, ..." in problem
    assert [each.task_type for each in fit_policy(POLICY, "spot", CATALOGUE, 40)] == ["r5.2xlarge"]
    with pytest.raises(ScalingError, match=r"never comes to rest: with 45\.6 GiB wanted"):
        fit_policy(changed(task_groups=[group("r5.4xlarge")]), "spot", CATALOGUE, 40)


def test_a_smallest_cluster_above_the_limit() -> None:
    with pytest.raises(ScalingError, match=r"has 3 nodes, and limits\.max_nodes is 2"):
        fit_policy(POLICY, "spot", CATALOGUE, 2)


def test_the_cheapest_type_for_its_speed_comes_first() -> None:
    policy = changed(task_groups=[group("r5a.2xlarge", "m5.2xlarge", "r6i.2xlarge")])
    found = [each.task_type for each in fit_policy(policy, "on_demand", CATALOGUE, 40)]
    assert set(found) == {"r5a.2xlarge", "m5.2xlarge", "r6i.2xlarge"}
    assert found[0] == "m5.2xlarge"


def test_executors_may_all_go_and_all_come() -> None:
    """Executors that are kept would keep memory from becoming available, and nodes from being removed."""
    spark = properties(sizes().best.emitted.configurations, "spark-defaults")
    assert [spark[f"spark.dynamicAllocation.{name}Executors"] for name in ("min", "initial", "max")] == ["0", "2", "42"]


def test_the_receipt() -> None:
    found = sizes()
    lines = receipt(BIG, found.asked, NOTHING, found.best, ELASTIC, CATALOGUE)
    assert lines[2].startswith(
        "Chosen: primary m5.xlarge, 2 core nodes r5.xlarge, 0 to 20 task nodes r5.2xlarge on spot by the policy "
        "yarn-memory: to start with 8 cores, 48.0 GiB for YARN, 2 executors"
    )
    assert lines[3].startswith("Expected of a fixed 7 x r5.2xlarge, whatever the policy comes to: ")
    assert lines[-1] == (
        "Scaling: memory-to-spare: YARNMemoryAvailablePercentage over 75 % for 3 minutes becomes one period of 5 "
        "minutes: EMR publishes its metrics every 300 s."
    )


def test_the_ladder() -> None:
    two = changed(task_groups=[group("r5.2xlarge", "m5.2xlarge")])
    found = sizes(two)
    first, *others = build_ladder(found.best, found, ("subnet-1", "subnet-2"))
    assert first.why == f"other task nodes: {elastic_of_rung(first).task_type}"
    assert elastic_of_rung(first).task_type != elastic_of(found.best).task_type
    assert [(rung.why, rung.subnets, rung.market) for rung in others] == [
        ("only the subnet subnet-2", ("subnet-2",), "spot"),
        ("task nodes on demand from the start", ("subnet-1", "subnet-2"), "on_demand"),
    ]
    task = others[-1].emitted.instance_groups[-1]
    assert task["Market"] == "ON_DEMAND"
    assert task["AutoScalingPolicy"]["Constraints"]["MaxCapacity"] == 20
    assert others[-1].estimate.usd.median > found.best.estimate.usd.median


def elastic_of_rung(rung: Any) -> Elastic:
    assert isinstance(rung.elastic, Elastic)
    return rung.elastic


def test_fewer_tasks_at_once_after_executors_ran_out_of_memory() -> None:
    before = elastic_of(sizes().best)
    found = []
    after = more_elastic_executor_memory(before)
    while after:
        found.append((after.layout.cores, after.layout.heap_per_core_mib))
        after = more_elastic_executor_memory(after)
    assert found == [(2, 9_226), (1, 18_453)]


def test_a_driver_grows_until_its_room_would_stop_the_policy() -> None:
    before = elastic_of(sizes().best)
    after = more_elastic_driver_memory(before)
    assert after is not None
    assert after.layout.driver_heap_mib == 2 * before.layout.driver_heap_mib
    assert after.core == before.core
    largest = after
    while after := more_elastic_driver_memory(largest):
        largest = after
    room = largest.layout.driver_container_mib
    assert room / (2 * largest.layout.node_mib) < 0.15
    assert 2 * room / (2 * largest.layout.node_mib) > 0.15


def managed(**limits: int) -> ManagedScaling:
    return ManagedScaling(name="mine", description="Mine.", managed=ManagedLimits(**limits))


def test_managed_limits_bound_the_size_and_what_it_may_become() -> None:
    def best(limits: ManagedScaling, max_nodes: int = 40) -> Decision:
        return weighed(BIG, replace(asking(max_nodes), scaling=limits), cluster=SPARK).best

    free = best(managed())
    assert best(managed(minimum=free.shape.workers + 5)).shape.workers >= free.shape.workers + 5
    assert best(managed(maximum=3)).shape.workers <= 3
    more = best(managed(maximum=30))
    assert more.emitted.managed_scaling["ComputeLimits"]["MaximumCapacityUnits"] == 30
    spark = properties(more.emitted.configurations, "spark-defaults")
    assert int(spark["spark.dynamicAllocation.maxExecutors"]) == 30 * more.shape.layout.executors
    assert_emr_takes(more.emitted, SPARK, ("subnet-1",))


def test_emitted_is_json() -> None:
    assert json.loads(json.dumps(sizes().best.emitted.instance_groups)) == sizes().best.emitted.instance_groups
