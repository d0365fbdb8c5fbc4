"""Three terabytes: what is planned for them is a cluster EMR takes, spot or no spot."""

from typing import Any

import pytest

from lambdas import plan_run
from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from scripts.local.emr.faults import CapacityShortage, Faults
from tests.machine.conftest import CloudMaker
from tests.unit.lambdas.sizing.sizes import decided

TERABYTE = 10**12
BIG = Measurement(
    bytes=3 * TERABYTE,
    files=6_000,
    largest_file_bytes=512 * 1024**2,
    largest_unsplittable_bytes=0,
    unsplittable_bytes=0,
    unsplittable_files=0,
    kinds=((Kind("parquet", "snappy"), 3 * TERABYTE),),
)
DECISION = decided(BIG)


def plan_big(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = plan_run.handler(event, context)
    answer["plan"]["cluster"] |= {
        "InstanceFleets": DECISION.emitted.instance_fleets,
        "Configurations": DECISION.emitted.configurations,
        "ManagedScalingPolicy": DECISION.emitted.managed_scaling,
    }
    return answer


def test_the_decision_has_spot_task_nodes_of_several_types() -> None:
    fleets = {fleet["InstanceFleetType"]: fleet for fleet in DECISION.emitted.instance_fleets}
    assert fleets["MASTER"]["TargetOnDemandCapacity"] == 1
    assert fleets["CORE"]["TargetSpotCapacity"] == 0
    assert fleets["TASK"]["TargetSpotCapacity"] > 0
    assert len(fleets["TASK"]["InstanceTypeConfigs"]) > 1


@pytest.mark.parametrize("shortages", [[], [CapacityShortage(market="SPOT")]], ids=["spot", "no spot"])
def test_the_run_succeeds(make_cloud: CloudMaker, shortages: list[CapacityShortage]) -> None:
    cloud = make_cloud(handlers={"plan-run": plan_big}, faults=Faults(shortages=shortages))

    ended = cloud.execute()

    assert ended.status == "SUCCEEDED", ended.cause
    (cluster,) = cloud.engine.call("ListClusters", {})["Clusters"]
    billed = cloud.engine.billing(cluster["Id"])
    assert len([each for each in billed if each.role == "CORE"]) == DECISION.shape.core_nodes
    if not shortages:
        spot = [each for each in billed if each.market == "SPOT"]
        assert len(spot) == DECISION.shape.task_nodes
