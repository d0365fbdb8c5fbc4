"""Make the plan of a run: check, measure, size, freeze the manifest."""

import json
import re
from typing import TYPE_CHECKING

from lambdas.inputs.measure import Measurement, measure_input, open_manifest
from lambdas.inputs.request import MAX_DOCUMENT_BYTES, parse_request
from lambdas.inputs.uri import S3Uri
from lambdas.runs.errors import JobInvalidError, JobUnknownError, PlanTooLargeError, StepTooLongError
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import ClusterRequest, Estimated, Measured, Nodes, Plan, PlannedStep, Size
from lambdas.runs.store import put_manifest, run_folder
from lambdas.settings import Settings
from lambdas.sizing import Decision, decide_size
from lambdas.specs.cluster import Cluster
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

# Names of clusters may not hold these.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html
_NOT_IN_CLUSTER_NAMES = re.compile(r"[<>$|`]")
MAX_CLUSTER_NAME = 256


def make_plan(event: PlanEvent, settings: Settings, s3: "S3Client") -> Plan:
    """Plan a run and write its manifest.

    Parameters
    ----------
    event
        Job, execution, and the execution's input.
    settings
        The deployment.
    s3
        The client that lists the input and writes the manifest.

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
        folder = run_folder(settings.log_bucket, job.name, event.execution.name)
        plan = Plan(
            run=event.execution.name,
            job=job.name,
            input=str(uri),
            manifest=f"{folder}manifest.json",
            measured=_measured(measured),
            size=_size(decision, cluster),
            estimate=Estimated(minutes=decision.estimate.minutes, usd=decision.estimate.usd),
            receipt=decision.receipt,
            cluster=ClusterRequest(
                name=cluster_name(job.name, event.execution.name),
                instance_fleets=decision.instance_fleets,
                configurations=decision.configurations,
                managed_scaling_policy=decision.managed_scaling,
            ),
            steps=_steps(job, uri, event.execution.name, settings),
        )
        _check_size(plan)
        put_manifest(s3, plan.manifest, manifest)
    return plan


def cluster_name(job: str, run: str) -> str:
    """Return ``<job>-<run>`` as EMR takes it."""
    return _NOT_IN_CLUSTER_NAMES.sub("-", f"{job}-{run}")[:MAX_CLUSTER_NAME]


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


def _size(decision: Decision, cluster: Cluster) -> Size:
    shape = decision.shape
    worker = shape.instance_type.type
    return Size(
        primary=Nodes(instance_type=cluster.primary_type, count=1),
        core=Nodes(instance_type=worker, count=shape.core_nodes),
        task=Nodes(instance_type=worker, count=shape.task_nodes),
        workers=shape.workers,
        vcpus=shape.vcpus,
        yarn_memory_mib=shape.yarn_memory_mib,
        executors=shape.executors,
        executor_cores=shape.layout.cores,
        executor_memory_mib=shape.layout.heap_mib,
        shuffle_partitions=decision.shuffle_partitions,
    )


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
