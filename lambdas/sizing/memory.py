"""More memory for a run that ran out of it: the next size up, and the executors laid out anew."""

from dataclasses import replace

from lambdas.sizing.elastic import Elastic, problem_of
from lambdas.sizing.layout import Layout, common_layout, layout_of, with_executors
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue, InstanceType, allowed_types
from lambdas.specs.cluster import Cluster


def more_executor_memory(shape: Shape, cluster: Cluster, catalogue: Catalogue) -> Shape | None:
    """Return the shape with the next more memory per core for executors, or ``None`` when there is none.

    First a type with as many cores and more memory; when the families have none, executors that run half as many tasks
    at once, so that each task has twice the memory.
    """
    layout = shape.layout
    for known in _roomier(shape.instance_type, cluster, catalogue):
        bigger = _same_tasks(layout, layout_of(known, layout.driver_heap_mib))
        if bigger.is_sound and bigger.heap_per_core_mib > layout.heap_per_core_mib:
            return Shape(known, shape.workers, bigger, cluster.task_market)
    if layout.cores == 1:
        return None
    fewer = replace(layout, cores=layout.cores // 2)
    return Shape(shape.instance_type, shape.workers, fewer, cluster.task_market)


def more_driver_memory(shape: Shape, cluster: Cluster, catalogue: Catalogue) -> Shape | None:
    """Return the shape with twice the driver's heap, or ``None`` when no type has room for it.

    The executors keep the memory per core they had; where the node is too small for both, a type with more memory per
    core takes its place.
    """
    heap = shape.layout.driver_heap_mib * 2
    for known in (shape.instance_type, *_roomier(shape.instance_type, cluster, catalogue)):
        layout = _same_tasks(shape.layout, layout_of(known, heap))
        if layout.is_sound and layout.heap_per_core_mib >= shape.layout.heap_per_core_mib // 2:
            return Shape(known, shape.workers, layout, cluster.task_market)
    return None


def more_elastic_executor_memory(elastic: Elastic) -> Elastic | None:
    """Return the cluster with executors that run half as many tasks at once, or ``None`` when it will not do.

    A policy names its types, so no others can take their place.
    """
    layout = elastic.layout
    if layout.cores == 1:
        return None
    fewer = replace(elastic, layout=with_executors(replace(layout, cores=layout.cores // 2), elastic.core))
    return None if problem_of(fewer) else fewer


def more_elastic_driver_memory(elastic: Elastic) -> Elastic | None:
    """Return the cluster with twice the driver's heap, or ``None`` when its types have no room for it.

    Nor when the room kept for such a driver would keep the policy from adding nodes.
    """
    types = [group.instance_type for group in elastic.groups]
    layout = _same_tasks(elastic.layout, common_layout(elastic.core, types, elastic.layout.driver_heap_mib * 2))
    bigger = replace(elastic, layout=layout)
    too_little = layout.heap_per_core_mib < elastic.layout.heap_per_core_mib // 2
    return None if too_little or problem_of(bigger) else bigger


def _same_tasks(before: Layout, fresh: Layout) -> Layout:
    """Keep what an earlier attempt learned: never more tasks at once in an executor than there were."""
    return replace(fresh, cores=min(before.cores, fresh.cores))


def _roomier(chosen: InstanceType, cluster: Cluster, catalogue: Catalogue) -> list[InstanceType]:
    """Return types with as many cores and more memory, the next size first and of one size the cheapest."""
    found = [
        known
        for known in allowed_types(catalogue, cluster)
        if known.vcpu == chosen.vcpu and known.yarn_memory_mib > chosen.yarn_memory_mib
    ]
    return sorted(found, key=lambda known: (known.memory_gib, known.ec2_usd_per_hour, known.type))
