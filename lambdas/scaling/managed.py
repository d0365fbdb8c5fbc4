"""EMR's managed scaling within a plan."""

from dataclasses import dataclass
from typing import Any

from lambdas.specs.cluster import Capacity, Market
from lambdas.specs.scaling import CustomScaling, ManagedLimits, Scaling


@dataclass(frozen=True)
class Planned:
    """What a plan says of a cluster: its workers, how many of them are core nodes, and where task nodes come from."""

    workers: int
    core_nodes: int
    market: Market


def within(scaling: Scaling, max_nodes: int) -> Scaling:
    """Return a scaling spec with no more core and task nodes than a job allows, which counts the primary node too."""
    if isinstance(scaling, CustomScaling) or scaling.managed.maximum is None:
        return scaling
    capped = scaling.managed.model_copy(update={"maximum": min(scaling.managed.maximum, max_nodes - 1)})
    return scaling.model_copy(update={"managed": capped})


def most_workers(limits: ManagedLimits, planned: Planned) -> int:
    """Return how many core and task nodes there may be at most."""
    return max(limits.maximum or planned.workers, planned.core_nodes)


def managed_scaling_policy(limits: ManagedLimits, planned: Planned, capacity: Capacity) -> dict[str, Any]:
    """Return the ``ManagedScalingPolicy``.

    What the limits leave out follows from the plan: never above it, never below its core nodes. Core nodes are fixed.
    On demand is bounded by the core nodes where task nodes are on spot, so that EMR scales those. Nothing goes below
    the core nodes, which are on demand.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/managed-scaling-allocation-strategy.html
    """
    core, most = planned.core_nodes, most_workers(limits, planned)
    policy: dict[str, Any] = {
        "ComputeLimits": {
            "UnitType": "InstanceFleetUnits" if capacity == "fleets" else "Instances",
            "MinimumCapacityUnits": min(max(limits.minimum or core, core), most),
            "MaximumCapacityUnits": most,
            "MaximumOnDemandCapacityUnits": min(
                max(limits.on_demand_maximum or (core if planned.market == "spot" else most), core), most
            ),
            "MaximumCoreCapacityUnits": min(max(limits.core_maximum or core, core), most),
        }
    }
    if limits.strategy:
        policy["ScalingStrategy"] = limits.strategy.upper()
    if limits.utilization_performance_index:
        policy["UtilizationPerformanceIndex"] = limits.utilization_performance_index
    return policy
