"""A size as a plan holds it, and as what EMR is asked for."""

import re
from collections.abc import Sequence

from lambdas.history.event_log import with_event_log
from lambdas.runs.plan import ClusterRequest, Estimated, Nodes, Plan, PlannedRung, Size
from lambdas.sizing.elastic import Elastic, TaskNodes
from lambdas.sizing.emit import Emitted
from lambdas.sizing.expect import Estimate
from lambdas.sizing.ladder import Rung
from lambdas.sizing.layout import Layout, with_executors
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Market
from lambdas.specs.scaling import CustomScaling

# Names of clusters may not hold these.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html
_NOT_IN_CLUSTER_NAMES = re.compile(r"[<>$|`]")
MAX_CLUSTER_NAME = 256


def planned_rung(rung: Rung, name: str, folder: str) -> PlannedRung:
    """Return a rung as the plan holds it; ``folder`` is the run's."""
    return PlannedRung(
        why=rung.why,
        size=size_of(rung.elastic or rung.shape, rung.shuffle_partitions, rung.emitted, rung.market),
        estimate=_estimated(rung.estimate),
        cluster=cluster_request(name, rung.emitted, rung.subnets, folder),
    )


def _estimated(estimate: Estimate) -> Estimated:
    minutes, usd = estimate.minutes, estimate.usd
    return Estimated(
        minutes=round(minutes.median, 1),
        usd=round(usd.median, 4),
        minutes_interval=(round(minutes.low, 1), round(minutes.high, 1)),
        usd_interval=(round(usd.low, 4), round(usd.high, 4)),
        runtime_seconds=round(estimate.runtime_seconds.median, 1),
    )


def cluster_request(name: str, emitted: Emitted, subnets: Sequence[str], folder: str) -> ClusterRequest:
    """Return what of ``RunJobFlow`` depends on the run; of the subnets only the first for instance groups.

    Spark writes its event logs to the run's folder.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_JobFlowInstancesConfig.html
    """
    return ClusterRequest(
        name=name,
        ec2_subnet_ids=list(subnets[:1] if emitted.instance_groups else subnets),
        instance_fleets=emitted.instance_fleets,
        instance_groups=emitted.instance_groups,
        configurations=with_event_log(emitted.configurations, folder),
        managed_scaling_policy=emitted.managed_scaling,
    )


def cluster_name(job: str, run: str) -> str:
    """Return ``<job>-<run>`` as EMR takes it."""
    return _NOT_IN_CLUSTER_NAMES.sub("-", f"{job}-{run}")[:MAX_CLUSTER_NAME]


def size_of(shape: Shape | Elastic, partitions: int, emitted: Emitted, market: Market) -> Size:
    """Return a size as the plan holds it: with a policy, what the cluster starts with.

    Parameters
    ----------
    shape, partitions, emitted
        The size.
    market
        Where the task nodes come from.
    """
    layout = shape.layout
    return Size(
        primary=Nodes(instance_type=emitted.primary_type, count=emitted.primary_count),
        core=Nodes(instance_type=shape.core_type, count=shape.core_nodes),
        task=Nodes(instance_type=shape.task_type, count=shape.task_nodes),
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
    return Shape(catalogue.get(size.core.instance_type), size.workers, layout, size.task_market)


def elastic_of(plan: Plan, policy: CustomScaling, catalogue: Catalogue) -> Elastic:
    """Return the cluster that a policy scales of which a plan holds the size and the groups."""
    size, core = plan.size, catalogue.get(plan.size.core.instance_type)
    one = Layout(
        executors=1,
        cores=size.executor_cores,
        heap_mib=size.executor_memory_mib,
        overhead_mib=size.executor_overhead_mib,
        driver_heap_mib=size.driver_memory_mib,
    )
    groups = [
        TaskNodes(
            name=group["Name"],
            instance_type=catalogue.get(group["InstanceType"]),
            minimum=group["AutoScalingPolicy"]["Constraints"]["MinCapacity"],
            maximum=group["AutoScalingPolicy"]["Constraints"]["MaxCapacity"],
        )
        for group in plan.cluster.instance_groups
        if group["InstanceRole"] == "TASK"
    ]
    return Elastic(policy, core, tuple(groups), with_executors(one, core), size.task_market)
