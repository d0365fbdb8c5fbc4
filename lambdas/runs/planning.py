"""Make the plan of a run: check, measure, size, freeze the manifest."""

import datetime
import json
from typing import IO, TYPE_CHECKING

from lambdas.inputs.errors import InputChangedError
from lambdas.inputs.frozen import open_manifest
from lambdas.inputs.measure import Measurement, measure_input
from lambdas.inputs.request import (
    MAX_DOCUMENT_BYTES,
    Request,
    describe_addresses,
    is_replay,
)
from lambdas.ledger.trigger import trigger_of
from lambdas.recovery.shortage_store import recent_shortages
from lambdas.recovery.shortages import order_rungs
from lambdas.replays.decide import kept_steps, replay_lines, replay_of, resume_at
from lambdas.replays.past import find_replay
from lambdas.replays.size import Sizing, enlarge, read_failed_size, size_again
from lambdas.runs.asked import asked_input
from lambdas.runs.errors import JobInvalidError, JobUnknownError, NothingFitsError, PlanTooLargeError
from lambdas.runs.events import PlanEvent
from lambdas.runs.learning import known_of
from lambdas.runs.plan import Measured, Plan
from lambdas.runs.planned_steps import RunValues, planned_steps
from lambdas.runs.reasons import reasons_of
from lambdas.runs.request import cluster_name, planned_rung
from lambdas.runs.store import put_manifest, run_folder
from lambdas.scaling.managed import within
from lambdas.settings import Settings
from lambdas.sizing import Asked, Decision, Goal, Known, Sizes, build_ladder, weigh_sizes
from lambdas.sizing.choice import CONFIDENCE_WITHOUT_RUNS, DEFAULT_CONFIDENCE
from lambdas.sizing.elastic import ScalingError
from lambdas.sizing.ladder import first_rung
from lambdas.sizing.receipt import receipt, warnings_of, what_fails, what_would
from lambdas.specs.cluster import Cluster
from lambdas.specs.code import code_digest, code_prefix
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.job import Job
from lambdas.specs.load import load_catalogue, load_cluster, load_job, load_scaling
from lambdas.specs.scaling import Scaling

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from lambdas.specs.catalogue import Catalogue

# A plan shares the payload limit of a state with what the machine adds, and its variable with the outcome around it.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_PLAN_BYTES = MAX_DOCUMENT_BYTES * 3 // 4

_SHORT_OF_CAPACITY = "EC2 has lately been short of capacity for it; instead:"


def make_plan(
    event: PlanEvent, settings: Settings, s3: "S3Client", dynamodb: "DynamoDBClient", now: datetime.datetime
) -> Plan:
    """Plan a run and write its manifest.

    Parameters
    ----------
    event
        Job, execution, and the execution's input.
    settings
        The deployment.
    s3
        The client that lists the input and writes the manifest.
    dynamodb
        The client that reads past runs and recent shortages; what is likely to be had comes first.
    now
        With a time zone.

    Raises
    ------
    RejectionError
        The run must not start; nothing was created.
    """
    with open_manifest() as manifest:
        plan = draw_plan(event, settings, s3, dynamodb, now, manifest)
        put_manifest(s3, plan.manifest, manifest)
    return plan


