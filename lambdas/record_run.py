"""Record a run: what ran, what it cost, what failed."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.runs.events import RecordEvent
from lambdas.runs.recording import make_record
from lambdas.runs.store import put_record
from lambdas.settings import load_settings
from lambdas.specs.load import load_catalogue

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
    record = make_record(asked, aws.emr(), load_catalogue(settings.region), now)
    address = put_record(aws.s3(), aws.dynamodb(), settings.log_bucket, settings.run_table, record)
    about = {"job": record.job, "run": record.run, "status": record.status, "usd": record.cost.total}
    logger.info("recorded", extra={**about, "record": address, "error": record.error})
    return {
        "record": address,
        "status": record.status,
        "usd": record.cost.total,
        "error": record.error,
        "cause": record.cause,
    }
