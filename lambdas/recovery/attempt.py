"""The next attempt of a failed run: the plan with what is to be different, or nothing when no attempt can help."""

from collections.abc import Collection, Sequence

from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.diagnose import Diagnosis
from lambdas.recovery.shortages import Shortage, order_rungs
from lambdas.runs.plan import Attempt, Estimated, Plan, PlannedRung
from lambdas.runs.request import cluster_request, elastic_of, shape_of, size_of
from lambdas.sizing.elastic import Elastic
from lambdas.sizing.emit import Emitted, emit, emit_elastic
from lambdas.sizing.memory import (
    more_driver_memory,
    more_elastic_driver_memory,
    more_elastic_executor_memory,
    more_executor_memory,
)
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster
from lambdas.specs.scaling import LIMITS_OF_THE_PLAN, CustomScaling, Scaling

_AGAIN = "the same again"


def next_attempt(
    plan: Plan,
    diagnosis: Diagnosis,
    cluster: Cluster,
    catalogue: Catalogue,
    shortages: Sequence[Shortage],
    scaling: Scaling = LIMITS_OF_THE_PLAN,
) -> tuple[Plan, str] | None:
    """Return the plan of the next attempt, and in words what it changes.

    Parameters
    ----------
    plan
        Of the attempt that failed.
    diagnosis
        Why it failed.
    cluster, catalogue
        What sizes are chosen from.
    shortages
        Where EC2 has lately been short of capacity.
    scaling
        How the cluster is scaled, within the nodes the job allows.

    Returns
    -------
    tuple of Plan and str, or None
        ``None`` when the failure would repeat itself, when there is nothing left to change, or when all attempts that
        the job allows have been made.
    """
    if plan.attempt >= plan.attempts:
        return None
    match diagnosis.action:
        case Action.RETRY_AS_IS:
            return plan, _AGAIN
        case Action.NEXT_CAPACITY:
            return _next_rung(plan, shortages)
        case Action.RETRY_MORE_MEMORY:
            return more_memory(plan, diagnosis.failure_class, cluster, catalogue, scaling)
        case _:
            return None


def follow(plan: Plan, attempt: Attempt, completed: Collection[str]) -> Plan:
    """Return a plan as the attempt after one that failed.

    Parameters
    ----------
    completed
        The steps that the failed attempt completed; one is left to do even when that is all of them.
    """
    last = plan.steps_left[-1]
    done = [step.name for step in plan.steps if step.name in {*plan.done, *completed}]
    left = [step.name for step in plan.steps if step.name not in done]
    return plan.model_copy(
        update={
            "attempt": plan.attempt + 1,
            "done": done if left else [name for name in done if name != last],
            "earlier": [*plan.earlier, attempt],
        }
    )


def _next_rung(plan: Plan, shortages: Sequence[Shortage]) -> tuple[Plan, str] | None:
    if not plan.ladder:
        return None
    rung, *rest = order_rungs(plan.ladder, shortages)
    change = {"size": rung.size, "estimate": rung.estimate, "cluster": rung.cluster, "ladder": rest}
    return plan.model_copy(update=change), rung.why


def more_memory(
    plan: Plan, failure: FailureClass, spec: Cluster, catalogue: Catalogue, scaling: Scaling
) -> tuple[Plan, str] | None:
    """Return a plan with the next more memory for what ran out of it, and that in words; ``None`` if there is none.

    Parameters
    ----------
    plan
        With the size that was too small.
    failure
        Whose memory: that of the driver, or of the executors.
    spec, catalogue
        What sizes are chosen from.
    scaling
        How the cluster is scaled.
    """
    cluster = spec.model_copy(update={"task_market": plan.size.task_market})
    is_driver = failure is FailureClass.DRIVER_OUT_OF_MEMORY
    # Twice as many parts are half as big, which helps where one task's share was the trouble.
    partitions = plan.size.shuffle_partitions * (1 if is_driver else 2)
    spill_bytes = plan.reasons.spill_bytes if plan.reasons else 0
    if isinstance(scaling, CustomScaling):
        elastic = elastic_of(plan, scaling, catalogue)
        larger = more_elastic_driver_memory(elastic) if is_driver else more_elastic_executor_memory(elastic)
        if larger is None:
            return None
        workers = larger.core_nodes + larger.most_task_nodes
        emitted = emit_elastic(larger, partitions, cluster, spill_bytes, workers)
        return _with_size(plan, larger, partitions, emitted, 1.0), _memory_words(elastic, larger)
    before = shape_of(plan.size, catalogue)
    shape = (
        more_driver_memory(before, cluster, catalogue)
        if is_driver
        else more_executor_memory(before, cluster, catalogue)
    )
    if shape is None:
        return None
    emitted = emit(shape, partitions, cluster, catalogue, spill_bytes=spill_bytes, limits=scaling.managed)
    dearer = float(shape.usd_per_hour / before.usd_per_hour)
    return _with_size(plan, shape, partitions, emitted, dearer), _memory_words(before, shape)


def _with_size(plan: Plan, shape: Shape | Elastic, partitions: int, emitted: Emitted, dearer: float) -> Plan:
    """Return a plan with another size, whose cluster is so much dearer an hour and takes as long."""
    size = size_of(shape, partitions, emitted, plan.size.task_market)
    estimate = _dearer(plan.estimate, dearer)
    subnets, folder = plan.cluster.ec2_subnet_ids, plan.manifest.rpartition("/")[0] + "/"
    request = cluster_request(plan.cluster.name, emitted, subnets, folder)
    # The rungs of the plan are for the size that was too small.
    ladder = [
        PlannedRung(
            why=f"only the subnet {subnet}",
            size=size,
            estimate=estimate,
            cluster=cluster_request(plan.cluster.name, emitted, [subnet], folder),
        )
        for subnet in subnets
        if len(subnets) > 1
    ]
    return plan.model_copy(update={"size": size, "estimate": estimate, "cluster": request, "ladder": ladder})


def _dearer(estimate: Estimated, factor: float) -> Estimated:
    """Return what a run costs on a cluster that is so much dearer an hour and takes as long."""
    usd = {"usd": round(estimate.usd * factor, 4)}
    if estimate.usd_interval is None:
        return estimate.model_copy(update=usd)
    low, high = estimate.usd_interval
    return estimate.model_copy(update={**usd, "usd_interval": (round(low * factor, 4), round(high * factor, 4))})


def _memory_words(before: Shape | Elastic, after: Shape | Elastic) -> str:
    def words(shape: Shape | Elastic) -> str:
        layout = shape.layout
        return f"{shape.core_type}, {layout.heap_per_core_mib:,} MiB a task, driver {layout.driver_heap_mib:,} MiB"

    return f"more memory: {words(after)} instead of {words(before)}"
