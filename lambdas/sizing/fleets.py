"""A shape as EMR's instance fleets, in EMR's own names."""

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


def instance_fleets(shape: Shape, cluster: Cluster, catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return ``Instances.InstanceFleets`` of ``RunJobFlow``.

    Every type of a fleet has as many cores as the chosen one and room for the same executors, so one unit is one node
    and the node limit holds. Primary and core nodes are on demand; task nodes follow the cluster spec.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceFleetConfig.html
    """
    primary = catalogue.get(cluster.primary_type)
    workers = _type_configs(like_types(shape.instance_type, shape.layout, cluster, catalogue))
    fleets = [
        _on_demand("primary", "MASTER", 1, _type_configs(_like_primary(primary, cluster, catalogue))),
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


def like_types(chosen: InstanceType, layout: Layout, cluster: Cluster, catalogue: Catalogue) -> list[InstanceType]:
    """Return the chosen type and others EMR may take instead, cheapest first after it."""
    others = (
        known
        for known in catalogue.types
        if known.family in cluster.families and known.yarn_memory_mib >= layout.node_mib
    )
    return _similar(chosen, others)


def _like_primary(chosen: InstanceType, cluster: Cluster, catalogue: Catalogue) -> list[InstanceType]:
    others = (
        known for known in catalogue.types if known.family in cluster.families and known.memory_gib >= chosen.memory_gib
    )
    return _similar(chosen, others)


def _similar(chosen: InstanceType, others: Any) -> list[InstanceType]:
    alike = [
        known
        for known in others
        if known.type != chosen.type
        and known.arch == chosen.arch
        and known.vcpu == chosen.vcpu
        and known.ec2_usd_per_hour <= chosen.ec2_usd_per_hour * _SIMILAR_PRICE
    ]
    alike.sort(key=lambda known: (known.ec2_usd_per_hour, known.type))
    return [chosen, *alike][:MAX_FLEET_TYPES]


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
