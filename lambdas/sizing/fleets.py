"""A shape as EMR's instance fleets, in EMR's own names."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from lambdas.sizing.layout import Layout
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import Cluster

# Types a fleet may name even without an allocation strategy; with one it may name 30.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
MAX_FLEET_TYPES = 5

# How much dearer a type of like shape may be, on demand.
_SIMILAR_PRICE = Decimal("1.4")


def instance_fleets(
    shape: Shape, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return ``Instances.InstanceFleets`` of ``RunJobFlow``, none of the types in ``without`` where others will do.

    Every type of a fleet has as many cores as the chosen one and room for the same executors, so one unit is one node
    and the node limit holds. Primary and core nodes are on demand; task nodes follow the cluster spec.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceFleetConfig.html
    """
    workers = _type_configs(like_types(shape.instance_type, shape.layout, cluster, catalogue, without))
    fleets = [
        _on_demand("primary", "MASTER", 1, _type_configs(primary_types(cluster, catalogue, without))),
        _on_demand("core", "CORE", shape.core_nodes, workers),
    ]
    if shape.task_nodes and cluster.task_market == "on_demand":
        fleets.append(_on_demand("task", "TASK", shape.task_nodes, workers))
    elif shape.task_nodes:
        fleets.append(_spot("task", "TASK", shape.task_nodes, workers, cluster.spot_timeout // 60))
    return fleets


def managed_scaling(shape: Shape, cluster: Cluster) -> dict[str, Any]:
    """Return the ``ManagedScalingPolicy``: never above the plan, never below its core nodes.

    Core nodes are fixed. On demand is bounded by the core nodes, so that EMR scales task nodes on spot.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/managed-scaling-allocation-strategy.html
    """
    return {
        "ComputeLimits": {
            "UnitType": "InstanceFleetUnits",
            "MinimumCapacityUnits": shape.core_nodes,
            "MaximumCapacityUnits": shape.workers,
            "MaximumOnDemandCapacityUnits": shape.core_nodes if cluster.task_market == "spot" else shape.workers,
            "MaximumCoreCapacityUnits": shape.core_nodes,
        }
    }


def like_types(
    chosen: InstanceType, layout: Layout, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = ()
) -> list[InstanceType]:
    """Return the chosen type and others EMR may take instead, cheapest first after it."""
    alike = [
        known
        for known in _allowed(cluster, catalogue, chosen)
        if known.type not in {chosen.type, *without}
        and known.vcpu == chosen.vcpu
        and known.yarn_memory_mib >= layout.node_mib
        and known.ec2_usd_per_hour <= chosen.ec2_usd_per_hour * _SIMILAR_PRICE
    ]
    return [chosen, *alike][:MAX_FLEET_TYPES]


def primary_types(cluster: Cluster, catalogue: Catalogue, without: Collection[str] = ()) -> list[InstanceType]:
    """Return the types a primary node may have: the cluster spec's and similar ones, or bigger ones instead of those.

    The primary has no executors, so nothing depends on its exact size.
    """
    chosen = catalogue.get(cluster.primary_type)
    big_enough = [
        known
        for known in _allowed(cluster, catalogue, chosen)
        if known.memory_gib >= chosen.memory_gib and known.vcpu >= chosen.vcpu and known.type != chosen.type
    ]
    similar = [
        known
        for known in big_enough
        if known.vcpu == chosen.vcpu and known.ec2_usd_per_hour <= chosen.ec2_usd_per_hour * _SIMILAR_PRICE
    ]
    others = [known for known in (chosen, *big_enough) if known.type not in without]
    return (others if without and others else [chosen, *similar])[:MAX_FLEET_TYPES]


def _allowed(cluster: Cluster, catalogue: Catalogue, chosen: InstanceType) -> list[InstanceType]:
    allowed = [known for known in catalogue.types if known.family in cluster.families and known.arch == chosen.arch]
    return sorted(allowed, key=lambda known: (known.ec2_usd_per_hour, known.type))


def _type_configs(types: list[InstanceType]) -> list[dict[str, Any]]:
    return [{"InstanceType": known.type, "WeightedCapacity": 1} for known in types]


def _on_demand(name: str, kind: str, units: int, types: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Name": name,
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": units,
        "TargetSpotCapacity": 0,
        "InstanceTypeConfigs": types,
        "LaunchSpecifications": {"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}},
    }


def _spot(name: str, kind: str, units: int, types: list[dict[str, Any]], minutes: int) -> dict[str, Any]:
    return {
        "Name": name,
        "InstanceFleetType": kind,
        "TargetOnDemandCapacity": 0,
        "TargetSpotCapacity": units,
        "InstanceTypeConfigs": types,
        "LaunchSpecifications": {
            "SpotSpecification": {
                "TimeoutDurationMinutes": minutes,
                "TimeoutAction": "SWITCH_TO_ON_DEMAND",
                "AllocationStrategy": "price-capacity-optimized",
            },
            "OnDemandSpecification": {"AllocationStrategy": "lowest-price"},
        },
    }
