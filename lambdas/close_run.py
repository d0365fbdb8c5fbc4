"""Close a run that its machine could not record: it was stopped, it timed out, or it failed before it came to that."""

import datetime
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.clusters.find import ANY_STATE, find_clusters
from lambdas.ledger.end import Clients, end_run
from lambdas.ledger.events import ExecutionEvent
from lambdas.ledger.from_history import PastRun, read_history
from lambdas.ledger.store import EntryTornError, read_entry
from lambdas.runs.events import RecordEvent
from lambdas.runs.record import Status
from lambdas.settings import Settings, load_settings

# infra/logs.yml makes the metric CostUsd of these lines.
CLOSED = "run closed"

logger = Logger(service="close_run")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"record": address}``; ``null`` for a run that is on record.

    Parameters
    ----------
    event
        Step Functions' event of an execution that failed, timed out or was aborted.
    context
        Not used.
    """
    asked, settings = ExecutionEvent.model_validate(event).detail, load_settings()
    job = asked.machine.removeprefix(settings.machine_prefix)
    if _is_on_record(job, asked.name, settings):
        return {"record": None}
    past = _history(asked.execution, asked.status)
    about = {"job": job, "run": asked.name, "stage": settings.stage}
    recorded = end_run(
        RecordEvent(
            job=job,
            execution=past.begun().execution,
            plan=past.plan,
            cluster_id=_last_cluster(past),
            failure=past.failure,
            diagnosis=past.asked.get("diagnosis"),
        ),
        settings,
        Clients(aws.s3(), aws.dynamodb(), aws.emr(), aws.stepfunctions()),
        past.ended or datetime.datetime.now(datetime.UTC),
        lambda what, why: logger.warning(what, extra={**about, "reason": why}),
        status=asked.status,
        states=past.states,
    )
    figures = {"status": asked.status, "usd": recorded.record.cost.total}
    logger.info(CLOSED, extra={**about, **figures, "record": recorded.address})
    return {"record": recorded.address}


def _is_on_record(job: str, run: str, settings: Settings) -> bool:
    try:
        entry = read_entry(aws.dynamodb(), settings.run_table, job, run)
    except EntryTornError:
        return False
    return entry is not None and entry.record is not None


def _history(execution: str, status: Status) -> PastRun:
    """Return what the execution's history tells; how it has ended, the event knows for certain."""
    sfn = aws.stepfunctions()
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
    events = [dict[str, Any](event) for page in pages for event in page["events"]]
    return read_history({**sfn.describe_execution(executionArn=execution), "status": status}, events)


def _last_cluster(past: PastRun) -> str | None:
    """Return the cluster of the last attempt; one that was still being made is known by its tag only."""
    earlier = {attempt.cluster_id for attempt in past.plan.earlier} if past.plan else set()
    known = [cluster for cluster in past.clusters if cluster not in earlier]
    if len(past.clusters) < past.clusters_asked:
        execution = past.begun().execution
        found = find_clusters(aws.emr(), execution.id, execution.started, ANY_STATE)
        known += [cluster.id for cluster in found if cluster.id not in {*earlier, *known}][:1]
    return known[-1] if known else None
