"""``slow-lambda preflight``: whether an account has what a deployment and its runs need."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from botocore.exceptions import NoRegionError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lambdas.specs import load_job, load_jobs
from scripts.preflight.items import Item, Status
from scripts.preflight.run import look_at
from scripts.preflight.subject import all_clients
from scripts.run import STAGE

_COLOURS = {Status.OK: "green", Status.FAILED: "red", Status.WARNING: "yellow", Status.UNKNOWN: "magenta"}


def preflight(
    stage: STAGE = "dev",
    job: Annotated[list[str] | None, typer.Option("--job", help="A job that is to run; without it, all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look whether an account has what runs need, before and after a deployment; exit status 1 if anything failed."""
    jobs = [load_job(name) for name in job] if job else load_jobs()
    try:
        items = list(look_at(all_clients(), stage, jobs))
    except NoRegionError:
        items = [Item("region", "Region", Status.FAILED, "no region is set", "set AWS_REGION, or one in the profile")]
    if as_json:
        print(json.dumps({"stage": stage, "items": [vars(item) for item in items]}, indent=2, ensure_ascii=False))
    elif Console().is_terminal:
        _show_table(items)
    else:
        _show_lines(items)
    if any(item.status is Status.FAILED for item in items):
        raise typer.Exit(1)


def _show_table(items: Sequence[Item]) -> None:
    table = Table("", "what", "found, and what to do")
    for item in items:
        status = f"[{_COLOURS[item.status]}]{item.status}[/]"
        fix = f"\n[bold]{escape(item.fix)}[/]" if item.fix else ""
        table.add_row(status, f"{item.title}\n[dim]{item.id}[/]", f"{escape(item.detail)}{fix}")
    Console(emoji=False).print(table)
    print(_count(items))


def _show_lines(items: Sequence[Item]) -> None:
    for item in items:
        print(f"{item.status:<8}{item.id}: {item.detail}")
        if item.fix:
            print(f"        fix: {item.fix}")
    print(_count(items))


def _count(items: Sequence[Item]) -> str:
    counts = Counter(item.status for item in items)
    return ", ".join(f"{counts[status]} {status}" for status in Status)
