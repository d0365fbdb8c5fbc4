"""A plan with instance groups instead of fleets: what is dumped, and what reads it later."""

from typing import Any, Literal

import pytest
from pydantic import ValidationError

from lambdas import aws
from lambdas.failures.classes import FailureClass
from lambdas.recovery.shortages import Shortage, shortages_of
from lambdas.runs.diagnosing import examine
from lambdas.runs.plan import ClusterRequest, Plan, Pool
from scripts.local.emr.faults import CapacityShortage, SlowProvisioning
from tests.unit.lambdas.emr import ARN, Emr
from tests.unit.lambdas.plans import a_plan
from tests.unit.lambdas.runs.failed import event
from tests.unit.lambdas.sizing.accepted import GROUPS

PLAN = a_plan(1_000, GROUPS)
REQUEST = PLAN.cluster


def test_one_subnet_and_groups_only() -> None:
    document = REQUEST.model_dump(mode="json", by_alias=True)
    assert set(document) == {"Name", "Ec2SubnetIds", "InstanceGroups", "Configurations", "ManagedScalingPolicy"}
    assert document["Ec2SubnetIds"] == ["subnet-1"]


@pytest.mark.parametrize("plan", [PLAN, a_plan()], ids=["groups", "fleets"])
def test_a_plan_comes_back_from_its_document(plan: Plan) -> None:
    assert Plan.model_validate(plan.as_document()) == plan


@pytest.mark.parametrize("groups", [[], REQUEST.instance_groups])
def test_neither_or_both_are_refused(groups: list[dict[str, Any]]) -> None:
    fleets = a_plan().cluster.instance_fleets if groups else []
    with pytest.raises(ValidationError, match="either instance fleets or instance groups"):
        ClusterRequest(
            name="run",
            ec2_subnet_ids=["subnet-1"],
            instance_fleets=fleets,
            instance_groups=groups,
            configurations=[],
            managed_scaling_policy={},
        )


@pytest.mark.parametrize("plan", [PLAN, a_plan(1_000)], ids=["groups", "fleets"])
def test_pools_say_what_is_asked_for(plan: Plan) -> None:
    size = plan.size
    pools = plan.cluster.pools
    assert [(pool.role, pool.market, pool.types[0], pool.units) for pool in pools] == [
        ("MASTER", "on_demand", size.primary.instance_type, 1),
        ("CORE", "on_demand", size.core.instance_type, size.core.count),
        ("TASK", "spot", size.task.instance_type, size.task.count),
    ]


def test_a_group_without_a_market_is_on_demand() -> None:
    group = {"InstanceRole": "MASTER", "InstanceType": "m7g.xlarge", "InstanceCount": 1}
    request = REQUEST.model_copy(update={"instance_groups": [group]})
    assert request.pools == [Pool("MASTER", "on_demand", ("m7g.xlarge",), 1)]


def test_shortages_of_the_vital_groups() -> None:
    expected = {PLAN.size.primary.instance_type, PLAN.size.core.instance_type}
    assert shortages_of(REQUEST, None) == [Shortage(name, "subnet-1", "on_demand") for name in sorted(expected)]


def start(emr: Emr) -> str:
    """Start the cluster of the plan, as the machine would."""
    asked = REQUEST.model_dump(by_alias=True)
    instances = {"KeepJobFlowAliveWhenNoSteps": True, "InstanceGroups": asked["InstanceGroups"]}
    request = {
        "Name": "cluster",
        "Instances": {**instances, "Ec2SubnetId": asked["Ec2SubnetIds"][0]},
        "Tags": [{"Key": "slow-lambda:execution", "Value": ARN}],
    }
    return str(emr.engine.call("RunJobFlow", request)["JobFlowId"])


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize("market", ["ON_DEMAND", "SPOT"])
def test_only_vital_groups_are_missed(emr: Emr, market: Literal["ON_DEMAND", "SPOT"]) -> None:
    emr.faults.shortages.append(CapacityShortage(market=market))
    emr.faults.provisioning.append(SlowProvisioning(1e9))
    cluster_id = start(emr)
    emr.clock.sleep(600)
    emr.end(cluster_id)
    found = examine(event("Create cluster", "States.Timeout", plan=PLAN), emr.client, aws.s3())
    expected = FailureClass.CAPACITY_SHORTAGE if market == "ON_DEMAND" else FailureClass.TIMEOUT
    assert found.diagnosis.failure_class is expected
