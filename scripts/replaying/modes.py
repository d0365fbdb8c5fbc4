"""What ``slow-lambda replay`` does: one run, many, on with many, events. Each shows, asks, does, and says what came."""

import datetime
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import typer
from rich.console import Console

from lambdas.replays.request import ReplayRequest
from scripts.deployment import Deployment
from scripts.ledger.times import clock_time
from scripts.replaying.ask import agreed
from scripts.replaying.campaign import Campaign
from scripts.replaying.chains import Wanted
from scripts.replaying.cures import known_causes, same_name
from scripts.replaying.drive import stopped_by_ctrl_c
from scripts.replaying.events import EventPlan, EventReplay, plan_events, replay_events
from scripts.replaying.inputs import Inputs
from scripts.replaying.many import begin, drive, journal_of, plan_bulk
from scripts.replaying.one import proposal_document, propose, show_proposal, start
from scripts.replaying.progress import BulkProgress
from scripts.replaying.show import bulk_document, outcome_document, runs, show_bulk, show_outcome
from scripts.replaying.stage import Stage
from scripts.watch import POLL_SECONDS, report_end
from scripts.watching.follow import Follower
from scripts.watching.timeline import show

# What a shell says of a command that was stopped by Ctrl-C.
_STOPPED = 130


@dataclass(frozen=True)
class Answer:
    """How to answer: whether without asking, only showing, and as JSON."""

    yes: bool
    dry_run: bool
    as_json: bool


@dataclass(frozen=True)
class Limits:
    """Of a bulk replay: runs at a time, and dollars of recorded estimates."""

    max_parallel: int | None
    max_usd: float | None


@dataclass(frozen=True)
class Asked:
    """Which failed runs are meant."""

    since: datetime.datetime
    until: datetime.datetime
    jobs: Sequence[str]
    causes: Sequence[str]
    force: bool


def one(
    deployed: Deployment,
    request: ReplayRequest,
    job: str | None,
    answer: Answer,
    now: datetime.datetime,
    *,
    follow: bool,
) -> None:
    """Replay one run."""
    proposal = propose(deployed, request, now, job)
    document = proposal_document(proposal)
    if not answer.as_json:
        show_proposal(proposal, Console())
    if answer.dry_run or not agreed("start it?", yes=answer.yes):
        _print(answer, {**document, "execution": None})
        return
    started = start(proposal)
    document |= {"replay": started.name, "execution": started.arn, "new": started.new, "status": started.status}
    _print(answer, document)
    if answer.as_json:
        return
    print(started.arn if started.new else f"{started.name} has been started before: {started.arn}")
    if follow:
        follower = Follower(started.arn, POLL_SECONDS)
        show(follower, Console())
        report_end(follower)


def many(deployed: Deployment, asked: Asked, limits: Limits, answer: Answer, now: datetime.datetime) -> None:
    """Replay what failed; exit status 1 if a run could not be started."""
    _check_causes(asked.causes)
    for job in asked.jobs:
        deployed.machine_arn(job)
    jobs = asked.jobs or list(deployed.machines())
    wanted = Wanted(asked.since, asked.until, asked.causes, asked.force)
    bulk = plan_bulk(deployed, jobs, wanted, Inputs(Stage(deployed)).change, limits.max_usd)
    if not answer.as_json:
        show_bulk(bulk, Console())
    question = f"start {runs(len(bulk.chosen))}?"
    if answer.dry_run or not bulk.chosen or not agreed(question, yes=answer.yes):
        _print(answer, {**bulk_document(bulk), "campaign": None})
        return
    campaign = begin(deployed, bulk, now, limits.max_parallel, limits.max_usd)
    _drive(deployed, campaign, answer, bulk_document(bulk))


def go_on(deployed: Deployment, id_: str | None, limits: Limits, answer: Answer) -> None:
    """Go on with a bulk replay, under other limits if they are given."""
    campaign = journal_of(deployed).read(id_, datetime.datetime.now(datetime.UTC))
    given = {name: value for name, value in vars(limits).items() if value is not None}
    campaign = replace(campaign, **given)
    left = sum(member.is_open for member in campaign.members)
    print(f"bulk replay {campaign.id}: {left:,} of {runs(len(campaign.members))} left", file=sys.stderr)
    if left and not agreed(f"start {runs(left)}?", yes=answer.yes):
        return
    _drive(deployed, campaign, answer, {})


def events(deployed: Deployment, since: datetime.datetime, until: datetime.datetime, answer: Answer) -> None:
    """Send archived events again; exit status 1 if not all could be sent."""
    plan = plan_events(deployed, since, until)
    if not answer.as_json:
        _show_events(plan)
    if answer.dry_run or not agreed("send them?", yes=answer.yes):
        _print(answer, {**_events_document(plan), "replay": None})
        return
    ended = replay_events(plan, _tell)
    _print(answer, {**_events_document(plan), "replay": vars(ended)})
    if not answer.as_json:
        print(f"{ended.name}: {ended.state}. {ended.reason}".rstrip())
    if not ended.is_complete:
        raise typer.Exit(1)


def _drive(deployed: Deployment, campaign: Campaign, answer: Answer, document: dict[str, Any]) -> None:
    console = Console(stderr=True)
    how = f"bulk replay {campaign.id}; whatever ends this, go on with: slow-lambda replay --resume {campaign.id}"
    console.print(how, highlight=False, soft_wrap=True)
    with BulkProgress(console, campaign) as progress, stopped_by_ctrl_c(console.print) as stopping:
        outcome = drive(deployed, campaign, progress.tell, stopping)
    _print(answer, {**document, "campaign": outcome_document(campaign, outcome)})
    if not answer.as_json:
        show_outcome(campaign, outcome, Console())
    if outcome.stopped == "asked":
        raise typer.Exit(_STOPPED)
    if outcome.refused:
        raise typer.Exit(1)


def _check_causes(causes: Sequence[str]) -> None:
    unknown = [cause for cause in causes if not any(same_name(cause, known) for known in known_causes())]
    if unknown:
        raise typer.BadParameter(f"no run fails of {unknown[0]!r}; there are {', '.join(known_causes())}")


def _print(answer: Answer, document: dict[str, Any]) -> None:
    if answer.as_json:
        print(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def _show_events(plan: EventPlan) -> None:
    window = f"{clock_time(plan.since)} to {clock_time(plan.until)} (UTC)"
    print(f"Events from {window} of the archive {plan.archive} ({plan.state}), which has")
    print(f"{plan.events:,} events of {plan.bytes:,} bytes in all, to {', '.join(rule.name for rule in plan.rules)}.")
    for note in plan.notes:
        print(f"! {note}")


def _events_document(plan: EventPlan) -> dict[str, Any]:
    return {**vars(plan), "rules": [rule.name for rule in plan.rules]}


def _tell(seen: EventReplay) -> None:
    reached = f", up to {seen.reached:%Y-%m-%d %H:%M:%S}" if seen.reached else ""
    print(f"{seen.name}: {seen.state}{reached}", file=sys.stderr)
