"""EC2 has no capacity: other types, another subnet, on demand; and the next run knows."""

from typing import Any

import pytest

from lambdas import diagnose_failure
from lambdas.runs import planning
from scripts.local.emr.faults import CapacityShortage, Faults
from tests.machine.conftest import (
    CloudMaker,
    assert_failed_without_orphan,
    assert_no_orphan,
    record_of,
)
from tests.machine.recovering import (
    SUBNETS,
    TERABYTE,
    allow_attempts,
    assert_succeeded,
    clusters,
    worker_types,
)


def test_other_types_when_the_first_are_short(make_cloud: CloudMaker) -> None:
    faults = Faults()
    cloud = make_cloud(faults=faults)
    cloud.execute()
    (usual,) = clusters(cloud)
    short = worker_types(cloud, usual)
    faults.shortages += [CapacityShortage(instance_type=name) for name in sorted(short)]

    ended = cloud.execute()

    assert ended.status == "SUCCEEDED", ended.cause
    record = record_of(ended)
    assert record["plan"]["attempt"] == 2
    _, failed, other = clusters(cloud)
    assert failed["Status"]["StateChangeReason"]["Code"] == "INTERNAL_ERROR"
    assert not worker_types(cloud, other) & short
    assert record["plan"]["earlier"][0]["failure_class"] == "capacity_shortage"
    assert record["plan"]["earlier"][0]["change"].startswith("other instance types: ")

    third = cloud.execute()

    plan = record_of(third)["plan"]
    assert (third.status, plan["attempt"], plan["earlier"]) == ("SUCCEEDED", 1, [])
    assert not worker_types(cloud, clusters(cloud)[-1]) & short
    assert plan["receipt"][-1].startswith("EC2 has lately been short of capacity for it; instead: ")
    assert_no_orphan(cloud)


def test_another_subnet_when_the_types_are_short_everywhere_else(make_cloud: CloudMaker) -> None:
    """The engine knows shortages by type alone; that it is over when the subnets are tried stands for another zone."""
    faults = Faults()
    cloud = make_cloud(faults=faults)
    faults.shortages.append(CapacityShortage(until=cloud.clock.now() + 2 * 1200 + 400))

    record = assert_succeeded(cloud, cloud.execute(), attempts=3)

    first, second, third = clusters(cloud)
    asked = [each["Ec2InstanceAttributes"]["RequestedEc2SubnetIds"] for each in (first, second, third)]
    assert asked[:2] == [SUBNETS, SUBNETS]
    assert len(asked[2]) == 1
    assert not worker_types(cloud, first) & worker_types(cloud, second)
    assert worker_types(cloud, third) == worker_types(cloud, first)
    changes = [attempt["change"] for attempt in record["plan"]["earlier"]]
    assert changes[0].startswith("other instance types: ")
    assert changes[1] == f"only the subnet {asked[2][0]}"
    refused = first["Ec2InstanceAttributes"].get("Ec2SubnetId")
    assert asked[2] != [refused]


def test_on_demand_before_the_subnet_that_was_short_first(
    make_cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_attempts(monkeypatch, 3)
    monkeypatch.setattr(planning, "measure_input", lambda _s3, request, _manifest: ((str(request),), TERABYTE))
    faults = Faults(shortages=[CapacityShortage()])
    diagnosed: list[str] = []

    def diagnose(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer = diagnose_failure.handler(event, context)
        diagnosed.append(answer["failure"]["error"])
        if len(diagnosed) == 3:
            faults.shortages.clear()
        return answer

    cloud = make_cloud(faults=faults, handlers={"diagnose-failure": diagnose})

    record = assert_succeeded(cloud, cloud.execute(), attempts=4)

    assert diagnosed == ["CapacityShortage"] * 3
    other, *changes = [attempt["change"] for attempt in record["plan"]["earlier"]]
    assert other.startswith("other instance types: ")
    assert changes == [f"only the subnet {SUBNETS[1]}", "task nodes on demand from the start"]
    first, *_, last = clusters(cloud)
    markets = {each.role: each.market for each in cloud.engine.billing(last["Id"])}
    assert markets["TASK"] == "ON_DEMAND"
    assert worker_types(cloud, first) == worker_types(cloud, last)
    assert record["plan"]["size"]["task_market"] == "on_demand"


def test_a_shortage_for_ever_fails_after_its_attempts(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(faults=Faults(shortages=[CapacityShortage()]))

    ended = cloud.execute()

    assert_failed_without_orphan(cloud, ended, "CapacityShortage")
    assert len(clusters(cloud)) == 3
    assert "Attempt 1: capacity shortage in 'Create cluster'; then tried: other instance types" in str(ended.cause)
    assert "Attempt 2: capacity shortage in 'Create cluster'; then tried: only the subnet" in str(ended.cause)
