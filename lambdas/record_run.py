"""Record a run: what ran, what it cost, what failed, and what the next one can learn from it."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.history.phases import Phases
from lambdas.ledger.end import Clients, end_run
from lambdas.runs.events import RecordEvent
from lambdas.settings import load_settings

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
    settings, now = load_settings(), datetime.datetime.now(datetime.UTC)
    recorded = end_run(
        asked,
        settings,
        Clients(aws.s3(), aws.dynamodb(), aws.emr(), aws.stepfunctions()),
        now,
        lambda what, why: logger.warning(what, extra={"job": asked.job, "run": asked.execution.name, "reason": why}),
    )
    record, address = recorded.record, recorded.address
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
