"""``slow-lambda watch``: follow a run that has been started."""

from typing import Annotated

import typer
from rich.console import Console

from scripts.watching.follow import Follower
from scripts.watching.record import read_record
from scripts.watching.summary import summary
from scripts.watching.timeline import show

POLL_SECONDS = 1.0


def watch(
    execution: Annotated[str, typer.Argument(help="The execution's ARN, as `run` prints it.")],
) -> None:
    """Follow a run to its end; exit status 1 if it did not succeed."""
    follower = Follower(execution, POLL_SECONDS)
    show(follower, Console())
    report_end(follower)


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
