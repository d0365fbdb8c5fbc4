"""Make the plan of a run: check, measure, size, freeze the manifest."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdas.inputs.measure import Measurement, measure_input, open_manifest
from lambdas.inputs.request import MAX_DOCUMENT_BYTES, parse_request
from lambdas.inputs.uri import S3Uri
from lambdas.recovery.shortages import Shortage, order_rungs
from lambdas.runs.errors import JobInvalidError, JobUnknownError, PlanTooLargeError, StepTooLongError
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Estimated, Measured, Plan, PlannedRung, PlannedStep
from lambdas.runs.request import cluster_name, cluster_request, size_of
from lambdas.runs.store import put_manifest, run_folder
from lambdas.settings import Settings
from lambdas.sizing import Decision, Rung, build_ladder, decide_size
from lambdas.specs.cluster import Cluster, Market
from lambdas.specs.code import code_prefix
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.job import Job
from lambdas.specs.load import load_catalogue, load_cluster, load_job
from lambdas.specs.placeholders import substitute

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from lambdas.specs.catalogue import Catalogue

# A plan shares the payload limit of a state with what the machine adds, and its variable with the outcome around it.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_PLAN_BYTES = MAX_DOCUMENT_BYTES * 3 // 4

# All strings of a step's HadoopJarStep together.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_HadoopJarStepConfig.html
MAX_STEP_CHARACTERS = 10_240
_RUNNER = "command-runner.jar"
_FIRST_CHOICE = "the first choice"


def make_plan(event: PlanEvent, settings: Settings, s3: "S3Client", shortages: Sequence[Shortage]) -> Plan:
    """Plan a run and write its manifest.

    Parameters
    ----------
    event
        Job, execution, and the execution's input.
    settings
        The deployment.
    s3
        The client that lists the input and writes the manifest.
    shortages
        Where EC2 has lately been short of capacity; what is likely to be had comes first.

    Raises
    ------
    RejectionError
        The run must not start; nothing was created.
    """
    job, cluster, catalogue = _specs(event.job, settings.region)
    request = parse_request(event.input, substitute(job.input, {"data_bucket": settings.data_bucket}))
    with open_manifest() as manifest:
        uri, measured = measure_input(s3, request.input, manifest)
        decision = decide_size(measured, cluster, catalogue, job.limits.max_nodes, len(job.steps))
        ladder = build_ladder(
            measured, decision, cluster, catalogue, job.limits.max_nodes, len(job.steps), settings.subnet_ids
        )
        name = cluster_name(job.name, event.execution.name)
        chosen = _first_rung(decision, cluster.task_market, settings.subnet_ids)
        rungs = [_rung(rung, name) for rung in (chosen, *ladder)]
        first, *rest = order_rungs(rungs, shortages)
        folder = run_folder(settings.log_bucket, job.name, event.execution.name)
        plan = Plan(
            run=event.execution.name,
            job=job.name,
            input=str(uri),
            manifest=f"{folder}manifest.json",
            measured=_measured(measured),
            attempts=1 + job.on_failure.attempts,
            first_step=job.steps[0].name,
            size=first.size,
            estimate=first.estimate,
            receipt=_receipt(decision, first),
            cluster=first.cluster,
            steps=_steps(job, uri, event.execution.name, settings),
            ladder=rest,
        )
        _check_size(plan)
        put_manifest(s3, plan.manifest, manifest)
    return plan


def _specs(name: str, region: str) -> tuple[Job, Cluster, "Catalogue"]:
    try:
        job = load_job(name)
    except UnknownSpecError as error:
        raise JobUnknownError(str(error)) from error
    except SpecError as error:
        raise JobInvalidError(f"the deployed spec is wrong; correct it and deploy again: {error}") from error
    try:
        return job, load_cluster(job.cluster), load_catalogue(region)
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
    )


def _first_rung(decision: Decision, market: Market, subnets: Sequence[str]) -> Rung:
    return Rung(
        _FIRST_CHOICE,
        decision.shape,
        market,
        decision.shuffle_partitions,
        decision.estimate,
        decision.emitted,
        tuple(subnets),
    )


def _rung(rung: Rung, name: str) -> PlannedRung:
    return PlannedRung(
        why=rung.why,
        size=size_of(rung.shape, rung.shuffle_partitions, rung.emitted, rung.market),
        estimate=Estimated(minutes=rung.estimate.minutes, usd=rung.estimate.usd),
        cluster=cluster_request(name, rung.emitted, rung.subnets),
    )


def _receipt(decision: Decision, first: PlannedRung) -> list[str]:
    if first.why == _FIRST_CHOICE:
        return decision.receipt
    return [*decision.receipt, f"EC2 has lately been short of capacity for it; instead: {first.why}."]


def _steps(job: Job, uri: S3Uri, run: str, settings: Settings) -> list[PlannedStep]:
    values = {"data_bucket": settings.data_bucket, "input": str(uri), "run_id": run}
    code = f"s3://{settings.code_bucket}/{code_prefix(job.name)}"
    submit = ["spark-submit", "--deploy-mode", "cluster"]
    steps = []
    for step in job.steps:
        args = [*submit, f"{code}{step.script}", *(substitute(arg, values) for arg in step.args)]
        characters = len(_RUNNER) + sum(map(len, args))
        if characters > MAX_STEP_CHARACTERS:
            raise StepTooLongError(
                f"the arguments of step {step.name!r} have {characters:,} characters; EMR takes {MAX_STEP_CHARACTERS:,}"
                "; put long values in a file in S3 and pass its address"
            )
        steps.append(PlannedStep(name=step.name, args=args))
    return steps


def _check_size(plan: Plan) -> None:
    size = len(json.dumps(plan.as_document(), ensure_ascii=False).encode())
    if size > MAX_PLAN_BYTES:
        raise PlanTooLargeError(
            f"the plan has {size:,} bytes; at most {MAX_PLAN_BYTES:,} can be passed on; "
            "shorten the steps' arguments or the cluster's configurations"
        )
