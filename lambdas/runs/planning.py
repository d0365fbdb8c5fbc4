"""Make the plan of a run: check, measure, size, freeze the manifest."""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lambdas.history.event_log import step_settings
from lambdas.inputs.errors import InputChangedError, SeveralInputsError
from lambdas.inputs.frozen import open_manifest
from lambdas.inputs.measure import Measurement, measure_input
from lambdas.inputs.request import MAX_DOCUMENT_BYTES, CreatedAs, Request, describe_addresses, parse_request
from lambdas.recovery.shortage_store import recent_shortages
from lambdas.recovery.shortages import order_rungs
from lambdas.runs.errors import JobInvalidError, JobUnknownError, NothingFitsError, PlanTooLargeError, StepTooLongError
from lambdas.runs.events import PlanEvent
from lambdas.runs.learning import known_of
from lambdas.runs.plan import Measured, Plan, PlannedStep
from lambdas.runs.reasons import reasons_of
from lambdas.runs.request import cluster_name, planned_rung
from lambdas.runs.store import put_manifest, run_folder
from lambdas.scaling.managed import within
from lambdas.settings import Settings
from lambdas.sizing import Asked, Decision, Goal, Known, build_ladder, weigh_sizes
from lambdas.sizing.choice import CONFIDENCE_WITHOUT_RUNS, DEFAULT_CONFIDENCE
from lambdas.sizing.elastic import ScalingError
from lambdas.sizing.ladder import first_rung
from lambdas.sizing.receipt import receipt, warnings_of, what_fails, what_would
from lambdas.specs.cluster import Cluster
from lambdas.specs.code import code_prefix
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.job import Job
from lambdas.specs.load import load_catalogue, load_cluster, load_job, load_scaling
from lambdas.specs.placeholders import INPUT, has_input, is_input, substitute
from lambdas.specs.scaling import Scaling

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from lambdas.specs.catalogue import Catalogue

# A plan shares the payload limit of a state with what the machine adds, and its variable with the outcome around it.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_PLAN_BYTES = MAX_DOCUMENT_BYTES * 3 // 4

# All strings of a step's HadoopJarStep together.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html
MAX_STEP_CHARACTERS = 10_240
_RUNNER = "command-runner.jar"
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
    job, cluster, scaling, catalogue = _specs(event.job, settings.region)
    request = parse_request(event.input, substitute(job.input, {"data_bucket": settings.data_bucket}), _created_as(job))
    known = known_of(job, dynamodb, settings.run_table, now)
    asked = _asked(job, known, scaling)
    folder = run_folder(settings.log_bucket, job.name, event.execution.name)
    with open_manifest() as manifest:
        inputs, measured = measure_input(s3, request, manifest)
        _refuse_changed(request, measured)
        try:
            sizes = weigh_sizes(measured, asked, known, cluster, catalogue)
        except ScalingError as error:
            raise JobInvalidError(f"the scaling policy {job.scaling!r} cannot be followed: {error}") from error
        if sizes is None:
            raise JobInvalidError(
                f"no instance type of the cluster spec {cluster.name!r} has room for a driver and an executor; "
                "add families with more memory, and deploy again"
            )
        decision = sizes.best
        _refuse(decision, asked, job)
        chosen = first_rung(decision, settings.subnet_ids)
        ladder = build_ladder(decision, sizes, settings.subnet_ids)
        name = cluster_name(job.name, event.execution.name)
        rungs = [planned_rung(rung, name, folder) for rung in (chosen, *ladder)]
        first, *rest = order_rungs(rungs, recent_shortages(dynamodb, settings.run_table, now))
        plan = Plan(
            run=event.execution.name,
            job=job.name,
            input=str(request.manifest or describe_addresses(inputs)),
            manifest=f"{folder}manifest.json",
            measured=_measured(measured),
            attempts=1 + job.on_failure.attempts,
            size=first.size,
            estimate=first.estimate,
            receipt=[
                *receipt(measured, asked, known, decision, cluster, catalogue),
                *([] if first is rungs[0] else [f"{_SHORT_OF_CAPACITY} {first.why}."]),
            ],
            reasons=reasons_of(asked, known, decision, warnings_of(measured, asked, decision)),
            cluster=first.cluster,
            steps=_steps(job, inputs, f"{folder}manifest.json", event.execution.name, settings),
            ladder=rest,
        )
        _check_size(plan)
        put_manifest(s3, plan.manifest, manifest)
    return plan


def _created_as(job: Job) -> list[tuple[str, str, CreatedAs]]:
    """Return where the objects of the job's triggers lie, how they end, and what they are."""
    below = job.input.removeprefix("s3://").partition("/")[2]
    created = [trigger.object_created for trigger in job.triggers if trigger.object_created is not None]
    return [(f"{below}{each.prefix}", each.suffix, each.input) for each in created]


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


def _steps(job: Job, inputs: Sequence[str], manifest: str, run: str, settings: Settings) -> list[PlannedStep]:
    values = {"data_bucket": settings.data_bucket, "manifest": manifest, "run_id": run}
    code = f"s3://{settings.code_bucket}/{code_prefix(job.name)}"
    submit = ["spark-submit", "--deploy-mode", "cluster"]
    steps = []
    for step in job.steps:
        own = [each for arg in step.args for each in _arguments(arg, inputs, values, step.name)]
        args = [*submit, *step_settings(step.name), f"{code}{step.script}", *own]
        characters = len(_RUNNER) + sum(map(len, args))
        if characters > MAX_STEP_CHARACTERS:
            raise StepTooLongError(
                f"the arguments of step {step.name!r} have {characters:,} characters; EMR takes {MAX_STEP_CHARACTERS:,}"
                "; put long values in a file in S3 and pass its address, as << manifest >> is that of a file with all "
                "inputs and their objects"
            )
        steps.append(PlannedStep(name=step.name, args=args))
    return steps


def _arguments(arg: str, inputs: Sequence[str], values: Mapping[str, str], step: str) -> list[str]:
    if is_input(arg):
        return list(inputs)
    if has_input(arg) and len(inputs) > 1:
        raise SeveralInputsError(
            f"the argument {arg!r} of step {step!r} holds one input, and the run has {len(inputs):,}; make << input >> "
            "an argument of its own, which becomes one for each, or pass << manifest >>"
        )
    return [substitute(arg, {**values, INPUT: inputs[0]})]


def _check_size(plan: Plan) -> None:
    size = len(json.dumps(plan.as_document(), ensure_ascii=False).encode())
    if size > MAX_PLAN_BYTES:
        raise PlanTooLargeError(
            f"the plan has {size:,} bytes; at most {MAX_PLAN_BYTES:,} can be passed on; "
            "shorten the steps' arguments or the cluster's configurations"
        )
