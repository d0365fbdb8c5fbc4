"""``slow-lambda render``, ``package`` and ``publish``: what a deployment to AWS needs beside ``serverless.yml``."""

from typing import Annotated

import typer

from scripts import deployment
from scripts.rendering.jobs import render_jobs
from scripts.rendering.package import AWS, write_zip
from scripts.rendering.paths import BUILD, JOBS_TEMPLATE


def render() -> None:
    """Render specs and templates to build/: a definition per job, and the part serverless.yml includes."""
    for job in render_jobs():
        print(BUILD / "state_machines" / f"{job.name}.asl.json")
    print(JOBS_TEMPLATE)


def package() -> None:
    """Build the Lambda zip that serverless.yml deploys: Python 3.13 on Graviton."""
    print(write_zip(AWS))


def publish(stage: Annotated[str, typer.Option(help="The deployment to publish to.")] = "dev") -> None:
    """Upload the jobs' scripts to the code bucket of a deployment."""
    bucket = deployment.find(stage).code_bucket
    deployment.publish(bucket)
    print(f"s3://{bucket}/jobs/")
