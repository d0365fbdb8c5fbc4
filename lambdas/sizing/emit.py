"""A shape as what EMR is asked for, in EMR's own names."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lambdas.scaling.managed import Planned, managed_scaling_policy, most_workers
from lambdas.sizing.configurations import Executors, configurations
from lambdas.sizing.elastic import Elastic
from lambdas.sizing.fleets import instance_fleets
from lambdas.sizing.groups import elastic_groups, instance_groups
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster
from lambdas.specs.scaling import ManagedLimits

_NO_LIMITS = ManagedLimits()


@dataclass(frozen=True)
class Emitted:
    """The parts of ``RunJobFlow`` that follow from a size.

    Of fleets and groups one is empty, and managed scaling is where a policy scales the groups.
    """

    instance_fleets: list[dict[str, Any]]
    instance_groups: list[dict[str, Any]]
    configurations: list[dict[str, Any]]
    managed_scaling: dict[str, Any]

    @property
    def primary_count(self) -> int:
        """How many primary nodes there are."""
        return int(self.instance_groups[0]["InstanceCount"]) if self.instance_groups else 1

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
    limits: ManagedLimits = _NO_LIMITS,
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
    limits
        Of managed scaling, where they are not to follow from the size.
    """
    planned = Planned(shape.workers, shape.core_nodes, cluster.task_market)
    on_each = shape.layout.executors
    # Core nodes are never scaled in, so nothing is saved by giving their executors up.
    executors = Executors(shape.core_nodes * on_each, shape.executors, most_workers(limits, planned) * on_each)
    has_fleets = cluster.capacity == "fleets"
    return Emitted(
        instance_fleets=instance_fleets(shape, cluster, catalogue, without, spill_bytes) if has_fleets else [],
        instance_groups=[] if has_fleets else instance_groups(shape, cluster, catalogue, without, spill_bytes),
        configurations=configurations(partitions, shape.layout, executors, cluster),
        managed_scaling=managed_scaling_policy(limits, planned, cluster.capacity),
    )


def emit_elastic(elastic: Elastic, partitions: int, cluster: Cluster, spill_bytes: int, workers: int) -> Emitted:
    """Say a cluster that a policy scales in EMR's names.

    Parameters
    ----------
    elastic, partitions, cluster
        The cluster, ``spark.sql.shuffle.partitions``, and the cluster spec.
    spill_bytes, workers
        What the workers' disks must hold together, and how many workers there are likely to be.
    """
    # An executor that is kept though it has nothing to do would keep memory from being available, and nodes from going.
    executors = Executors(least=0, first=elastic.executors, most=elastic.most_executors)
    return Emitted(
        instance_fleets=[],
        instance_groups=elastic_groups(elastic, spill_bytes, workers),
        configurations=configurations(partitions, elastic.layout, executors, cluster),
        managed_scaling={},
    )
