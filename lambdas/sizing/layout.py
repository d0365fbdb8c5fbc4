"""How executors and the driver share the YARN memory of one node."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lambdas.specs.catalogue import InstanceType

# All sizes of EC2 from xlarge on are multiples of four vCPUs, so that four cores an executor leave no core over, and
# every type of one vCPU count holds the same executors. A smaller node is one executor.
CORES_PER_EXECUTOR = 4

# Executors: memory beside the heap per heap. A guess: Spark's own 0.10 is meant for the JVM alone, and its 0.40 on
# Kubernetes for Python; Python workers live here, because spark.executor.pyspark.memory limits their address space,
# which Arrow and NumPy reserve far beyond what they use.
# https://spark.apache.org/docs/3.5.8/configuration.html#application-properties
EXECUTOR_OVERHEAD_DIVISOR = 5

# The driver: Spark's own factor; and the least Spark gives either.
# https://spark.apache.org/docs/3.5.8/configuration.html#application-properties
DRIVER_OVERHEAD_DIVISOR = 10
MIN_OVERHEAD_MIB = 384

# YARN rounds containers up to this, yarn.scheduler.minimum-allocation-mb: EMR's default for long.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
CONTAINER_STEP_MIB = 32

# The driver of a job that collects little; it runs in the application master, on a core node.
DRIVER_CORES = 1
DRIVER_HEAP_MIB = 2048

# Less than this and Spark itself leaves a task next to nothing: reserved memory is 300 MiB of it.
# https://spark.apache.org/docs/3.5.8/tuning.html#memory-management-overview
MIN_HEAP_MIB = 1024


@dataclass(frozen=True)
class Layout:
    """Executors of one node: how many, and cores and MiB of each; and the heap of the driver."""

    executors: int
    cores: int
    heap_mib: int
    overhead_mib: int
    driver_heap_mib: int = DRIVER_HEAP_MIB

    @property
    def container_mib(self) -> int:
        """What YARN gives one executor."""
        return self.heap_mib + self.overhead_mib

    @property
    def driver_container_mib(self) -> int:
        """What YARN gives the driver."""
        return _driver_container(self.driver_heap_mib)

    @property
    def driver_overhead_mib(self) -> int:
        """What the driver has beside its heap."""
        return self.driver_container_mib - self.driver_heap_mib

    @property
    def node_mib(self) -> int:
        """What a node must give to YARN: its executors, and the driver, which may land on any core node."""
        return self.executors * self.container_mib + self.driver_container_mib

    @property
    def node_vcores(self) -> int:
        """What a node must give to YARN: the cores of its executors, and one for the driver, on top of what it has."""
        return self.executors * self.cores + DRIVER_CORES

    @property
    def heap_per_core_mib(self) -> int:
        """The heap one task has, when all cores of an executor are busy."""
        return self.heap_mib // self.cores

    @property
    def is_sound(self) -> bool:
        """Whether Spark can work with what the driver leaves the executors."""
        return self.heap_mib >= MIN_HEAP_MIB


def layout_of(
    instance_type: InstanceType, driver_heap_mib: int = DRIVER_HEAP_MIB, cores: int = CORES_PER_EXECUTOR
) -> Layout:
    """Divide a node into executors of so many cores.

    Memory for the driver is kept on every node, so the executors fit wherever it lands. No core is: a driver mostly
    waits, and shares those of the executors.

    Returns
    -------
    Layout
        Not sound where the node is too small; its figures then mean nothing.
    """
    executors = max(1, instance_type.vcpu // cores)
    share = (instance_type.yarn_memory_mib - _driver_container(driver_heap_mib)) // executors
    container = share - share % CONTAINER_STEP_MIB
    heap = min(container - MIN_OVERHEAD_MIB, container * EXECUTOR_OVERHEAD_DIVISOR // (EXECUTOR_OVERHEAD_DIVISOR + 1))
    return Layout(executors, instance_type.vcpu // executors, heap, container - heap, driver_heap_mib)


def common_layout(core: InstanceType, others: Sequence[InstanceType], driver_heap_mib: int = DRIVER_HEAP_MIB) -> Layout:
    """Divide a core node into executors that nodes of other types hold too: those of the smallest node.

    Parameters
    ----------
    core
        The type of the core nodes, on any of which the driver may land.
    others
        Types of nodes without the driver.
    """
    types = (core, *others)
    cores = min(layout_of(known, driver_heap_mib).cores for known in types)
    smallest = min((layout_of(known, driver_heap_mib, cores) for known in types), key=lambda each: each.container_mib)
    return with_executors(smallest, core)


def with_executors(layout: Layout, instance_type: InstanceType) -> Layout:
    """Return a layout with as many of its executors as a node of a type holds beside the driver."""
    room = instance_type.yarn_memory_mib - layout.driver_container_mib
    return replace(layout, executors=min(instance_type.vcpu // layout.cores, room // max(1, layout.container_mib)))


def _driver_container(heap_mib: int) -> int:
    asked = heap_mib + max(MIN_OVERHEAD_MIB, heap_mib // DRIVER_OVERHEAD_DIVISOR)
    return -(-asked // CONTAINER_STEP_MIB) * CONTAINER_STEP_MIB
