"""The end of a run: its record, its entry in the ledger, and what sizing learns from it."""

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.failures.classes import FailureClass
from lambdas.history.entry import make_entry
from lambdas.history.event_log import read_applications
from lambdas.history.metrics import SparkMetrics
from lambdas.history.store import put_history
from lambdas.ledger.entry import LedgerStep
from lambdas.ledger.open import entry_fields, planned_steps, size_in_words
from lambdas.ledger.states import states_of
from lambdas.ledger.steps import merged, proven, with_run
from lambdas.ledger.store import EntryTornError, read_entry, write_entry
from lambdas.runs.diagnosing import list_steps
from lambdas.runs.events import PlanEvent, RecordEvent
from lambdas.runs.record import RunRecord, StateRun, Status
from lambdas.runs.recording import make_record
from lambdas.runs.store import put_record, run_folder
from lambdas.settings import Settings
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.load import load_catalogue, load_job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

# What a run that nobody diagnosed died of.
_CLASSES = {"ABORTED": FailureClass.CANCELLED_OR_KILLED, "TIMED_OUT": FailureClass.TIMEOUT}

Warn = Callable[[str, str], None]


@dataclass(frozen=True)
class Clients:
    """What is read and written with."""

    s3: "S3Client"
    dynamodb: "DynamoDBClient"
    emr: "EMRClient"
    stepfunctions: "SFNClient"


@dataclass(frozen=True)
class Recorded:
    """A record, and where it lies."""

    record: RunRecord
    address: str


def end_run(
    event: RecordEvent,
    settings: Settings,
    clients: Clients,
    now: datetime.datetime,
    warn: Warn,
    status: Status = "FAILED",
    states: Sequence[StateRun] | None = None,
) -> Recorded:
    """Record a run and close its entry.

    A run is recorded without its states, Spark's event logs or the proof of what its steps wrote rather than not at
    all.

    Parameters
    ----------
    event
        What is known of the run.
    settings, clients
        The deployment, and its clients.
    now
        With a time zone.
    warn
        Gets what is left out, and why.
    status
        Of a run that did not succeed.
    states
        What its execution went through; read from its history when ``None``.
    """
    catalogue = load_catalogue(settings.region)
    if states is None:
        states = _states(clients.stepfunctions, event.execution.id, warn)
    folder = run_folder(settings.log_bucket, event.job, event.execution.name)
    spark = _spark(clients.s3, folder, warn) if event.plan else []
    record = make_record(event, clients.emr, catalogue, now, spark, states, status)
    address = put_record(clients.s3, settings.log_bucket, record)
    _close(event, record, address, settings, clients, warn)
    learned = make_entry(record, _job_class(event.job), catalogue)
    if learned:
        put_history(clients.dynamodb, settings.run_table, learned)
    return Recorded(record, address)


def _close(
    event: RecordEvent, record: RunRecord, address: str, settings: Settings, clients: Clients, warn: Warn
) -> None:
    run, table = event.execution.name, settings.run_table
    try:
        entry = read_entry(clients.dynamodb, table, event.job, run)
    except EntryTornError as error:
        warn("entry written anew", str(error))
        entry = None
    begun = {} if entry else _begun(event, clients.stepfunctions, warn)
    known = entry.steps if entry else begun.pop("steps", ())
    if event.plan and not known:
        known = planned_steps(event.plan)
    changed = merged(known, _found(known, record, clients.emr))
    diagnosed = (record.diagnosis or {}).get("failure_class")
    last = {"size": size_in_words(event.plan.size), "vcpus": event.plan.size.vcpus} if event.plan else {}
    fields = {
        **last,
        "status": record.status,
        "ended": record.ended,
        "usd": record.cost.total,
        "record": address,
        "error": record.error,
        "cause": record.cause,
        "failure_class": diagnosed or _CLASSES.get(record.status),
        "failed_state": record.failed_state,
        "cluster_ids": record.cluster_ids,
        "steps": _proven(changed if entry else [*known, *changed], event, settings, clients.s3, warn),
    }
    write_entry(clients.dynamodb, table, event.job, run, {**begun, **fields})


def _begun(event: RecordEvent, stepfunctions: "SFNClient", warn: Warn) -> dict[str, Any]:
    """Return the beginning of an entry that ``plan_run`` has not written: it crashed, or there was no ledger yet."""
    document: Any = None
    try:
        document = json.loads(stepfunctions.describe_execution(executionArn=event.execution.id).get("input", "null"))
    except (BotoCoreError, ClientError, ValueError) as error:
        warn("input not read", str(error))
    return entry_fields(event.plan, PlanEvent(job=event.job, execution=event.execution, input=document))


def _found(known: Sequence[LedgerStep], record: RunRecord, emr: "EMRClient") -> list[LedgerStep]:
    """Return the steps that the clusters of all attempts have run, those of the last cluster last."""
    steps = {step.name: step for step in known}
    earlier = [cluster for cluster in record.cluster_ids if cluster != record.cluster_id]
    found = [
        with_run(steps[step["Name"]], cluster, step)
        for cluster in earlier
        for step in list_steps(emr, cluster)
        if step["Name"] in steps
    ]
    return [*found, *_of_last(steps, record)]


def _of_last(steps: dict[str, LedgerStep], record: RunRecord) -> list[LedgerStep]:
    if record.cluster_id is None:
        return []
    shown = (
        (step.name, {"Id": step.id, "Status": {"State": step.state, "Timeline": _timeline(step.started, step.ended)}})
        for step in record.steps
    )
    return [with_run(steps[name], record.cluster_id, step) for name, step in shown if name in steps]


def _timeline(started: datetime.datetime | None, ended: datetime.datetime | None) -> dict[str, Any]:
    return {"StartDateTime": started, "EndDateTime": ended}


def _proven(
    steps: Sequence[LedgerStep], event: RecordEvent, settings: Settings, s3: "S3Client", warn: Warn
) -> list[LedgerStep]:
    done = []
    for step in {step.name: step for step in steps}.values():
        try:
            found, unproven = proven(s3, settings.log_bucket, event.job, event.execution.name, step)
        except (BotoCoreError, ClientError) as error:
            found, unproven = step, str(error)
        if unproven:
            warn(f"outputs of {step.name} not on record", unproven)
        done.append(found)
    return done


def _states(stepfunctions: "SFNClient", execution: str, warn: Warn) -> list[StateRun]:
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution, includeExecutionData=False
    )
    try:
        return states_of(event for page in pages for event in page["events"])
    except (BotoCoreError, ClientError, ValueError) as error:
        warn("states not read", str(error))
        return []


def _spark(s3: "S3Client", folder: str, warn: Warn) -> list[SparkMetrics]:
    try:
        return read_applications(s3, folder)
    except (BotoCoreError, ClientError) as error:
        warn("event logs not read", str(error))
        return []


def _job_class(job: str) -> str | None:
    """Return the class the job's spec names; a job may be gone by the time its run is recorded."""
    try:
        return load_job(job).job_class
    except (SpecError, UnknownSpecError):
        return None
