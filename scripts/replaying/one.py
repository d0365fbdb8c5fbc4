"""One run again: what would be done, and then doing it."""

import datetime
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.open import size_in_words
from lambdas.replays.name import replay_name
from lambdas.replays.past import Ledger, next_attempt
from lambdas.replays.preview import preview
from lambdas.replays.request import ReplayRequest
from lambdas.replays.start import Started, start_replay
from lambdas.runs.events import Execution, PlanEvent
from lambdas.runs.plan import Plan
from scripts.deployment import Deployment
from scripts.ledger.find import find
from scripts.ledger.times import clock_time
from scripts.replaying.chains import attempt_of
from scripts.replaying.cures import cause_of
from scripts.replaying.limits import paced
from scripts.replaying.stage import Stage
from scripts.replaying.starting import learn


@dataclass(frozen=True)
class Proposal:
    """What the replay of a run would do.

    Attributes
    ----------
    asked
        The run that was named.
    entry
        The run that is replayed: for a replay that was rejected the one that it was to replay.
    request
        What is asked for, of that run.
    plan
        What plan_run would decide now.
    """

    stage: Stage
    asked: LedgerEntry
    entry: LedgerEntry
    request: ReplayRequest
    plan: Plan


def propose(deployed: Deployment, request: ReplayRequest, now: datetime.datetime, job: str | None = None) -> Proposal:
    """Find a run and plan its replay. Nothing is written but what the ledger lacks and Step Functions knows of the run.

    Parameters
    ----------
    deployed
        Where.
    request
        What is asked for; the run as ``find_entry`` takes it.
    now
        With a time zone.
    job
        Whose run it is, where several have one of the name.

    Raises
    ------
    RejectionError
        It would be rejected.
    RunUnknownError, RunAmbiguousError
        There is no such run, or there are several.
    """
    stage, dynamodb = Stage(deployed), aws.dynamodb()
    found = find(deployed, request.run, job)
    learn(dynamodb, stage.run_table, found)
    ledger = Ledger(dynamodb, stage.run_table, found.entry.job)
    entry = ledger.entry(replace(request, run=found.entry.run))
    request = replace(request, run=entry.run)
    # A replay that was rejected is not in the entry of the run it was to replay.
    attempt = max(next_attempt(entry, ledger.chain(entry)), attempt_of(found.entry) + 1)
    name = replay_name(entry.root, attempt)
    execution = Execution(id="", name=name, started=now)
    event = PlanEvent(job=entry.job, execution=execution, input=request.as_document())
    plan = preview(event, stage.settings(entry.job), aws.s3(), dynamodb, now)
    return Proposal(stage, found.entry, entry, request, plan)


def start(proposal: Proposal) -> Started:
    """Start a replay, or find the one that somebody else started meanwhile."""
    sfn = aws.stepfunctions()
    with paced(sfn):
        return start_replay(sfn, aws.dynamodb(), proposal.stage, proposal.entry, proposal.request)


def show_proposal(proposal: Proposal, console: Console) -> None:
    """Show which steps are kept and run and why, the size, what it should take and cost."""
    entry, plan = proposal.entry, proposal.plan
    cause = cause_of(entry).name if entry.status != "SUCCEEDED" else None
    ended = f"{entry.status} {clock_time(entry.ended)}".rstrip()
    asked = proposal.asked.run
    lines = [
        *([f"{asked} was rejected before it ran: what it was to replay is replayed."] if asked != entry.run else []),
        f"{entry.run} ({entry.job}): {ended}{f', {cause}' if cause else ''}",
        f"Its replay {plan.run} would",
        *([f"  keep  {', '.join(step.name for step in plan.kept)}"] if plan.kept else []),
        f"  run   {', '.join(plan.steps_left)}",
        *(f"  - {why}" for why in (plan.replay.why if plan.replay else [])),
        f"on {size_in_words(plan.size)}, in {plan.estimate.minutes:.0f} minutes, for ${plan.estimate.usd:.2f}.",
        *plan.receipt,
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def proposal_document(proposal: Proposal) -> dict[str, Any]:
    """Return the same as a JSON document."""
    entry, plan = proposal.entry, proposal.plan
    return {
        "run": entry.run,
        "job": entry.job,
        "status": entry.status,
        "cause": cause_of(entry).name if entry.status != "SUCCEEDED" else None,
        "replay": plan.run,
        "input": proposal.request.as_document(),
        "keeps": [step.model_dump(mode="json") for step in plan.kept],
        "runs": plan.steps_left,
        "why": plan.replay.why if plan.replay else [],
        "size": size_in_words(plan.size),
        "minutes": plan.estimate.minutes,
        "usd": plan.estimate.usd,
        "receipt": plan.receipt,
    }
