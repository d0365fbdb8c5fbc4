"""What an execution's history tells of a run, where the machine could not record it, or there was no ledger yet.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import ValidationError

from lambdas.clusters.find import cluster_in_cause
from lambdas.documents import parse_object, part, text
from lambdas.ledger.entry import COMPLETED, PENDING, LedgerEntry, LedgerStep, RunStatus
from lambdas.ledger.open import entry_fields
from lambdas.ledger.states import states_of
from lambdas.ledger.steps import merged, with_run
from lambdas.runs.events import Execution, PlanEvent, StateFailure
from lambdas.runs.plan import Plan
from lambdas.runs.record import StateRun

UNKNOWN = "UNKNOWN"
"""The state of a step of which the history does not tell how it ended."""

_ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})
_CREATE = "createCluster"
_DETAILS = (
    *("taskScheduledEventDetails", "taskSubmittedEventDetails", "taskSucceededEventDetails"),
    *("taskFailedEventDetails", "taskTimedOutEventDetails"),
)


@dataclass
class PastRun:
    """What became of a run.

    Attributes
    ----------
    execution
        What DescribeExecution shows.
    states
        What it went through.
    last
        When the history's last event was.
    asked
        What the Lambdas were asked last, under the names they were asked with: ``job``, ``definition``, ``failure``,
        ``diagnosis``; and what they answered.
    plan
        Of the last attempt, ``None`` without one or where it is of another version of this code.
    clusters, clusters_asked
        The ids of its clusters that the history knows, and how many it asked for.
    steps
        What it saw of steps, each with its cluster.
    """

    execution: Mapping[str, Any]
    states: list[StateRun] = field(default_factory=list)
    last: datetime.datetime | None = None
    asked: dict[str, Any] = field(default_factory=dict)
    plan: Plan | None = None
    clusters: list[str] = field(default_factory=list)
    clusters_asked: int = 0
    steps: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def job(self) -> str:
        """Whose run it is; the state machine's name where nothing says it."""
        machine: str = self.execution["stateMachineArn"]
        return text(self.asked, "job") or (self.plan.job if self.plan else machine.rpartition(":")[2])

    @property
    def status(self) -> RunStatus:
        """The execution's; one that waits to be redriven is not over."""
        status = self.execution["status"]
        return cast("RunStatus", status) if status in _ENDED else "RUNNING"

    @property
    def ended(self) -> datetime.datetime | None:
        """When it ended."""
        stopped: datetime.datetime | None = self.execution.get("stopDate")
        return None if self.status == "RUNNING" else stopped or self.last

    @property
    def failure(self) -> StateFailure | None:
        """Why it has not succeeded, as far as the execution knows."""
        if self.status in {"RUNNING", "SUCCEEDED"}:
            return None
        known = part(self.asked, "failure")
        left = [state.name for state in self.states if state.outcome in {"FAILED", "TIMED_OUT", "ABORTED"}]
        state = text(known, "state") or (left[-1] if left else "")
        error = text(self.execution, "error") or text(known, "error") or _ERRORS[self.status]
        cause = text(self.execution, "cause") or text(known, "cause") or _CAUSES[self.status].format(state)
        return StateFailure(state, error, cause)

    def begun(self) -> PlanEvent:
        """Return what ``plan_run`` was asked, or would have been."""
        execution = self.execution
        started = execution["startDate"].astimezone(datetime.UTC)
        about = Execution(id=execution["executionArn"], name=execution["name"], started=started)
        return PlanEvent(
            job=self.job,
            execution=about,
            input=json.loads(execution.get("input") or "{}"),
            definition=text(self.asked, "definition") or None,
        )


_ERRORS = {"FAILED": "Failed", "TIMED_OUT": "States.Timeout", "ABORTED": "Aborted"}
_CAUSES = {
    "FAILED": "The execution failed in {!r} and did not say why.",
    "TIMED_OUT": "The execution took longer than its TimeoutSeconds, and ended in {!r}.",
    "ABORTED": "Somebody stopped the execution while it was in {!r}.",
}


def read_history(execution: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> PastRun:
    """Read what an execution's history tells of its run.

    Parameters
    ----------
    execution
        DescribeExecution's answer.
    events
        Of GetExecutionHistory with their data, oldest first.
    """
    history, past = list(events), PastRun(execution)
    past.states = states_of(history)
    past.last = history[-1]["timestamp"].astimezone(datetime.UTC) if history else None
    for event in history:
        for name in _DETAILS:
            if name in event:
                _read_task(past, event["type"], part(event, name))
    return past


def entry_from_history(execution: Mapping[str, Any], events: Iterable[Mapping[str, Any]]) -> LedgerEntry:
    """Rebuild the entry of a run for which the ledger has none; see ``read_history`` for the parameters.

    Nothing proves its steps; the state of one of which the history does not tell is ``UNKNOWN``.
    """
    past = read_history(execution, events)
    failure, diagnosis = past.failure, part(past.asked, "diagnosis")
    fields = entry_fields(past.plan, past.begun())
    ended = {
        "status": past.status,
        "ended": past.ended,
        "cluster_ids": tuple(past.clusters),
        "steps": _steps(past, fields.get("steps", [])),
        "failure_class": text(diagnosis, "failure_class") or None,
        "failed_state": failure.state if failure else None,
        "error": failure.error if failure else None,
        "cause": failure.cause if failure else None,
        "record": text(past.asked, "record") or None,
        "usd": past.asked.get("usd"),
    }
    about = {"job": past.job, "run": execution["name"]}
    return LedgerEntry.model_validate({**about, **fields, **ended})


def _steps(past: PastRun, planned: Iterable[LedgerStep]) -> list[LedgerStep]:
    steps = {step.name: step for step in planned}
    seen = [with_run(steps[step["Name"]], cluster, step) for cluster, step in past.steps if step["Name"] in steps]
    steps |= {step.name: step for step in merged(steps.values(), seen)}
    completed = set(past.plan.done if past.plan else ()) | (set(steps) if past.status == "SUCCEEDED" else set())
    rest = {True: COMPLETED, False: PENDING if past.status == "RUNNING" else UNKNOWN}
    return [
        step if step.state != PENDING else step.model_copy(update={"state": rest[step.name in completed]})
        for step in steps.values()
    ]


def _read_task(past: PastRun, kind: str, details: Mapping[str, Any]) -> None:
    found = parse_object(text(details, "parameters") or text(details, "output") or text(details, "cause"))
    _take(past, part(found, "Payload"))
    # The local cloud names the resource in full.
    if text(details, "resource").rpartition(":")[2].startswith(_CREATE):
        past.clusters_asked += kind == "TaskScheduled"
        cluster = text(found, "ClusterId") or cluster_in_cause(text(details, "cause"))
        if cluster and cluster not in past.clusters:
            past.clusters.append(cluster)
    step = part(found, "Step")
    if text(step, "Id") and past.clusters:
        past.steps.append((past.clusters[-1], step))


def _take(past: PastRun, payload: Mapping[str, Any]) -> None:
    if payload.get("outcome") == "retry":
        past.asked |= {"failure": None, "diagnosis": None}
        _take_plan(past, payload)
        return
    past.asked |= {name: value for name, value in payload.items() if value is not None}
    _take_plan(past, payload)


def _take_plan(past: PastRun, payload: Mapping[str, Any]) -> None:
    if part(payload, "plan"):
        try:
            past.plan = Plan.model_validate(payload["plan"])
        except ValidationError:
            past.plan = None
