"""Start a run for what the queue of starts holds: once for every version of an input."""

import datetime
import json
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas import aws
from lambdas.inputs.errors import RejectionError
from lambdas.settings import Settings, load_settings
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.job import Job
from lambdas.specs.load import load_job
from lambdas.starts.decide import Later, Nothing, decide
from lambdas.starts.gather import Gatherer
from lambdas.starts.message import StartMessage, StartMessageError, parse_message
from lambdas.starts.send import send
from lambdas.starts.start import start_execution

# What keeps a message from being answered; it comes back, and after five times it goes to the rejected events.
_FAILURES = (BotoCoreError, ClientError, RejectionError, SpecError, StartMessageError, UnknownSpecError)

logger = Logger(service="start_runs")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer the messages that could not be dealt with, as Lambda wants it of a queue.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    Parameters
    ----------
    event
        ``{"Records": [{"messageId", "body"}]}``; the bodies as ``lambdas.starts.message`` has them.
    context
        Not used.
    """
    settings = load_settings()
    now = datetime.datetime.now(datetime.UTC)
    gatherer = Gatherer(settings, aws.dynamodb(), aws.s3(), aws.sqs(), aws.stepfunctions(), now)
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    failed = [each for each, body in bodies.items() if not _is_done(body, settings, gatherer, now)]
    # Once for all messages: what they added may have filled batches.
    failed += [each for each, body in bodies.items() if each not in failed and not _are_closed(body, gatherer)]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _is_done(body: str, settings: Settings, gatherer: Gatherer, now: datetime.datetime) -> bool:
    try:
        message = parse_message(body)
        job = load_job(message.job)
        if not gatherer.takes(message, job):
            _start(message, job, settings, now)
    except _FAILURES as error:
        logger.exception("not started", extra={"body": body, "reason": str(error)})
        return False
    return True


def _are_closed(body: str, gatherer: Gatherer) -> bool:
    try:
        gatherer.close(parse_message(body))
    except _FAILURES as error:
        logger.exception("batch not closed", extra={"body": body, "reason": str(error)})
        return False
    return True


def _start(message: StartMessage, job: Job, settings: Settings, now: datetime.datetime) -> None:
    decided = decide(message, job, settings.data_bucket, aws.s3(), now)
    about = {"job": job.name, "looks": message.looks}
    if isinstance(decided, Later):
        send(aws.sqs(), settings.start_queue_url, message.again(), decided.seconds)
        logger.info("data not there yet", extra={**about, "seconds": decided.seconds})
        return
    if isinstance(decided, Nothing):
        logger.info("nothing to start", extra={**about, "reason": decided.why})
        return
    is_new = start_execution(aws.stepfunctions(), settings, job.name, decided.name, json.dumps(decided.document))
    logger.info("started" if is_new else "was started before", extra={**about, "run": decided.name})
