"""The shapes a cluster may take, and the cheapest that has what is needed."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from lambdas.pricing.cost import ASSUMED_SPOT_FRACTION
from lambdas.sizing.layout import Layout, layout_of
from lambdas.sizing.need import Need
from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import Cluster, Market

# Core nodes hold HDFS and the driver and stay on demand; a second one survives the loss of the first.
CORE_NODES = 2
_SMALL_CLUSTER = 3


@dataclass(frozen=True)
class Shape:
    """Some workers of one type.

    Attributes
    ----------
    usd_per_hour
        EC2 and EMR for the workers, spot at its assumed price.
    """

    instance_type: InstanceType
    workers: int
    layout: Layout
    usd_per_hour: Decimal

    @property
    def core_nodes(self) -> int:
        """Workers that are core nodes."""
        return core_nodes(self.workers)

    @property
    def task_nodes(self) -> int:
        """Workers that are task nodes."""
        return self.workers - self.core_nodes

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
    def executor_memory_mib(self) -> int:
        """Heap and overhead of all executors, in MiB."""
        return self.executors * self.layout.container_mib

    def has(self, need: Need) -> bool:
        """Whether memory and cores suffice."""
        return self.executor_memory_mib >= need.memory_mib and self.vcpus >= need.cores


@dataclass(frozen=True)
class Choice:
    """The shape chosen.

    Attributes
    ----------
    is_enough
        False when nothing within the limit has what is needed, and the biggest was taken.
    considered
        How many shapes there were.
    alternatives
        The cheapest sufficient shape of every other family, cheapest first.
    """

    shape: Shape
    is_enough: bool
    considered: int
    alternatives: tuple[Shape, ...]


def core_nodes(workers: int) -> int:
    """Return how many of the workers are core nodes."""
    return 1 if workers <= _SMALL_CLUSTER else CORE_NODES


def choose_shape(
    need: Need, cluster: Cluster, catalogue: Catalogue, max_nodes: int, without: Collection[str] = ()
) -> Choice:
    """Choose the cheapest shape that has the memory and the cores; of equals the one with the most memory.

    Parameters
    ----------
    need
        What the volume needs.
    cluster
        Which families, architecture and market are allowed.
    catalogue
        Types and prices.
    max_nodes
        Instances in all, the primary included.
    without
        Types to leave out; not all there are.
    """
    shapes = [
        make_shape(layout_of(known), known, workers, cluster.task_market)
        for known in catalogue.types
        if known.family in cluster.families and known.type not in without
        for workers in range(1, max_nodes)
    ]
    shapes.sort(key=lambda shape: (shape.usd_per_hour, -shape.yarn_memory_mib, shape.workers))
    chosen = next((shape for shape in shapes if shape.has(need)), None)
    shape = chosen or max(shapes, key=lambda shape: (shape.yarn_memory_mib, -shape.usd_per_hour))
    cheapest: dict[str, Shape] = {}
    for other in shapes:
        if other.has(need):
            cheapest.setdefault(other.instance_type.family, other)
    cheapest.pop(shape.instance_type.family, None)
    return Choice(shape, chosen is not None, len(shapes), tuple(cheapest.values()))


def make_shape(layout: Layout, known: InstanceType, workers: int, market: Market) -> Shape:
    """Return a shape with its price; ``market`` is that of its task nodes."""
    core = core_nodes(workers)
    fraction = ASSUMED_SPOT_FRACTION if market == "spot" else Decimal(1)
    ec2 = known.ec2_usd_per_hour * (core + (workers - core) * fraction)
    return Shape(known, workers, layout, ec2 + known.emr_usd_per_hour * workers)
