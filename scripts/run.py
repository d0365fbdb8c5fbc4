"""``slow-lambda run``: start a job by hand."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from lambdas import aws
from lambdas.inputs.request import parse_request
from lambdas.specs import load_job
from lambdas.specs.placeholders import DATA_BUCKET, substitute
from scripts import deployment
from scripts.watch import POLL_SECONDS, report_end
from scripts.watching.follow import Follower
from scripts.watching.timeline import show

STAGE = Annotated[str, typer.Option(help="The deployment to use.")]
FOLLOW = Annotated[bool, typer.Option("--watch/--no-watch", help="Stay and show the run's timeline.")]


def run(
    job: Annotated[str, typer.Argument(help="A folder of emr_specs/jobs.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", help="s3://bucket/prefix/, an object or a pattern; again for several. Else the job's own."
        ),
    ] = None,
    manifest: Annotated[str | None, typer.Option(help="An object in S3 that lists the input.")] = None,
    stage: STAGE = "dev",
    follow: FOLLOW = True,
) -> None:
    """Start a job and follow it; without --input on the job's own input."""
    document = _document(inputs or [], manifest)
    spec = load_job(job)
    deployed = deployment.find(stage)
    parse_request(document, substitute(spec.input, {DATA_BUCKET: deployed.data_bucket}))
    start(deployed, job, document, follow)


def _document(inputs: Sequence[str], manifest: str | None) -> dict[str, Any]:
    if inputs and manifest:
        raise typer.BadParameter("say either --input or --manifest")
    if manifest:
        return {"manifest": manifest}
    return {"input": list(inputs) if len(inputs) > 1 else inputs[0]} if inputs else {}


def start(deployed: deployment.Deployment, job: str, document: Any, follow: bool) -> None:
    """Start an execution of a job under a name of its own, and follow it if asked to."""
    machine = deployed.machine_arn(job)
    name = f"{job}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    arn = aws.stepfunctions().start_execution(stateMachineArn=machine, name=name, input=json.dumps(document))[
        "executionArn"
    ]
    print(arn)
    if follow:
        follower = Follower(arn, POLL_SECONDS)
        show(follower, Console())
        report_end(follower)
