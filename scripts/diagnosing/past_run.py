"""Look at a run that is over, or still failing, from outside: its execution, its record, its cluster and logs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.runs.deciding import DiagnosisRecord, diagnosis_record, explain_findings
from lambdas.runs.diagnosing import examine
from lambdas.runs.events import DiagnoseEvent, Execution, StateFailure
from lambdas.runs.plan import Attempt, Plan
from scripts.deployment import Deployment
from scripts.ledger.executions import describe_execution, execution_events
from scripts.ledger.find import find_entry
from scripts.ledger.record import record_of

# The events by which a task says that it failed, and where each keeps Error and Cause.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
_FAILURES = {
    "TaskFailed": "taskFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
    "TaskSubmitFailed": "taskSubmitFailedEventDetails",
    "TaskStartFailed": "taskStartFailedEventDetails",
}
_CLUSTER_STATES = ("Create cluster", "Run step ", "Terminate cluster")


@dataclass(frozen=True)
class PastRun:
    """What is known of a run.

    Attributes
    ----------
    execution
        The answer of DescribeExecution; what the ledger has of it where Step Functions has forgotten it.
    record
        The run's record, or ``None`` when it was stopped before one was written.
    """

    job: str
    execution: dict[str, Any]
    record: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The run's name."""
        return str(self.execution["name"])

    @property
    def earlier(self) -> list[Attempt]:
        """The attempts before the last one."""
        plan = (self.record or {}).get("plan") or {}
        return [Attempt.model_validate(attempt) for attempt in plan.get("earlier", [])]


@dataclass(frozen=True)
class Shown:
    """A diagnosis with the words for it."""

    error: str
    cause: str
    diagnosis: DiagnosisRecord | None


def find_run(deployed: Deployment, run: str, job: str | None = None) -> PastRun:
    """Find a run, as ``scripts.ledger.find.find`` does, with its execution and its record.

    Parameters
    ----------
    deployed
        Where to look.
    run
        The name, or the beginning of it; the execution's ARN; ``@last`` or ``@last-failed``.
    job
        Whose runs are meant; of all deployed jobs if ``None``.
    """
    entry = find_entry(deployed, run, job)
    return PastRun(entry.job, describe_execution(entry.execution) or _as_execution(entry), record_of(entry))


def diagnose_run(past: PastRun) -> Shown:
    """Say why a run failed, from what EMR and the logs show now; from its record when EMR has forgotten the cluster."""
    record = past.record or {}
    plan = Plan.model_validate(record["plan"]) if record.get("plan") else None
    execution = Execution(id=past.execution["executionArn"], name=past.name, started=past.execution["startDate"])
    failure = last_failure(past.execution["executionArn"])
    if failure is None:
        return _as_recorded(past)
    event = DiagnoseEvent(
        job=past.job, execution=execution, plan=plan, cluster_id=record.get("cluster_id"), failure=failure
    )
    try:
        found = examine(event, aws.emr(), aws.s3())
    except ClientError as error:
        # EMR keeps what it knows of an ended cluster for two months.
        # https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-clusters.html
        if record and error.response["Error"]["Code"] == "InvalidRequestException":
            return _as_recorded(past)
        raise
    explained = explain_findings(event, found)
    return Shown(explained.error, explained.cause, diagnosis_record(found))


def last_failure(arn: str) -> StateFailure | None:
    """Return the last failure of a state that has to do with a cluster, as the execution's history has it."""
    found = None
    state = ""
    for event in execution_events(arn):
        if "stateEnteredEventDetails" in event:
            state = event["stateEnteredEventDetails"]["name"]
        details: Mapping[str, Any] = event.get(_FAILURES.get(event["type"], ""), {})
        if event["type"] in _FAILURES and state.startswith(_CLUSTER_STATES):
            error = details.get("error", "States.Timeout" if event["type"] == "TaskTimedOut" else "")
            found = StateFailure(state, error, details.get("cause", ""))
    return found


def _as_execution(entry: LedgerEntry) -> dict[str, Any]:
    known = {
        "executionArn": entry.execution,
        "name": entry.run,
        "status": entry.status,
        "startDate": entry.started,
        "stopDate": entry.ended,
        "error": entry.error,
        "cause": entry.cause,
    }
    return {name: value for name, value in known.items() if value is not None}


def _as_recorded(past: PastRun) -> Shown:
    record = past.record or {}
    kept = record.get("diagnosis")
    error = record.get("error") or past.execution.get("error") or past.execution["status"]
    cause = record.get("cause") or past.execution.get("cause") or "No state of it failed."
    return Shown(error, cause, DiagnosisRecord.model_validate(kept) if kept else None)
