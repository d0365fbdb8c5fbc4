"""The next attempt of a run whose cluster a policy scales."""

import pytest

from lambdas.failures.classes import FailureClass
from lambdas.failures.diagnose import Diagnosis
from lambdas.recovery.attempt import next_attempt
from lambdas.runs.plan import Plan
from lambdas.runs.request import elastic_of, planned_rung
from lambdas.sizing import build_ladder
from lambdas.sizing.ladder import first_rung
from tests.unit.lambdas.plans import FOLDER, NAME, a_plan
from tests.unit.lambdas.sizing.accepted import CATALOGUE
from tests.unit.lambdas.sizing.test_elastic import ELASTIC, POLICY, changed, group, sizes

SUBNETS = ("subnet-1", "subnet-2")


def an_elastic_plan(attempt: int = 1) -> Plan:
    found = sizes()
    first, *ladder = [
        planned_rung(rung, NAME, FOLDER)
        for rung in (first_rung(found.best, SUBNETS), *build_ladder(found.best, found, SUBNETS))
    ]
    size = {"size": first.size, "estimate": first.estimate, "cluster": first.cluster, "ladder": ladder}
    return a_plan().model_copy(update={**size, "attempt": attempt})


def after(plan: Plan, failure: FailureClass) -> tuple[Plan, str]:
    found = next_attempt(plan, Diagnosis(failure, failure.action, 0.9, ()), ELASTIC, CATALOGUE, (), POLICY)
    assert found is not None
    return found


def test_the_plan_says_what_starts() -> None:
    plan = an_elastic_plan()
    size = plan.size
    assert (size.primary.instance_type, size.primary.count) == ("m5.xlarge", 1)
    assert (size.core.instance_type, size.core.count) == ("r5.xlarge", 2)
    assert (size.task.instance_type, size.task.count, size.task_market) == ("r5.2xlarge", 0, "spot")
    assert (size.workers, size.vcpus, size.executors) == (2, 8, 2)
    assert "ManagedScalingPolicy" not in plan.as_document()["cluster"]
    assert Plan.model_validate(plan.as_document()) == plan


def test_the_plan_holds_all_of_the_cluster() -> None:
    assert elastic_of(an_elastic_plan(), POLICY, CATALOGUE) == sizes().best.elastic


@pytest.mark.parametrize("failure", [FailureClass.EXECUTOR_OUT_OF_MEMORY, FailureClass.DRIVER_OUT_OF_MEMORY])
def test_more_memory_with_the_same_policy_and_types(failure: FailureClass) -> None:
    before = an_elastic_plan()
    plan, words = after(before, failure)
    assert "more memory: r5.xlarge" in words
    old, new = (
        [{name: each[name] for name in ("Name", "InstanceType", "InstanceCount")} for each in p.cluster.instance_groups]
        for p in (before, plan)
    )
    assert new == old
    task, was = plan.cluster.instance_groups[-1], before.cluster.instance_groups[-1]
    assert task["AutoScalingPolicy"] == was["AutoScalingPolicy"]
    assert plan.estimate == before.estimate
    if failure is FailureClass.EXECUTOR_OUT_OF_MEMORY:
        assert plan.size.executor_cores == before.size.executor_cores // 2
        assert plan.size.shuffle_partitions == before.size.shuffle_partitions * 2
    else:
        assert plan.size.driver_memory_mib == before.size.driver_memory_mib * 2


def test_no_more_memory_where_the_policy_would_stop_acting() -> None:
    plan = an_elastic_plan()
    for _ in range(10):
        found = next_attempt(
            plan.model_copy(update={"attempt": 1}),
            Diagnosis(FailureClass.DRIVER_OUT_OF_MEMORY, FailureClass.DRIVER_OUT_OF_MEMORY.action, 0.9, ()),
            ELASTIC,
            CATALOGUE,
            (),
            POLICY,
        )
        if found is None:
            break
        plan = found[0]
    assert found is None
    assert plan.size.driver_memory_mib == 4_096


def test_another_subnet_when_there_is_no_capacity() -> None:
    plan, why = after(an_elastic_plan(), FailureClass.CAPACITY_SHORTAGE)
    assert why == "only the subnet subnet-2"
    assert plan.cluster.ec2_subnet_ids == ["subnet-2"]
    assert plan.cluster.instance_groups == an_elastic_plan().cluster.instance_groups


def test_task_nodes_on_demand_keep_their_market_when_memory_runs_out() -> None:
    plan = an_elastic_plan()
    on_demand = plan.ladder[-1]
    there = plan.model_copy(update={"size": on_demand.size, "cluster": on_demand.cluster})
    grown, _ = after(there, FailureClass.EXECUTOR_OUT_OF_MEMORY)
    assert grown.cluster.instance_groups[-1]["Market"] == "ON_DEMAND"


def test_a_policy_of_several_groups_is_read_back() -> None:
    two = changed(task_groups=[group("r5.2xlarge"), group("r5.xlarge", name="more", most=4)])
    found = sizes(two)
    rung = planned_rung(first_rung(found.best, SUBNETS), NAME, FOLDER)
    plan = a_plan().model_copy(update={"size": rung.size, "cluster": rung.cluster})
    assert elastic_of(plan, two, CATALOGUE) == found.best.elastic
    assert plan.size.task.instance_type == "r5.2xlarge, r5.xlarge"
