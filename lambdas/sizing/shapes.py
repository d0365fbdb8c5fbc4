"""The shapes a cluster may take."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from lambdas.pricing.cost import ec2_usd_per_hour
from lambdas.sizing.layout import Layout, layout_of
from lambdas.sizing.speed import vcpu_speed
from lambdas.specs.catalogue import Catalogue, InstanceType, allowed_types
from lambdas.specs.cluster import Cluster, Market

# Core nodes hold HDFS and the driver and stay on demand; a second one survives the loss of the first.
CORE_NODES = 2
_SMALL_CLUSTER = 3

# The heap a task should have: a part of 128 MiB, decoded, beside what Spark keeps for itself. With less it spills most
# of what it reads, or fails. A guess.
LEAST_HEAP_PER_CORE_MIB = 768

# Between this many workers and the next number tried; finer than what is known of a run time.
_STEP = 1.2


@dataclass(frozen=True)
class Shape:
    """Some workers of one type; ``market`` is that of the task nodes."""

    instance_type: InstanceType
    workers: int
    layout: Layout
    market: Market

    @property
    def core_type(self) -> str:
        """The name of the core nodes' type."""
        return self.instance_type.type

    @property
    def task_type(self) -> str:
        """The name of the task nodes' type."""
        return self.instance_type.type

    @property
    def core_nodes(self) -> int:
        """Workers that are core nodes."""
        return core_nodes(self.workers)

    @property
    def task_nodes(self) -> int:
        """Workers that are task nodes."""
        return self.workers - self.core_nodes

    @property
    def spot_nodes(self) -> int:
        """Workers on spot."""
        return self.task_nodes if self.market == "spot" else 0

    @property
    def vcpus(self) -> int:
        """Cores of all workers."""
        return self.workers * self.instance_type.vcpu

    @property
    def yarn_memory_mib(self) -> int:
        """YARN memory of all workers."""
        return self.workers * self.instance_type.yarn_memory_mib

    @property
    def executors(self) -> int:
        """Executors that fit beside the driver, wherever it lands."""
        return self.workers * self.layout.executors

    @property
    def usd_per_hour(self) -> Decimal:
        """EC2 and EMR for the workers, spot at its expected price; disks aside."""
        known = self.instance_type
        ec2 = known.ec2_usd_per_hour * self.core_nodes + ec2_usd_per_hour(known, self.market) * self.task_nodes
        return ec2 + known.emr_usd_per_hour * self.workers


def core_nodes(workers: int) -> int:
    """Return how many of the workers are core nodes."""
    return 1 if workers <= _SMALL_CLUSTER else CORE_NODES


def candidate_shapes(cluster: Cluster, catalogue: Catalogue, max_nodes: int, min_workers: int = 1) -> list[Shape]:
    """Return the shapes to choose from; none when all types are too small.

    Parameters
    ----------
    cluster, catalogue
        Which types are allowed.
    max_nodes
        Instances in all, the primary included.
    min_workers
        Core and task nodes, at least.
    """
    layouts = {known: layout_of(known) for known in allowed_types(catalogue, cluster)}
    sound = [
        known
        for known, layout in layouts.items()
        if layout.is_sound and layout.heap_per_core_mib >= LEAST_HEAP_PER_CORE_MIB
    ]
    return [
        Shape(known, workers, layouts[known], cluster.task_market)
        for known in _best_values(sound)
        for workers in worker_counts(max_nodes - 1)
        if workers >= min_workers
    ]


def worker_counts(most: int) -> list[int]:
    """Return the numbers of workers that are tried: all small ones, then each a fifth more than the one before."""
    return sorted({*_counts(most), most})


def _counts(most: int) -> Iterator[int]:
    count = 1
    while count < most:
        yield count
        count = max(count + 1, math.floor(count * _STEP))


def _best_values(types: list[InstanceType]) -> list[InstanceType]:
    """Return of all types with as many cores and as much memory the one whose cores are cheapest for their speed.

    The others differ by a few percent, which nobody can predict; fleets name them all the same.
    """
    best: dict[tuple[int, float], InstanceType] = {}
    for known in sorted(types, key=_usd_for_speed):
        best.setdefault((known.vcpu, known.memory_gib), known)
    return list(best.values())


def _usd_for_speed(known: InstanceType) -> tuple[float, str]:
    return float(known.ec2_usd_per_hour + known.emr_usd_per_hour) / vcpu_speed(known.type), known.type
