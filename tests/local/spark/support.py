"""How the tests drive a runner, and what its steps left in S3."""

import gzip
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.local.emr.runner import StepOutcome
from scripts.local.spark.runner import SparkRunner
from scripts.rendering.paths import BUILD

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLASS_DATA = BUILD / "class-data"
JOBS = Path(__file__).parent / "jobs"
CLUSTER: dict[str, Any] = {
    "Id": "j-TEST",
    "LogUri": "s3://log/emr/",
    "ReleaseLabel": "emr-7.14.0",
    "Configurations": [
        {
            "Classification": "spark-defaults",
            "Properties": {"spark.executor.memory": "90g", "spark.sql.session.timeZone": "UTC"},
        }
    ],
}


def a_step(step_id: str, *args: str) -> dict[str, Any]:
    return {
        "Id": step_id,
        "Name": step_id,
        "Config": {"Jar": "command-runner.jar", "Properties": {}, "Args": ["spark-submit", *args]},
    }


def begin(runner: SparkRunner, step: dict[str, Any], cluster: dict[str, Any] = CLUSTER) -> Callable[[], StepOutcome]:
    """Start a step; what is returned waits for its outcome."""
    outcomes: list[StepOutcome] = []
    ended = threading.Event()

    def done(outcome: StepOutcome) -> None:
        outcomes.append(outcome)
        ended.set()

    def outcome() -> StepOutcome:
        assert ended.wait(300)
        return outcomes[0]

    runner.start(cluster, step, done)
    return outcome


def run(runner: SparkRunner, step: dict[str, Any], cluster: dict[str, Any] = CLUSTER) -> StepOutcome:
    return begin(runner, step, cluster)()


def log_of(s3: "S3Client", step_id: str, name: str) -> str:
    body = s3.get_object(Bucket="log", Key=f"emr/j-TEST/steps/{step_id}/{name}.gz")["Body"].read()
    return gzip.decompress(body).decode()


def keys(s3: "S3Client", bucket: str, prefix: str = "") -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [each["Key"] for page in pages for each in page.get("Contents", [])]
