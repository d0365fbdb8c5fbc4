"""Diagnose a failed attempt: why it failed, and whether and how it is worth another."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.runs.deciding import decide
from lambdas.runs.events import DiagnoseEvent
from lambdas.settings import load_settings

logger = Logger(service="diagnose_failure")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"outcome": "wait" | "retry" | "succeeded" | "failed", "failure", "diagnosis", "plan"}``.

    Parameters
    ----------
    event
        ``{"job", "execution", "plan", "cluster_id", "failure", "looks"}``.
    context
        Not used.
    """
    asked = DiagnoseEvent.model_validate(event)
    now = datetime.datetime.now(datetime.UTC)
    decision = decide(asked, load_settings(), aws.emr(), aws.s3(), aws.dynamodb(), now)
    about = decision.diagnosis.model_dump() if decision.diagnosis else {}
    logger.info("diagnosed", extra={"run": asked.execution.name, "outcome": decision.outcome, **about})
    return decision.model_dump(mode="json", by_alias=True)
