"""Decide what to do about a failed attempt: wait for its logs, try again, take it as done, or fail with a reason."""

import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from lambdas.documents import part, text
from lambdas.failures.classes import FailureClass
from lambdas.failures.explain import Explanation, explain, explanation
from lambdas.failures.verdict import Verdict
from lambdas.logs.layout import cluster_logs
from lambdas.logs.read import LogFile, Logs
from lambdas.recovery.attempt import follow, next_attempt
from lambdas.recovery.shortage_store import put_shortages, recent_shortages
from lambdas.recovery.shortages import Shortage, shortages_of
from lambdas.runs.diagnosing import STEP_STATE, Findings, examine
from lambdas.runs.events import DiagnoseEvent, StateFailure
from lambdas.runs.plan import Attempt, Plan
from lambdas.scaling.managed import within
from lambdas.specs.load import load_catalogue, load_cluster, load_job, load_scaling

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_s3 import S3Client

    from lambdas.settings import Settings

# EMR ships logs about every five minutes and when a cluster ends; the machine looks once a minute.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html
MAX_LOOKS = 7

Outcome = Literal["wait", "retry", "succeeded", "failed"]


class DiagnosisRecord(BaseModel):
    """A diagnosis as answers and records hold it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    failure_class: str
    action: str
    confidence: float
    evidence: list[str]
    cluster_id: str | None
    step_id: str | None
    log: str | None


class Decision(BaseModel):
    """What is to be done; ``plan`` is that of the next attempt when the outcome is ``retry``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome
    failure: StateFailure
    diagnosis: DiagnosisRecord | None = None
    plan: Plan | None = None


def decide(
    event: DiagnoseEvent,
    settings: "Settings",
    emr: "EMRClient",
    s3: "S3Client",
    dynamodb: "DynamoDBClient",
    now: datetime.datetime,
) -> Decision:
    """Decide about a failed attempt.

    A run is only tried again when the cluster of the attempt is ending; what cannot be ended must fail loudly, so that
    the nets outside the machine take over.
    """
    found = examine(event, emr, s3)
    if found.verdict is Verdict.SUCCEEDED and found.is_ending:
        return Decision(outcome="succeeded", failure=event.failure)
    if not found.logs.has_arrived and event.looks < MAX_LOOKS:
        return Decision(outcome="wait", failure=event.failure)
    shortages = _remember(event, found, settings, dynamodb, now)
    again = _again(event, found, settings, shortages) if found.is_ending else None
    explained = explain_findings(event, found)
    return Decision(
        outcome="retry" if again else "failed",
        failure=StateFailure(_failed_state(event, found), explained.error, explained.cause),
        diagnosis=diagnosis_record(found),
        plan=again,
    )


def diagnosis_record(found: Findings) -> DiagnosisRecord:
    """Return findings as answers and records hold them."""
    log = telling_file(found.logs, found.diagnosis.evidence)
    return DiagnosisRecord(
        failure_class=found.diagnosis.failure_class.value,
        action=found.diagnosis.action.value,
        confidence=found.diagnosis.confidence,
        evidence=list(found.diagnosis.evidence),
        cluster_id=found.cluster_id,
        step_id=str(found.step["Id"]) if found.step else None,
        log=log.address if log else None,
    )


def telling_file(logs: Logs, evidence: tuple[str, ...]) -> LogFile | None:
    """Return the file that has the evidence, or else the one most likely to say more."""
    with_evidence = [file for file in logs.files if any(line.strip()[:80] in file.tail for line in evidence)]
    return next(iter((with_evidence or list(logs.files))[-1:]), None)


def _remember(
    event: DiagnoseEvent,
    found: Findings,
    settings: "Settings",
    dynamodb: "DynamoDBClient",
    now: datetime.datetime,
) -> list[Shortage]:
    if found.diagnosis.failure_class is not FailureClass.CAPACITY_SHORTAGE or event.plan is None:
        return []
    put_shortages(dynamodb, settings.run_table, shortages_of(event.plan.cluster, found.cluster), now)
    return recent_shortages(dynamodb, settings.run_table, now)


def _again(event: DiagnoseEvent, found: Findings, settings: "Settings", shortages: list[Shortage]) -> Plan | None:
    plan = event.plan
    if plan is None:
        return None
    job = load_job(plan.job)
    cluster, scaling = load_cluster(job.cluster), within(load_scaling(job.scaling), job.limits.max_nodes)
    following = next_attempt(plan, found.diagnosis, cluster, load_catalogue(settings.region), shortages, scaling)
    if following is None:
        return None
    changed, change = following
    attempt = Attempt(
        number=plan.attempt,
        cluster_id=found.cluster_id,
        failed_state=_failed_state(event, found),
        failure_class=found.diagnosis.failure_class.value,
        action=found.diagnosis.action.value,
        change=change,
    )
    return follow(changed, attempt, found.completed)


def _failed_state(event: DiagnoseEvent, found: Findings) -> str:
    """Return the state to blame: the machine may have been in another one, waiting for a later step."""
    return f"{STEP_STATE}{found.step['Name']}" if found.step else event.failure.state


def explain_findings(event: DiagnoseEvent, found: Findings) -> Explanation:
    """Say what was found, as Error and Cause of an execution that fails."""
    if not found.is_ending and found.verdict is Verdict.SUCCEEDED:
        return explanation(
            "TerminateFailed",
            f"All steps were completed, but the cluster {found.cluster_id} could not be ended: {event.failure.cause}",
            "reap_clusters ends it after this execution; look at it in the EMR console if it still runs in an hour.",
        )
    log = telling_file(found.logs, found.diagnosis.evidence)
    return explain(
        found.diagnosis.failure_class,
        _where(event, found),
        evidence=found.diagnosis.evidence,
        log_tail=log.tail if log else "",
        log_address=log.address if log else _log_address(found),
        notes=_notes(event, found),
        run=event.execution.name,
    )


def _log_address(found: Findings) -> str | None:
    """Return where EMR says that the log is, else the folder of the cluster's logs."""
    named = text(part(part(found.step, "Status"), "FailureDetails"), "LogFile")
    if named:
        return named
    folder = cluster_logs(text(found.cluster, "LogUri"), found.cluster_id) if found.cluster_id else None
    return str(folder) if folder else None


def _where(event: DiagnoseEvent, found: Findings) -> str:
    what = f"step {found.step['Name']!r}" if found.step else f"the state {event.failure.state!r}"
    cluster = f", cluster {found.cluster_id}" if found.cluster_id else ""
    attempt = f", attempt {event.plan.attempt} of at most {event.plan.attempts}" if event.plan else ""
    return f"{what}{cluster}{attempt}."


def _notes(event: DiagnoseEvent, found: Findings) -> list[str]:
    notes = []
    if not found.is_ending:
        notes.append(
            f"The cluster {found.cluster_id} could not be ended here; reap_clusters does it after this execution."
        )
    notes += [
        f"Attempt {attempt.number}: {attempt.failure_class.replace('_', ' ')} in {attempt.failed_state!r}; "
        f"then tried: {attempt.change}."
        for attempt in (event.plan.earlier if event.plan else ())
    ]
    if not found.logs.has_arrived:
        notes.append("EMR has not shipped all logs yet; 'slow-lambda diagnose' looks again.")
    return notes
