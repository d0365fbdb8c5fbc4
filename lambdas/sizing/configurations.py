"""Settings of Spark and YARN that follow from a size."""

from dataclasses import dataclass
from typing import Any

from lambdas.sizing.layout import CONTAINER_STEP_MIB, DRIVER_CORES, Layout
from lambdas.sizing.need import Need
from lambdas.sizing.shapes import Shape
from lambdas.specs.cluster import Cluster


@dataclass(frozen=True)
class Executors:
    """How many executors Spark keeps, starts with, and has at most."""

    least: int
    first: int
    most: int


def shuffle_partitions(need: Need, shape: Shape) -> int:
    """Return ``spark.sql.shuffle.partitions``: as many as the input has parts, and two per core at least.

    What is shuffled is compressed, so about as big as the input; adaptive execution joins parts that turn out small.
    """
    return max(2 * shape.vcpus, need.tasks)


def configurations(partitions: int, layout: Layout, executors: Executors, cluster: Cluster) -> list[dict[str, Any]]:
    """Return ``Configurations`` of ``RunJobFlow``: the cluster spec's, and on top those of the size.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
    """
    sized = {
        # It would size the executors anew, by EMR's rules.
        "spark": {"maximizeResourceAllocation": "false"},
        "spark-defaults": _spark_defaults(partitions, layout, executors),
        "yarn-site": yarn_site(layout),
        # Cores count too: by memory alone, a node without the driver may take one more executor in the driver's room.
        # https://hadoop.apache.org/docs/r3.4.2/hadoop-yarn/hadoop-yarn-site/CapacityScheduler.html
        "capacity-scheduler": {
            "yarn.scheduler.capacity.resource-calculator": (
                "org.apache.hadoop.yarn.util.resource.DominantResourceCalculator"
            )
        },
    }
    names = [*sized, *(name for name in cluster.configurations if name not in sized)]
    return [
        {"Classification": name, "Properties": {**cluster.configurations.get(name, {}), **sized.get(name, {})}}
        for name in names
    ]


def yarn_site(layout: Layout) -> dict[str, str]:
    """Return ``yarn-site``: the memory every node gives, and where the driver may start."""
    # EMR's defaults differ by type; these hold for every type the cluster may get, so that all nodes are alike.
    # https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
    memory = str(layout.node_mib)
    return {
        "yarn.nodemanager.resource.cpu-vcores": str(layout.node_vcores),
        "yarn.nodemanager.resource.memory-mb": memory,
        "yarn.scheduler.maximum-allocation-mb": memory,
        "yarn.scheduler.minimum-allocation-mb": str(CONTAINER_STEP_MIB),
        # Without node labels the driver may start on a spot task node and end with it.
        # https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html
        "yarn.node-labels.am.default-node-label-expression": "CORE",
        "yarn.node-labels.enabled": "true",
    }


def _spark_defaults(partitions: int, layout: Layout, executors: Executors) -> dict[str, str]:
    return {
        "spark.driver.cores": str(DRIVER_CORES),
        "spark.driver.memory": f"{layout.driver_heap_mib}m",
        "spark.driver.memoryOverhead": f"{layout.driver_overhead_mib}m",
        # EMR runs the external shuffle service this needs.
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.initialExecutors": str(executors.first),
        "spark.dynamicAllocation.maxExecutors": str(executors.most),
        "spark.dynamicAllocation.minExecutors": str(executors.least),
        "spark.executor.cores": str(layout.cores),
        "spark.executor.memory": f"{layout.heap_mib}m",
        "spark.executor.memoryOverhead": f"{layout.overhead_mib}m",
        "spark.sql.shuffle.partitions": str(partitions),
    }
