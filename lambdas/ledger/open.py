"""The beginning of an entry, written when a run is planned or rejected."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas.ledger.entry import KEPT, PENDING, LedgerStep
from lambdas.ledger.store import put_entry, write_entry
from lambdas.ledger.trigger import trigger_of
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Nodes, Plan, Size
from lambdas.specs.errors import SpecError, UnknownSpecError
from lambdas.specs.load import load_job

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from lambdas.specs.triggers import Trigger


def open_entry(dynamodb: "DynamoDBClient", table: str, plan: Plan | None, event: PlanEvent) -> None:
    """Write that a run has begun, and in the entries of the run it replays and of the chain's first that it does so.

    Parameters
    ----------
    dynamodb, table
        The client and the run table.
    plan
        The run's; ``None`` for a run that is rejected, which ``record_run`` closes.
    event
        What ``plan_run`` was asked.
    """
    # Step Functions takes a name again after 90 days: nothing of the earlier run may stay.
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    put_entry(dynamodb, table, event.job, event.execution.name, entry_fields(plan, event))
    if plan and plan.replay:
        for replayed in sorted({plan.replay.run, plan.replay.origin}):
            added = {"replayed_by": [plan.run]}
            write_entry(dynamodb, table, event.job, replayed, added, only_existing=True)


def entry_fields(plan: Plan | None, event: PlanEvent) -> dict[str, Any]:
    """Return the fields of the entry of a run that has begun."""
    job, run, document = event.job, event.execution.name, event.input
    asked = document if isinstance(document, dict) else {}
    replays = asked.get("replay")
    begun = {
        "status": "RUNNING",
        "execution": event.execution.id,
        "started": event.execution.started,
        "document": document,
        "trigger": (plan and plan.trigger) or trigger_of(job, run, document, _triggers(job)),
        "definition": event.definition,
        "attempt": 1,
        "replays": replays if isinstance(replays, str) else None,
    }
    return {**begun, **(_planned(plan) if plan else {})}


def _planned(plan: Plan) -> dict[str, Any]:
    replay = plan.replay
    return {
        "input": plan.input,
        "version": plan.version,
        "manifest": plan.manifest,
        "code": plan.code,
        "attempt": replay.attempt if replay else 1,
        "origin": replay.origin if replay else None,
        "replays": replay.run if replay else None,
        "size": size_in_words(plan.size),
        "vcpus": plan.size.vcpus,
        "minutes": plan.estimate.minutes,
        "usd_estimated": plan.estimate.usd,
        "steps": planned_steps(plan),
    }


def planned_steps(plan: Plan) -> list[LedgerStep]:
    """Return the steps of a run before any of them has run: to be run, or kept."""
    kept = {step.name: step for step in plan.kept}
    steps = []
    for number, step in enumerate(plan.steps):
        known = kept.get(step.name)
        if known:
            steps.append(
                LedgerStep(
                    name=step.name,
                    number=number,
                    state=KEPT,
                    outputs=tuple(known.outputs),
                    manifest=known.manifest,
                    version=known.version,
                    run=known.run,
                )
            )
        else:
            steps.append(LedgerStep(name=step.name, number=number, state=PENDING, outputs=tuple(step.outputs)))
    return steps


def size_in_words(size: Size) -> str:
    """Return the nodes that work, such as ``1 core m7g.xlarge, 3 task m7g.xlarge (spot)``."""
    market = " (spot)" if size.task_market == "spot" else ""
    task = [f"{_nodes(size.task, 'task')}{market}"] if size.task.count else []
    return ", ".join([_nodes(size.core, "core"), *task])


def _nodes(nodes: Nodes, role: str) -> str:
    return f"{nodes.count} {role} {nodes.instance_type}"


def _triggers(job: str) -> "Sequence[Trigger]":
    try:
        return load_job(job).triggers
    except (SpecError, UnknownSpecError):
        return ()
