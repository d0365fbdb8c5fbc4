"""How big a replay is: with more memory after a lack of it, faster after a timeout, or as somebody asked."""

import difflib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from lambdas.failures.classes import FailureClass
from lambdas.inputs.uri import S3Uri
from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.prediction import PastRun
from lambdas.recovery.attempt import more_memory
from lambdas.replays.errors import ReplaySizeError
from lambdas.replays.past import Replay
from lambdas.replays.request import AskedSize
from lambdas.runs.diagnosing import STEP_STATE
from lambdas.runs.plan import Plan, Size
from lambdas.sizing import Asked, Known
from lambdas.sizing.expect import workers_of
from lambdas.sizing.layout import layout_of
from lambdas.sizing.shapes import Shape
from lambdas.sizing.words import human_time
from lambdas.specs.catalogue import Catalogue, UnknownInstanceTypeError, allowed_types
from lambdas.specs.cluster import Cluster
from lambdas.specs.job import Job, Step
from lambdas.specs.scaling import CustomScaling, Scaling

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A step that was stopped would have gone on; nobody knows for how long. A guess.
_OVERRUN = 1.25

_OUT_OF_MEMORY = frozenset({FailureClass.EXECUTOR_OUT_OF_MEMORY, FailureClass.DRIVER_OUT_OF_MEMORY})


@dataclass(frozen=True)
class FailedSize:
    """The size of a failed run's last attempt, and the bytes it was to read."""

    size: Size
    data_bytes: int

    def __str__(self) -> str:
        return f"{self.size.workers} x {self.size.core.instance_type}"


@dataclass(frozen=True)
class Sizing:
    """What a replay's size is chosen from.

    Attributes
    ----------
    asked, known
        What the job asks for and what is known of it, with what the failed run adds to both.
    is_ours
        Whether its limits are not the job's alone, so that the job does not refuse for their sake.
    why
        A sentence on what was added, if anything was.
    """

    asked: Asked
    known: Known
    is_ours: bool = False
    why: str | None = None


def read_failed_size(s3: "S3Client", entry: LedgerEntry) -> FailedSize | None:
    """Read from a run's record which size it had; ``None`` where the record is missing or of another form."""
    if entry.record is None:
        return None
    uri = S3Uri.parse(entry.record)
    try:
        plan = json.loads(s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read())["plan"]
        return FailedSize(Size.model_validate(plan["size"]), int(plan["measured"]["bytes"]))
    except (ClientError, ValidationError, ValueError, KeyError, TypeError):
        return None


def size_again(
    replay: Replay, failed: FailedSize | None, job: Job, sizing: Sizing, cluster: Cluster, catalogue: Catalogue
) -> Sizing:
    """Add to what a run is sized by what the run it replays has shown, or the size asked for.

    Parameters
    ----------
    replay
        What is replayed.
    failed
        The size it had, if that is known.
    job, cluster, catalogue
        As they are today.
    sizing
        What a run of the job is sized by.

    Raises
    ------
    ReplaySizeError
        The size asked for cannot be had.
    """
    if replay.request.size:
        shape = asked_shape(replay.request.size, job, sizing.asked, cluster, catalogue)
        return replace(
            sizing,
            asked=replace(sizing.asked, only=shape),
            is_ours=True,
            why=f"{shape.workers} x {shape.core_type} was asked for.",
        )
    step = _timed_out(job, replay.entry)
    return _faster(replay.entry, failed, job, step, sizing, catalogue) if step else sizing


def enlarge(
    plan: Plan, replay: Replay, failed: FailedSize | None, cluster: Cluster, catalogue: Catalogue, scaling: Scaling
) -> Plan:
    """Return a plan with more memory than the run it replays has run out of, and a line of the receipt that says so.

    Parameters
    ----------
    plan
        As the job's runs are sized.
    replay, failed
        What is replayed, and the size it had.
    cluster, catalogue, scaling
        What sizes are chosen from.
    """
    failure = _class(replay.entry)
    if failed is None or failure not in _OUT_OF_MEMORY or replay.request.size:
        return plan
    whose = "driver" if failure is FailureClass.DRIVER_OUT_OF_MEMORY else "executor"
    words = f"it has more {whose} memory anyway"
    while _memory(plan.size, failure) <= _memory(failed.size, failure):
        larger = more_memory(plan, failure, cluster, catalogue, scaling)
        if larger is None:
            words = "and there is no more to be had; write smaller partitions, or add families to the cluster spec"
            break
        plan, words = larger
    line = f"Replay: {replay.entry.run} ran out of {whose} memory on {failed}; {words}."
    return plan.model_copy(update={"receipt": [*plan.receipt, line]})


