"""A shape as what EMR is asked for, in EMR's own names."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lambdas.sizing.configurations import configurations
from lambdas.sizing.fleets import instance_fleets
from lambdas.sizing.groups import instance_groups
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster


@dataclass(frozen=True)
class Emitted:
    """The parts of ``RunJobFlow`` that follow from a size; of fleets and groups, one is empty."""

    instance_fleets: list[dict[str, Any]]
    instance_groups: list[dict[str, Any]]
    configurations: list[dict[str, Any]]
    managed_scaling: dict[str, Any]

    @property
    def primary_type(self) -> str:
        """The type of the primary node, or the one its fleet tries first."""
        if self.instance_groups:
            return str(self.instance_groups[0]["InstanceType"])
        return str(self.instance_fleets[0]["InstanceTypeConfigs"][0]["InstanceType"])


def emit(
    shape: Shape,
    partitions: int,
    cluster: Cluster,
    catalogue: Catalogue,
    without: Collection[str] = (),
    spill_bytes: int = 0,
) -> Emitted:
    """Say a shape in EMR's names.

    Parameters
    ----------
    shape, cluster, catalogue
        The size, and what it was chosen from.
    partitions
        ``spark.sql.shuffle.partitions``.
    without
        Instance types to leave out.
    spill_bytes
        What the workers' disks must hold together; 0 leaves the disks to EMR.
    """
    has_fleets = cluster.capacity == "fleets"
    return Emitted(
        instance_fleets=instance_fleets(shape, cluster, catalogue, without, spill_bytes) if has_fleets else [],
        instance_groups=[] if has_fleets else instance_groups(shape, cluster, catalogue, without, spill_bytes),
        configurations=configurations(partitions, shape, cluster),
        managed_scaling=_managed_scaling(shape, cluster),
    )


def _managed_scaling(shape: Shape, cluster: Cluster) -> dict[str, Any]:
    """Return the ``ManagedScalingPolicy``: never above the plan, never below its core nodes.

    Core nodes are fixed. On demand is bounded by the core nodes, so that EMR scales task nodes on spot.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/managed-scaling-allocation-strategy.html
    """
    return {
        "ComputeLimits": {
            "UnitType": "InstanceFleetUnits" if cluster.capacity == "fleets" else "Instances",
            "MinimumCapacityUnits": shape.core_nodes,
            "MaximumCapacityUnits": shape.workers,
            "MaximumOnDemandCapacityUnits": shape.core_nodes if cluster.task_market == "spot" else shape.workers,
            "MaximumCoreCapacityUnits": shape.core_nodes,
        }
    }