def draw_plan(
    event: PlanEvent,
    settings: Settings,
    s3: "S3Client",
    dynamodb: "DynamoDBClient",
    now: datetime.datetime,
    manifest: IO[bytes],
) -> Plan:
    """Plan a run and write nothing but its manifest, to a file that can be read and written; see ``make_plan``."""
    job, cluster, scaling, catalogue = _specs(event.job, settings.region)
    replay = find_replay(event, dynamodb, settings.run_table) if is_replay(event.input) else None
    document = replay.document if replay else event.input
    request = asked_input(document, job, settings.data_bucket, is_again=replay is not None)
    known = known_of(job, dynamodb, settings.run_table, now)
    sizing = Sizing(_asked(job, known, scaling), known)
    failed = read_failed_size(s3, replay.entry) if replay else None
    if replay:
        sizing = size_again(replay, failed, job, sizing, cluster, catalogue)
    inputs, measured = measure_input(s3, request, manifest)
    _refuse_changed(request, measured)
    code = code_prefix(job.name)
    digest = code_digest(code)
    resumed = resume_at(replay, job, s3, manifest, measured.version, digest) if replay else None
    kept = kept_steps(resumed) if resumed else []
    sizes = _weigh(measured, sizing, job, cluster, catalogue)
    decision = sizes.best
    if not sizing.is_ours:
        _refuse(decision, sizing.asked, job)
    folder = run_folder(settings.log_bucket, job.name, event.execution.name)
    name = cluster_name(job.name, event.execution.name)
    ladder = (first_rung(decision, settings.subnet_ids), *build_ladder(decision, sizes, settings.subnet_ids))
    rungs = [planned_rung(rung, name, folder) for rung in ladder]
    first, *rest = order_rungs(rungs, recent_shortages(dynamodb, settings.run_table, now))
    run = RunValues(event.execution.name, tuple(inputs), f"{folder}manifest.json", settings, code)
    plan = Plan(
        run=event.execution.name,
        job=job.name,
        input=str(request.manifest or describe_addresses(inputs)),
        manifest=run.manifest,
        version=measured.version,
        trigger=trigger_of(job.name, event.execution.name, event.input, job.triggers),
        definition=event.definition,
        code=digest,
        measured=_measured(measured),
        attempts=1 + job.on_failure.attempts,
        done=[step.name for step in kept],
        kept=kept,
        replay=replay_of(replay, resumed) if replay and resumed else None,
        size=first.size,
        estimate=first.estimate,
        receipt=[
            *receipt(measured, sizing.asked, sizing.known, decision, cluster, catalogue),
            *([] if first is rungs[0] else [f"{_SHORT_OF_CAPACITY} {first.why}."]),
            *replay_lines(resumed, sizing),
        ],
        reasons=reasons_of(sizing.asked, sizing.known, decision, warnings_of(measured, sizing.asked, decision)),
        cluster=first.cluster,
        steps=planned_steps(job, run, {step.name: step.outputs for step in kept}),
        ladder=rest,
    )
    if replay:
        plan = enlarge(plan, replay, failed, cluster, catalogue, sizing.asked.scaling)
    _check_size(plan)
    return plan


def _weigh(measured: Measurement, sizing: Sizing, job: Job, cluster: Cluster, catalogue: "Catalogue") -> Sizes:
    try:
        sizes = weigh_sizes(measured, sizing.asked, sizing.known, cluster, catalogue)
    except ScalingError as error:
        raise JobInvalidError(f"the scaling policy {job.scaling!r} cannot be followed: {error}") from error
    if sizes is None:
        raise JobInvalidError(
            f"no instance type of the cluster spec {cluster.name!r} has room for a driver and an executor; "
            "add families with more memory, and deploy again"
        )
    return sizes


def _refuse_changed(request: Request, measured: Measurement) -> None:
    if request.version not in (None, measured.version):
        raise InputChangedError(
            f"{request} holds other data than when this run was started, so another run has been asked for, named "
            "after what is there now; nothing is lost"
        )


def _asked(job: Job, known: Known, scaling: Scaling) -> Asked:
    size = job.size
    confidence = size.confidence or (DEFAULT_CONFIDENCE if known.names else CONFIDENCE_WITHOUT_RUNS)
    goal = Goal(size.deadline, size.budget_usd, confidence)
    return Asked(job.limits.max_nodes, job.job_class, goal, within(scaling, job.limits.max_nodes))


def _refuse(decision: Decision, asked: Asked, job: Job) -> None:
    if decision.would_keep and job.size.when_nothing_fits == "refuse":
        raise NothingFitsError(
            f"{what_fails(asked)} {what_would(decision.would_keep)} Change 'size' or 'limits' in job.yml; "
            "'when_nothing_fits: best' starts the best there is"
        )


def _specs(name: str, region: str) -> tuple[Job, Cluster, Scaling, "Catalogue"]:
    try:
        job = load_job(name)
    except UnknownSpecError as error:
        raise JobUnknownError(str(error)) from error
    except SpecError as error:
        raise JobInvalidError(f"the deployed spec is wrong; correct it and deploy again: {error}") from error
    try:
        return job, load_cluster(job.cluster), load_scaling(job.scaling), load_catalogue(region)
    except (UnknownSpecError, SpecError) as error:
        raise JobInvalidError(f"the deployed specs are wrong; correct them and deploy again: {error}") from error


def _measured(measured: Measurement) -> Measured:
    return Measured(
        bytes=measured.bytes,
        files=measured.files,
        largest_file_bytes=measured.largest_file_bytes,
        format=measured.format,
        codec=measured.codec,
        unsplittable_bytes=measured.unsplittable_bytes,
        unsplittable_files=measured.unsplittable_files,
        largest_unsplittable_bytes=measured.largest_unsplittable_bytes,
        small_files=measured.small_files,
        partitions=measured.partitions,
        storage_classes=dict(measured.storage_classes),
    )


def _check_size(plan: Plan) -> None:
    size = len(json.dumps(plan.as_document(), ensure_ascii=False).encode())
    if size > MAX_PLAN_BYTES:
        raise PlanTooLargeError(
            f"the plan has {size:,} bytes; at most {MAX_PLAN_BYTES:,} can be passed on; "
            "shorten the steps' arguments or the cluster's configurations"
        )
