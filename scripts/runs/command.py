"""``slow-lambda runs``: what ran and what runs; ``runs show``: all that is known of one run."""

import datetime
import itertools
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from scripts import deployment
from scripts.ledger.find import find
from scripts.ledger.options import JOB, RUN
from scripts.ledger.read import Found, Runs, Wanted
from scripts.ledger.times import lasted, parse_moment
from scripts.replaying.limits import paced
from scripts.run import STAGE
from scripts.runs.details import details_of
from scripts.runs.document import details_document, list_document
from scripts.runs.page import show_details
from scripts.runs.table import show_runs

JSON = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Status(StrEnum):
    """What a run may be."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class Sort(StrEnum):
    """By what runs are sorted, the newest, longest or dearest first."""

    STARTED = "started"
    DURATION = "duration"
    USD = "usd"


runs = typer.Typer(invoke_without_command=True)


@runs.callback()
def list_runs(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    job: JOB = None,
    status: Annotated[
        list[Status] | None, typer.Option(case_sensitive=False, help="Only these; again for another.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Started since then: 90m, 24h, 7d ago, or a date or time (UTC unless it says).")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Started until then, written likewise.")] = None,
    failure_class: Annotated[
        str | None, typer.Option("--class", help="Failed with this class or Error, such as CapacityShortage.")
    ] = None,
    input_: Annotated[str | None, typer.Option("--input", help="A part of the input's address.")] = None,
    sort: Annotated[Sort, typer.Option(help="Newest, longest or dearest first.")] = Sort.STARTED,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 20,
    stage: STAGE = "dev",
    as_json: JSON = False,
) -> None:
    """List runs, also those that go on; `runs show RUN` has all that is known of one."""
    if context.invoked_subcommand:
        return
    now = datetime.datetime.now(datetime.UTC)
    wanted = Wanted(
        statuses=[each.value for each in status or []],
        since=parse_moment(since, now) if since else None,
        until=parse_moment(until, now) if until else None,
        failure_class=failure_class,
        input=input_,
    )
    reader = Runs(deployment.find(stage))
    jobs = [job] if job else list(reader.machines)
    with paced(aws.stepfunctions()):
        found = _sorted(reader.newest_first(jobs, wanted), sort, limit, now)
    told = {each.flaw.sentence for each in found if each.flaw}
    torn = [str(error) for error in reader.torn if not any(str(error) in sentence for sentence in told)]
    if as_json:
        _print(list_document(stage, found, torn, now))
    else:
        show_runs(stage, found, torn, now, limit)


@runs.command()
def show(run: RUN, job: JOB = None, stage: STAGE = "dev", as_json: JSON = False) -> None:
    """Show all that is known of a run: plan, states, steps, verdict, cost, and what would run it again."""
    details = details_of(find(deployment.find(stage), run, job), stage)
    if as_json:
        _print(details_document(details))
    else:
        show_details(details, datetime.datetime.now(datetime.UTC))


def _sorted(newest_first: Iterable[Found], sort: Sort, limit: int, now: datetime.datetime) -> list[Found]:
    """Return the first runs of an order; only for the order they come in can the rest be left unread."""
    keys: dict[Sort, Callable[[LedgerEntry], float]] = {
        Sort.DURATION: lambda entry: (lasted(entry, now) or datetime.timedelta()).total_seconds(),
        Sort.USD: lambda entry: entry.usd or 0.0,
    }
    if sort in keys:
        newest_first = sorted(newest_first, key=lambda found: keys[sort](found.entry), reverse=True)
    return list(itertools.islice(newest_first, limit or None))


def _print(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))
