"""What past runs say about the size of the next one: read, weighed, and put as the sizing takes it."""

import datetime
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdas.history.entry import HistoryEntry
from lambdas.history.store import class_history, recent_history
from lambdas.history.weigh import WeighedRun, last_error, weigh
from lambdas.prediction import PastRun, Workers
from lambdas.pricing.spot import ASSUMED_INTERRUPTIONS_PER_HOUR
from lambdas.sizing.expect import Known
from lambdas.sizing.speed import vcpu_speed
from lambdas.specs.code import code_prefix
from lambdas.specs.job import Job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Provisioning changes with EC2, not with the job: the newest clusters tell most.
_CLUSTERS_LOOKED_AT = 10


def known_of(job: Job, dynamodb: "DynamoDBClient", table: str, now: datetime.datetime) -> Known:
    """Return what past runs of a job, and of others of its class, say.

    Parameters
    ----------
    job
        The job that is to run.
    dynamodb, table
        Where history is kept.
    now
        With a time zone.
    """
    own = recent_history(dynamodb, table, job.name)
    others = [
        entry
        for entry in (class_history(dynamodb, table, job.job_class) if job.job_class else [])
        if entry.job != job.name
    ]
    code = code_prefix(job.name)
    weighed, of_others = weigh(own, code, now), weigh(others, code, now)
    used = weighed.used
    return Known(
        runs=(*map(_past_run, used), *(_past_run(run, run.entry.job) for run in of_others.used)),
        provision_seconds=_provisioning(own),
        interruptions_per_hour=_interruptions([*own, *others]),
        spill_share=_spill_share([run.entry for run in used]),
        names=tuple(run.entry.run for run in used),
        others=len(of_others.used),
        left_out=weighed.left_out,
        last_error=last_error(own),
    )


def _past_run(run: WeighedRun, other_job: str | None = None) -> PastRun:
    entry = run.entry
    return PastRun(
        data_bytes=entry.data_bytes,
        workers=Workers(
            entry.instance_type,
            entry.nodes,
            entry.vcpu * vcpu_speed(entry.instance_type),
            entry.memory_gib,
            entry.ebs_mbps,
        ),
        seconds=entry.seconds,
        weight=run.weight,
        max_tasks=entry.max_tasks,
        other_job=other_job,
    )


def _provisioning(entries: Sequence[HistoryEntry]) -> float | None:
    seconds = [entry.provisioning_seconds for entry in entries if entry.provisioning_seconds]
    return statistics.median(seconds[:_CLUSTERS_LOOKED_AT]) if seconds else None


def _interruptions(entries: Sequence[HistoryEntry]) -> float:
    """Return how often a spot node is taken back, per node and hour: assumed at first, and ever more as it was.

    The assumption weighs as much as the node hours in which one interruption is expected by it.
    """
    hours = sum(entry.nodes * entry.spot_share * entry.seconds for entry in entries) / 3600
    lost = sum(entry.spot_lost for entry in entries)
    return ASSUMED_INTERRUPTIONS_PER_HOUR * (1 + lost) / (1 + ASSUMED_INTERRUPTIONS_PER_HOUR * hours)


def _spill_share(entries: Sequence[HistoryEntry]) -> float | None:
    """Return the most bytes any run shuffled and spilled per byte of input."""
    shares = [
        (entry.spark.shuffle_write_bytes + entry.spark.disk_spilled_bytes) / entry.data_bytes
        for entry in entries
        if entry.spark.tasks and entry.data_bytes
    ]
    return max(shares, default=None)
