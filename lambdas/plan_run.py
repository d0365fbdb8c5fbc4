"""Plan a run: is the input good, how big is it, which cluster does it need, what will that cost."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.inputs.errors import InputChangedError, RejectionError
from lambdas.ledger.open import open_entry
from lambdas.replays.past import claim
from lambdas.runs.events import PlanEvent
from lambdas.runs.planning import make_plan
from lambdas.settings import Settings, load_settings
from lambdas.starts.message import StartMessage
from lambdas.starts.send import send

logger = Logger(service="plan_run")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"outcome": "planned", "plan"}`` or ``{"outcome": "rejected", "error", "cause"}``.

    Parameters
    ----------
    event
        ``{"job", "execution": {"id", "name", "started"}, "input"}``.
    context
        Not used.
    """
    asked = PlanEvent.model_validate(event)
    about = {"job": asked.job, "run": asked.execution.name}
    settings = load_settings()
    try:
        plan = make_plan(asked, settings, aws.s3(), aws.dynamodb(), datetime.datetime.now(datetime.UTC))
        claim(plan, aws.dynamodb(), settings.run_table)
    except RejectionError as rejection:
        if isinstance(rejection, InputChangedError):
            _ask_anew(asked, settings)
        open_entry(aws.dynamodb(), settings.run_table, None, asked)
        logger.warning("rejected", extra={**about, "error": rejection.error, "cause": str(rejection)})
        return {"outcome": "rejected", "error": rejection.error, "cause": str(rejection)}
    open_entry(aws.dynamodb(), settings.run_table, plan, asked)
    logger.info("planned", extra={**about, "receipt": plan.receipt})
    return {"outcome": "planned", "plan": plan.as_document()}


def _ask_anew(asked: PlanEvent, settings: Settings) -> None:
    send(aws.sqs(), settings.start_queue_url, StartMessage(job=asked.job, changed=asked.input))
