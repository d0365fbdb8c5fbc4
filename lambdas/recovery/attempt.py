"""The next attempt of a failed run: the plan with what is to be different, or nothing when no attempt can help."""

from collections.abc import Sequence

from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.diagnose import Diagnosis
from lambdas.recovery.shortages import Shortage, order_rungs
from lambdas.runs.plan import Attempt, Estimated, Plan, PlannedRung
from lambdas.runs.request import cluster_request, shape_of, size_of
from lambdas.sizing.emit import emit
from lambdas.sizing.memory import more_driver_memory, more_executor_memory
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster

_AGAIN = "the same again"


def next_attempt(
    plan: Plan, diagnosis: Diagnosis, cluster: Cluster, catalogue: Catalogue, shortages: Sequence[Shortage]
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
            return _more_memory(plan, diagnosis.failure_class, cluster, catalogue)
        case _:
            return None


def follow(plan: Plan, attempt: Attempt, first_step: str) -> Plan:
    """Return a plan as the attempt after one that failed, from a step on."""
    return plan.model_copy(
        update={"attempt": plan.attempt + 1, "first_step": first_step, "earlier": [*plan.earlier, attempt]}
    )


def _next_rung(plan: Plan, shortages: Sequence[Shortage]) -> tuple[Plan, str] | None:
    if not plan.ladder:
        return None
    rung, *rest = order_rungs(plan.ladder, shortages)
    change = {"size": rung.size, "estimate": rung.estimate, "cluster": rung.cluster, "ladder": rest}
    return plan.model_copy(update=change), rung.why


def _more_memory(plan: Plan, failure: FailureClass, spec: Cluster, catalogue: Catalogue) -> tuple[Plan, str] | None:
    cluster = spec.model_copy(update={"task_market": plan.size.task_market})
    before = shape_of(plan.size, catalogue)
    grow = more_driver_memory if failure is FailureClass.DRIVER_OUT_OF_MEMORY else more_executor_memory
    shape = grow(before, cluster, catalogue)
    if shape is None:
        return None
    # Twice as many parts are half as big, which helps where one task's share was the trouble.
    factor = 1 if failure is FailureClass.DRIVER_OUT_OF_MEMORY else 2
    partitions = plan.size.shuffle_partitions * factor
    spill_bytes = plan.reasons.spill_bytes if plan.reasons else 0
    emitted = emit(shape, partitions, cluster, catalogue, spill_bytes=spill_bytes)
    size = size_of(shape, partitions, emitted, cluster.task_market)
    estimate = _dearer(plan.estimate, float(shape.usd_per_hour / before.usd_per_hour))
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
    changed = {"size": size, "estimate": estimate, "cluster": request, "ladder": ladder}
    return plan.model_copy(update=changed), _memory_words(before, shape)


def _dearer(estimate: Estimated, factor: float) -> Estimated:
    """Return what a run costs on a cluster that is so much dearer an hour and takes as long."""
    usd = {"usd": round(estimate.usd * factor, 4)}
    if estimate.usd_interval is None:
        return estimate.model_copy(update=usd)
    low, high = estimate.usd_interval
    return estimate.model_copy(update={**usd, "usd_interval": (round(low * factor, 4), round(high * factor, 4))})


def _memory_words(before: Shape, after: Shape) -> str:
    def words(shape: Shape) -> str:
        layout = shape.layout
        return (
            f"{shape.instance_type.type}, {layout.heap_per_core_mib:,} MiB a task, "
            f"driver {layout.driver_heap_mib:,} MiB"
        )

    return f"more memory: {words(after)} instead of {words(before)}"
