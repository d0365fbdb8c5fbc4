"""What of a run the next sizing learns from, small enough to read hundreds of."""

import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from lambdas.history.metrics import SparkTotals, total
from lambdas.inputs.uri import S3Uri, UriError

if TYPE_CHECKING:
    from lambdas.history.phases import WorkersUsed
    from lambdas.runs.plan import Plan
    from lambdas.runs.record import RunRecord
    from lambdas.specs.catalogue import Catalogue

FAILED = "failed"
CANCELLED = "cancelled"
PARTIAL = "partial"
RETRIED = "retried"
UNMEASURED = "unmeasured"

_CANCELLED_ERROR = "CancelledOrKilled"


class HistoryEntry(BaseModel):
    """A past run.

    Attributes
    ----------
    started
        When its execution started, in UTC.
    unfit
        Why nothing can be learned from its run time, in a word; ``None`` for a run of all steps in one attempt.
    data_bytes, max_tasks
        Of the input: its volume, and how many tasks that read it could be of use at the same time.
    instance_type
        Of the workers; where there were several, that of which there were most.
    nodes
        Workers there were on average while steps ran.
    nodes_requested
        Workers asked for.
    spot_share, spot_lost
        How much of the workers was spot, and how many of them EC2 took back.
    vcpu, memory_gib, ebs_mbps
        Of one worker, as the catalogue had them when the run ended; over several types, the mean. EBS in MB per second.
    seconds
        In which at least one step ran.
    code
        The prefix of the job's code, which names its content.
    predicted_seconds
        What the plan expected ``seconds`` to be.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    job: str
    run: str
    job_class: str | None = None
    started: datetime.datetime
    unfit: str | None = None
    data_bytes: int
    max_tasks: float | None = None
    instance_type: str
    nodes: float
    nodes_requested: int
    spot_share: float = 0.0
    spot_lost: int = 0
    vcpu: float
    memory_gib: float
    ebs_mbps: float
    seconds: float
    provisioning_seconds: float | None = None
    code: str
    predicted_seconds: float | None = None
    usd: float
    spark: SparkTotals = SparkTotals()


def make_entry(record: "RunRecord", job_class: str | None, catalogue: "Catalogue") -> HistoryEntry | None:
    """Make the entry of a run; ``None`` for one that was never planned: it measured nothing.

    Parameters
    ----------
    record
        The run.
    job_class
        What kind of work the job says it is.
    catalogue
        Knows the workers' types.

    Raises
    ------
    UnknownInstanceTypeError
        A type the catalogue does not have.
    """
    plan = record.plan
    if plan is None:
        return None
    workers, seconds = record.workers, record.phases.working_seconds
    types = dict(workers.nodes) if workers else {plan.size.core.instance_type: float(plan.size.workers)}
    vcpu, memory_gib, ebs_mbps = _figures(types, catalogue)
    return HistoryEntry(
        job=record.job,
        run=record.run,
        job_class=job_class,
        started=record.started,
        unfit=_unfit(record, plan, workers, seconds),
        data_bytes=plan.measured.bytes,
        max_tasks=plan.reasons.max_tasks if plan.reasons else None,
        instance_type=max(types, key=lambda name: (types[name], name)),
        nodes=sum(types.values()),
        nodes_requested=plan.size.workers,
        spot_share=workers.spot_share if workers else 0.0,
        spot_lost=workers.spot_lost if workers else 0,
        vcpu=vcpu,
        memory_gib=memory_gib,
        ebs_mbps=ebs_mbps,
        seconds=seconds or 0.0,
        provisioning_seconds=record.phases.provisioning_seconds,
        code=_code(plan),
        predicted_seconds=plan.estimate.runtime_seconds,
        usd=record.cost.total,
        spark=total(record.spark),
    )


def _unfit(record: "RunRecord", plan: "Plan", workers: "WorkersUsed | None", seconds: float | None) -> str | None:
    if record.status != "SUCCEEDED":
        return CANCELLED if record.error == _CANCELLED_ERROR else FAILED
    if plan.attempt > 1:
        return RETRIED
    if plan.done:
        return PARTIAL
    return None if workers and seconds else UNMEASURED


def _figures(types: dict[str, float], catalogue: "Catalogue") -> tuple[float, float, float]:
    """Return vCPU, GiB and MB per second of EBS of the mean worker."""
    weighted = [(catalogue.get(name), nodes) for name, nodes in types.items()]
    nodes = sum(types.values())
    return (
        sum(known.vcpu * weight for known, weight in weighted) / nodes,
        sum(known.memory_gib * weight for known, weight in weighted) / nodes,
        sum(known.ebs_mbps * weight for known, weight in weighted) / nodes,
    )


def _code(plan: "Plan") -> str:
    """Return the prefix of the code that was planned to run, which may be older than what is deployed by now."""
    folder = f"jobs/{plan.job}/"
    for arg in plan.steps[0].args:
        try:
            key = S3Uri.parse(arg).key
        except UriError:
            continue
        if key.startswith(folder):
            return key.rpartition("/")[0] + "/"
    return ""