def _memory(size: Size, failure: FailureClass) -> int:
    """Return the MiB of heap of the driver, or of a task of an executor."""
    if failure is FailureClass.DRIVER_OUT_OF_MEMORY:
        return size.driver_memory_mib
    return size.executor_memory_mib // size.executor_cores


def _class(entry: LedgerEntry) -> FailureClass:
    try:
        return FailureClass(entry.failure_class or FailureClass.UNKNOWN)
    except ValueError:
        return FailureClass.UNKNOWN


def _timed_out(job: Job, entry: LedgerEntry) -> Step | None:
    """Return the step that did not end within its timeout; a cluster that did not start says nothing of the size."""
    name = (entry.failed_state or "").removeprefix(STEP_STATE)
    return (
        next((step for step in job.steps if step.name == name), None) if _class(entry) is FailureClass.TIMEOUT else None
    )


def _faster(
    entry: LedgerEntry, failed: FailedSize | None, job: Job, step: Step, sizing: Sizing, catalogue: Catalogue
) -> Sizing:
    """Ask for a size on which the step that timed out is likely to end in time.

    All steps speed up alike, as far as anybody knows, so the whole job must by as much as that step must.
    """
    limit = sum(each.timeout for each in job.steps) if job.is_pipelined else step.timeout
    seconds = {each.name: _seconds(each) for each in entry.steps}
    took = sum(seconds.values()) if job.is_pipelined else seconds.get(step.name, 0.0)
    too_long = _OVERRUN * (took or limit)
    work = too_long + (0.0 if job.is_pipelined else sum(seconds.values()) - seconds.get(step.name, 0.0))
    goal, known = sizing.asked.goal, sizing.known
    deadline = work * limit / too_long + known.overhead_seconds
    goal = replace(goal, deadline_seconds=min(deadline, goal.deadline_seconds or deadline))
    asked = replace(sizing.asked, goal=goal)
    why = f"step {step.name!r} of {entry.run} did not end within {human_time(limit / 60)}"
    if failed:
        why += f" on {failed}"
        # Of at least so many cores: what the model believes of a run that never ended is half a guess.
        asked = replace(asked, least_vcpus=failed.size.vcpus)
        try:
            core = catalogue.get(failed.size.core.instance_type)
        except UnknownInstanceTypeError:
            pass
        else:
            run = PastRun(failed.data_bytes, workers_of(core, failed.size.workers), work)
            known = replace(known, runs=(*known.runs, run))
    end = (
        f"to end all steps within {human_time((goal.deadline_seconds or deadline) / 60)}, the cluster's start included"
    )
    if isinstance(asked.scaling, CustomScaling):
        end = f"as ever, because the policy {asked.scaling.name} decides"
    return Sizing(asked, known, is_ours=True, why=f"{why[0].upper()}{why[1:]}: the size is chosen {end}.")


def _seconds(step: LedgerStep) -> float:
    return (step.ended - step.started).total_seconds() if step.started and step.ended else 0.0


def asked_shape(size: AskedSize, job: Job, asked: Asked, cluster: Cluster, catalogue: Catalogue) -> Shape:
    """Return the shape that somebody asked for.

    Raises
    ------
    ReplaySizeError
        No cluster of the job may have it; the message says which ones may.
    """
    name, workers = size.instance_type, size.workers
    if isinstance(asked.scaling, CustomScaling):
        raise ReplaySizeError(
            f"the job {job.name!r} is scaled by the policy {asked.scaling.name!r}, which says of which types and how "
            "many nodes it starts; leave 'size' out, or change the policy"
        )
    allowed = {known.type: known for known in allowed_types(catalogue, cluster)}
    if name not in allowed:
        exists = any(known.type == name for known in catalogue.types)
        near = ", ".join(difflib.get_close_matches(name, allowed, n=3)) or ", ".join(sorted(allowed)[:3])
        what = f"the cluster spec {cluster.name!r} does not allow {name}" if exists else f"there is no type {name!r}"
        raise ReplaySizeError(f"{what} for the release {cluster.release} on {cluster.architecture}; it allows {near}")
    limits = asked.scaling.managed
    most = min(asked.max_nodes - 1, limits.maximum or asked.max_nodes)
    if not (limits.minimum or 1) <= workers <= most:
        raise ReplaySizeError(
            f"{workers:,} workers were asked for, and {job.name!r} may have {limits.minimum or 1:,} to {most:,} beside "
            "the primary node (limits.max_nodes, and the limits of its scaling spec)"
        )
    layout = layout_of(allowed[name])
    if not layout.is_sound:
        raise ReplaySizeError(f"{name} has no room for a driver and an executor; ask for a larger type")
    return Shape(allowed[name], workers, layout, cluster.task_market)
