"""Record a run: what ran, what it cost, what failed, and what the next one can learn from it."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas import aws
from lambdas.history.entry import make_entry
from lambdas.history.event_log import read_applications
from lambdas.history.metrics import SparkMetrics
from lambdas.history.phases import Phases
from lambdas.history.store import put_history
from lambdas.runs.events import RecordEvent
from lambdas.runs.recording import make_record
from lambdas.runs.store import put_record, run_folder
from lambdas.settings import load_settings
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.load import load_catalogue, load_job

# infra/logs.yml makes the metrics CostUsd and IdleSeconds of these lines.
RECORDED = "run recorded"

logger = Logger(service="record_run")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"record", "status", "usd", "error", "cause"}``.

    Parameters
    ----------
    event
        ``{"job", "execution", "plan", "cluster_id", "failure"}``, the last three or null.
    context
        Not used.
    """
    asked = RecordEvent.model_validate(event)
    settings = load_settings()
    now = datetime.datetime.now(datetime.UTC)
    catalogue = load_catalogue(settings.region)
    spark = _read_event_logs(run_folder(settings.log_bucket, asked.job, asked.execution.name)) if asked.plan else []
    record = make_record(asked, aws.emr(), catalogue, now, spark)
    address = put_record(aws.s3(), aws.dynamodb(), settings.log_bucket, settings.run_table, record)
    entry = make_entry(record, _job_class(asked.job), catalogue)
    if entry:
        put_history(aws.dynamodb(), settings.run_table, entry)
    about = {"job": record.job, "run": record.run, "stage": settings.stage, "status": record.status}
    figures = {"usd": record.cost.total, "idle_seconds": _idle_seconds(record.phases)}
    logger.info(RECORDED, extra={**about, **figures, "record": address, "error": record.error})
    return {
        "record": address,
        "status": record.status,
        "usd": record.cost.total,
        "error": record.error,
        "cause": record.cause,
    }


def _idle_seconds(phases: Phases) -> float:
    """Return how long the last cluster was ready or ending and no step ran."""
    return sum(filter(None, (phases.waiting_seconds, phases.gap_seconds, phases.tail_seconds)))


def _read_event_logs(folder: str) -> list[SparkMetrics]:
    """Read what Spark did; a run is recorded without it rather than not at all."""
    try:
        return read_applications(aws.s3(), folder)
    except (BotoCoreError, ClientError) as error:
        logger.warning("event logs not read", extra={"folder": folder, "reason": str(error)})
        return []


def _job_class(job: str) -> str | None:
    """Return the class the job's spec names; a job may be gone by the time its run is recorded."""
    try:
        return load_job(job).job_class
    except (SpecError, UnknownSpecError):
        return None
