"""How executors and the driver share the YARN memory of one node."""

from dataclasses import dataclass

from lambdas.specs.catalogue import InstanceType

CORES_PER_EXECUTOR = 4

# Memory beside the heap: spark.executor.memoryOverheadFactor, and its least.
# https://spark.apache.org/docs/3.5.8/configuration.html#memory-management
OVERHEAD_DIVISOR = 10
MIN_OVERHEAD_MIB = 384

# YARN rounds containers up to this: yarn.scheduler.minimum-allocation-mb.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
CONTAINER_STEP_MIB = 32

# The driver of a job that collects little; it runs in the application master, on a core node.
DRIVER_HEAP_MIB = 2048
DRIVER_OVERHEAD_MIB = MIN_OVERHEAD_MIB
DRIVER_CONTAINER_MIB = DRIVER_HEAP_MIB + DRIVER_OVERHEAD_MIB


@dataclass(frozen=True)
class Layout:
    """Executors of one node: how many, and cores and MiB of each."""

    executors: int
    cores: int
    heap_mib: int
    overhead_mib: int

    @property
    def container_mib(self) -> int:
        """What YARN gives one executor."""
        return self.heap_mib + self.overhead_mib

    @property
    def node_mib(self) -> int:
        """What a node must give to YARN: its executors, and the driver, which may land on any core node."""
        return self.executors * self.container_mib + DRIVER_CONTAINER_MIB


def layout_of(instance_type: InstanceType) -> Layout:
    """Divide a node into executors of four cores.

    Room for the driver is kept on every node, so the executors fit wherever it lands.
    """
    executors = max(1, instance_type.vcpu // CORES_PER_EXECUTOR)
    share = (instance_type.yarn_memory_mib - DRIVER_CONTAINER_MIB) // executors
    container = share - share % CONTAINER_STEP_MIB
    heap = min(container - MIN_OVERHEAD_MIB, container * OVERHEAD_DIVISOR // (OVERHEAD_DIVISOR + 1))
    return Layout(executors, instance_type.vcpu // executors, heap, container - heap)
