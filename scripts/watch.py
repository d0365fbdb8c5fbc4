"""``slow-lambda watch``: follow a run that has been started."""

from typing import Annotated

import typer
from rich.console import Console

from lambdas.ledger.entry import LedgerEntry
from scripts import deployment
from scripts.ledger.executions import ENDS, describe_execution
from scripts.ledger.find import find_entry
from scripts.ledger.options import JOB, RUN
from scripts.ledger.record import record_of
from scripts.watching.end import end_lines
from scripts.watching.follow import Follower
from scripts.watching.record import read_record
from scripts.watching.summary import summary
from scripts.watching.timeline import show

POLL_SECONDS = 1.0


def watch(
    run: RUN,
    job: JOB = None,
    stage: Annotated[str, typer.Option(help="The deployment to use.")] = "dev",
) -> None:
    """Follow a run to its end, or say how it ended; exit status 1 if it did not succeed."""
    # An ARN says all that is needed of a run that goes on, whatever it belongs to.
    if run.startswith("arn:") and (describe_execution(run) or {}).get("status") not in {*ENDS, None}:
        _follow(run)
        return
    entry = find_entry(deployment.find(stage), run, job)
    if entry.status == "RUNNING":
        _follow(entry.execution)
    else:
        _report_past(entry)


def _follow(execution: str) -> None:
    follower = Follower(execution, POLL_SECONDS)
    show(follower, Console())
    report_end(follower)


def _report_past(entry: LedgerEntry) -> None:
    print("\n".join(end_lines(entry, record_of(entry))))
    if entry.status != "SUCCEEDED":
        raise typer.Exit(1)


def report_end(follower: Follower) -> None:
    """Say why a run had its size, where its time went and what it cost; or why it failed, and leave with status 1."""
    ended = follower.execution
    record = read_record(ended)
    if record:
        cost = f"Cost: ${record['cost']['total']:.2f}."
        print("\n".join(["", *record["plan"]["receipt"], *summary(record), cost]))
    if ended["status"] != "SUCCEEDED":
        print(f"{ended['status']}: {ended.get('error', 'no error given')}\n{ended.get('cause', '')}")
        raise typer.Exit(1)
