"""``slow-lambda render`` and ``package``: what ``serverless.yml`` includes from ``build/``."""

import shutil

from scripts.rendering.jobs import render_jobs
from scripts.rendering.package import AWS
from scripts.rendering.package import package as build_package
from scripts.rendering.paths import BUILD, JOBS_TEMPLATE, LAMBDA_ZIP


def render() -> None:
    """Render specs and templates to build/: a definition per job, and the part serverless.yml includes."""
    for job in render_jobs():
        print(BUILD / "state_machines" / f"{job.name}.asl.json")
    print(JOBS_TEMPLATE)


def package() -> None:
    """Build the Lambda zip that serverless.yml deploys: Python 3.13 on Graviton."""
    shutil.copyfile(build_package(AWS), LAMBDA_ZIP)
    print(LAMBDA_ZIP)
