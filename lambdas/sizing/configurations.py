"""Settings of Spark and YARN that follow from a size."""

from typing import Any

from lambdas.sizing.need import Need
from lambdas.sizing.shapes import Shape
from lambdas.specs.cluster import Cluster


def shuffle_partitions(need: Need, shape: Shape) -> int:
    """Return ``spark.sql.shuffle.partitions``: as many as the input has parts, and two per core at least.

    What is shuffled is compressed, so about as big as the input; adaptive execution joins parts that turn out small.
    """
    return max(2 * shape.vcpus, need.tasks)


def configurations(partitions: int, shape: Shape, cluster: Cluster) -> list[dict[str, Any]]:
    """Return ``Configurations`` of ``RunJobFlow``: the cluster spec's, and on top those of the size.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
    """
    layout = shape.layout
    sized = {
        "spark-defaults": {
            "spark.driver.cores": "1",
            "spark.driver.memory": f"{layout.driver_heap_mib}m",
            "spark.driver.memoryOverhead": f"{layout.driver_overhead_mib}m",
            "spark.dynamicAllocation.enabled": "true",
            "spark.dynamicAllocation.initialExecutors": str(shape.executors),
            "spark.dynamicAllocation.maxExecutors": str(shape.executors),
            "spark.dynamicAllocation.minExecutors": "1",
            "spark.executor.cores": str(layout.cores),
            "spark.executor.memory": f"{layout.heap_mib}m",
            "spark.executor.memoryOverhead": f"{layout.overhead_mib}m",
            "spark.sql.shuffle.partitions": str(partitions),
        },
        # Without node labels the driver may start on a spot task node and end with it.
        # https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-instances-guidelines.html
        "yarn-site": {
            "yarn.node-labels.am.default-node-label-expression": "CORE",
            "yarn.node-labels.enabled": "true",
        },
    }
    names = [*sized, *(name for name in cluster.configurations if name not in sized)]
    return [
        {"Classification": name, "Properties": {**cluster.configurations.get(name, {}), **sized.get(name, {})}}
        for name in names
    ]
