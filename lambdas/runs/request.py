"""A size as a plan holds it, and as what EMR is asked for."""

import re
from collections.abc import Sequence

from lambdas.runs.plan import ClusterRequest, Nodes, Size
from lambdas.sizing.emit import Emitted
from lambdas.sizing.layout import Layout
from lambdas.sizing.shapes import Shape, make_shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Market

# Names of clusters may not hold these.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html
_NOT_IN_CLUSTER_NAMES = re.compile(r"[<>$|`]")
MAX_CLUSTER_NAME = 256


def cluster_request(name: str, emitted: Emitted, subnets: Sequence[str]) -> ClusterRequest:
    """Return what of ``RunJobFlow`` depends on the run."""
    return ClusterRequest(
        name=name,
        ec2_subnet_ids=list(subnets),
        instance_fleets=emitted.instance_fleets,
        configurations=emitted.configurations,
        managed_scaling_policy=emitted.managed_scaling,
    )


def cluster_name(job: str, run: str) -> str:
    """Return ``<job>-<run>`` as EMR takes it."""
    return _NOT_IN_CLUSTER_NAMES.sub("-", f"{job}-{run}")[:MAX_CLUSTER_NAME]


def size_of(shape: Shape, partitions: int, emitted: Emitted, market: Market) -> Size:
    """Return a shape as the plan holds it.

    Parameters
    ----------
    shape, partitions, emitted
        The size; the primary is the first type its fleet names.
    market
        Where the task nodes come from.
    """
    worker, layout = shape.instance_type.type, shape.layout
    primary = emitted.instance_fleets[0]["InstanceTypeConfigs"][0]["InstanceType"]
    return Size(
        primary=Nodes(instance_type=primary, count=1),
        core=Nodes(instance_type=worker, count=shape.core_nodes),
        task=Nodes(instance_type=worker, count=shape.task_nodes),
        task_market=market,
        workers=shape.workers,
        vcpus=shape.vcpus,
        yarn_memory_mib=shape.yarn_memory_mib,
        executors=shape.executors,
        executor_cores=layout.cores,
        executor_memory_mib=layout.heap_mib,
        executor_overhead_mib=layout.overhead_mib,
        driver_memory_mib=layout.driver_heap_mib,
        shuffle_partitions=partitions,
    )


def shape_of(size: Size, catalogue: Catalogue) -> Shape:
    """Return the shape of which a plan holds the size."""
    layout = Layout(
        executors=size.executors // size.workers,
        cores=size.executor_cores,
        heap_mib=size.executor_memory_mib,
        overhead_mib=size.executor_overhead_mib,
        driver_heap_mib=size.driver_memory_mib,
    )
    return make_shape(layout, catalogue.get(size.core.instance_type), size.workers, size.task_market)
