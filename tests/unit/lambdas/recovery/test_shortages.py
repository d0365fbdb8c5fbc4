from typing import Any

import pytest

from lambdas.recovery.shortages import Shortage, order_rungs, shortages_of
from lambdas.runs.plan import ClusterRequest
from tests.unit.lambdas.plans import a_plan

ZONE_CODE = "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ"


def fleet(kind: str, *types: str, spot: int = 0) -> dict[str, Any]:
    return {
        "Name": kind.lower(),
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": 0 if spot else 1,
        "TargetSpotCapacity": spot,
        "InstanceTypeConfigs": [{"InstanceType": name} for name in types],
    }


REQUEST = ClusterRequest(
    name="run",
    ec2_subnet_ids=["subnet-1", "subnet-2"],
    instance_fleets=[
        fleet("MASTER", "m7g.xlarge"),
        fleet("CORE", "r7g.xlarge", "r6g.xlarge"),
        fleet("TASK", "c7g.xlarge", spot=3),
    ],
    configurations=[],
    managed_scaling_policy={},
)


def cluster(*types: str, subnet: str | None = "subnet-1") -> dict[str, Any]:
    data = [{"instance-type": ", ".join(types)}, {"availability-zone": "us-east-1a"}, {"public-doc": "x"}]
    details = [{"ErrorCode": ZONE_CODE, "ErrorData": data, "ErrorMessage": "no capacity"}] if types else []
    return {
        "Id": "j-1",
        "Status": {"State": "TERMINATED_WITH_ERRORS", "ErrorDetails": details},
        "Ec2InstanceAttributes": {"Ec2SubnetId": subnet} if subnet else {},
    }


def test_the_types_emr_names_in_the_subnet_it_chose() -> None:
    assert shortages_of(REQUEST, cluster("r7g.xlarge", "r6g.xlarge")) == [
        Shortage("r6g.xlarge", "subnet-1", "on_demand"),
        Shortage("r7g.xlarge", "subnet-1", "on_demand"),
    ]


def test_without_names_all_that_is_vital() -> None:
    assert [short.instance_type for short in shortages_of(REQUEST, cluster())] == [
        "m7g.xlarge",
        "r6g.xlarge",
        "r7g.xlarge",
    ]


@pytest.mark.parametrize("subnet", [None, "subnet-of-another-request"])
def test_without_a_subnet_in_all_of_them(subnet: str | None) -> None:
    found = shortages_of(REQUEST, cluster("m7g.xlarge", subnet=subnet))
    assert [short.subnet for short in found] == ["subnet-1", "subnet-2"]


@pytest.mark.parametrize("odd", [None, {}, {"Status": {"ErrorDetails": None}}, {"Status": {"ErrorDetails": [{}]}}])
def test_a_cluster_of_which_little_is_known(odd: dict[str, Any] | None) -> None:
    assert len(shortages_of(REQUEST, odd)) == 3 * 2


def test_a_type_that_was_not_asked_for_names_nothing() -> None:
    assert len(shortages_of(REQUEST, cluster("x1e.32xlarge"))) == 3


def test_spot_and_on_demand_are_not_the_same() -> None:
    spot = REQUEST.model_copy(update={"instance_fleets": [fleet("MASTER", "a"), fleet("CORE", "b", spot=1)]})
    assert shortages_of(spot, cluster("a", "b")) == [
        Shortage("a", "subnet-1", "on_demand"),
        Shortage("b", "subnet-1", "spot"),
    ]


def short_of(request: ClusterRequest, role: str, subnet: str, count: int | None = None) -> list[Shortage]:
    found = next(each for each in request.instance_fleets if each["InstanceFleetType"] == role)
    return [Shortage(kind["InstanceType"], subnet, "on_demand") for kind in found["InstanceTypeConfigs"][:count]]


def test_a_rung_steps_back_by_the_share_of_its_subnets_that_lack_a_vital_fleet() -> None:
    ladder = a_plan().ladder
    other, one, two = ladder
    request = other.cluster
    core_here, core_there = (short_of(request, "CORE", subnet) for subnet in request.ec2_subnet_ids)
    primary_there = short_of(request, "MASTER", request.ec2_subnet_ids[1])
    usual_here = short_of(one.cluster, "CORE", "subnet-1")
    assert order_rungs(ladder, []) == ladder
    assert order_rungs(ladder, core_here[:-1]) == ladder
    assert order_rungs(ladder, core_here) == [one, two, other]
    assert order_rungs(ladder, [*usual_here, *core_here]) == [two, other, one]
    assert order_rungs(ladder, [*usual_here, *core_here, *core_there]) == [two, other, one]
    assert order_rungs(ladder, [*usual_here, *core_here, *primary_there]) == [two, other, one]
    spot = [Shortage(short.instance_type, short.subnet, "spot") for short in core_here]
    assert order_rungs(ladder, spot) == ladder
