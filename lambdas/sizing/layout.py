"""How executors and the driver share the YARN memory of one node."""

from dataclasses import dataclass

from lambdas.specs.catalogue import InstanceType

CORES_PER_EXECUTOR = 4

# Memory beside the heap: spark.executor.memoryOverheadFactor, and its least; the driver's likewise.
# https://spark.apache.org/docs/3.5.8/configuration.html#memory-management
OVERHEAD_DIVISOR = 10
MIN_OVERHEAD_MIB = 384

# YARN rounds containers up to this: yarn.scheduler.minimum-allocation-mb.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
CONTAINER_STEP_MIB = 32

# The driver of a job that collects little; it runs in the application master, on a core node.
DRIVER_HEAP_MIB = 2048

# Less than this and Spark itself leaves a task next to nothing: reserved memory is 300 MiB of it.
# https://spark.apache.org/docs/3.5.8/configuration.html#memory-management
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
    def driver_overhead_mib(self) -> int:
        """What the driver has beside its heap."""
        return _driver_overhead(self.driver_heap_mib)

    @property
    def node_mib(self) -> int:
        """What a node must give to YARN: its executors, and the driver, which may land on any core node."""
        return self.executors * self.container_mib + self.driver_heap_mib + self.driver_overhead_mib

    @property
    def heap_per_core_mib(self) -> int:
        """The heap one task has, when all cores of an executor are busy."""
        return self.heap_mib // self.cores

    @property
    def is_sound(self) -> bool:
        """Whether Spark can work with what the driver leaves the executors."""
        return self.heap_mib >= MIN_HEAP_MIB


def layout_of(instance_type: InstanceType, driver_heap_mib: int = DRIVER_HEAP_MIB) -> Layout:
    """Divide a node into executors of four cores.

    Room for the driver is kept on every node, so the executors fit wherever it lands.
    """
    executors = max(1, instance_type.vcpu // CORES_PER_EXECUTOR)
    room = instance_type.yarn_memory_mib - driver_heap_mib - _driver_overhead(driver_heap_mib)
    share = room // executors
    container = share - share % CONTAINER_STEP_MIB
    heap = min(container - MIN_OVERHEAD_MIB, container * OVERHEAD_DIVISOR // (OVERHEAD_DIVISOR + 1))
    return Layout(executors, instance_type.vcpu // executors, heap, container - heap, driver_heap_mib)


def _driver_overhead(heap_mib: int) -> int:
    return max(MIN_OVERHEAD_MIB, heap_mib // OVERHEAD_DIVISOR)
