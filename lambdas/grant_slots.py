"""Let no more runs of a job have a cluster at a time than its spec allows, and the others wait their turn."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from lambdas import aws
from lambdas.settings import Settings, load_settings
from lambdas.slots.entries import SlotsError
from lambdas.slots.events import Ended, Sweep, Take, parse_event
from lambdas.slots.executions import StepFunctions
from lambdas.slots.queue import Queue
from lambdas.slots.store import SlotTable
from lambdas.specs.load import job_names, load_job

_FAILURES = (BotoCoreError, ClientError, SlotsError)

logger = Logger(service="grant_slots")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"granted": [names of the executions that got a slot]}``.

    Parameters
    ----------
    event
        See ``lambdas.slots.events.parse_event``.
    context
        Not used.

    Raises
    ------
    SlotsError
        A call failed: nothing is lost, and the caller's retry or the next sweep goes on where it stopped.
    """
    settings = load_settings()
    asked = parse_event(event, settings.machine_prefix)
    try:
        match asked:
            case Take():
                granted = _take(asked, _queue(asked.job, settings))
            case Ended():
                queue = _queue(asked.job, settings)
                queue.release(asked.execution)
                granted = queue.advance()
            case Sweep():
                granted = _sweep(settings)
    except (BotoCoreError, ClientError) as error:
        raise SlotsError(
            f"a call failed while slots were given, so somebody may wait until the next: {error}"
        ) from error
    if granted:
        logger.info("slots granted", extra={"executions": granted})
    return {"granted": granted}


def _queue(job: str, settings: Settings) -> Queue:
    now = datetime.datetime.now(datetime.UTC)
    return Queue(
        SlotTable(aws.dynamodb(), settings.start_table, job),
        StepFunctions(aws.stepfunctions(), now),
        load_job(job).limits.concurrent_runs,
    )


def _take(asked: Take, queue: Queue) -> list[str]:
    """Write the ticket, then see whose turn it is: once it is written, no failure may end the run that waits."""
    queue.take(asked.execution, asked.token)
    try:
        return queue.advance()
    except _FAILURES as error:
        logger.warning("waits for the next sweep", extra={"execution": asked.execution.id, "reason": str(error)})
        return []


def _sweep(settings: Settings) -> list[str]:
    """Look through every job's queue, also of those whose limit was taken away while runs were waiting."""
    granted: list[str] = []
    problems: list[str] = []
    for job in job_names():
        queue = _queue(job, settings)
        try:
            queue.release_dead()
            granted += queue.advance()
        except _FAILURES as error:
            problems.append(f"{job}: {error}")
    if problems:
        raise SlotsError(
            f"the queues of {len(problems)} jobs could not be looked through; the others were, and another attempt "
            f"does no harm. {'; '.join(problems)}"
        )
    return granted
