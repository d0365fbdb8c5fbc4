"""Runs as a table."""

import datetime
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from scripts.ledger.read import Found, input_of
from scripts.ledger.times import clock_time, lasted, span

# Where nobody looks at it line by line, a table need not be narrow.
_PIPE_COLUMNS = 240

# Below this a name of a run would be cut to nothing; the job begins most names, and the input is the longest text.
_ALL_FIT = 120
_LEFT_OUT = ("job", "input")

STATUS_STYLES = {"SUCCEEDED": "green", "RUNNING": "cyan", "FAILED": "red", "TIMED_OUT": "red", "ABORTED": "yellow"}


def show_runs(stage: str, found: Sequence[Found], torn: Sequence[str], now: datetime.datetime, limit: int) -> None:
    """Print a table of runs, and below it what is wrong with entries of the ledger."""
    console = wide_console()
    if found:
        console.print(_table(found, now, console.width), soft_wrap=False)
    else:
        console.print(f"no such run of stage {stage}", markup=False)
    for each in found:
        if each.flaw:
            console.print(f"{each.entry.run}: {each.flaw.sentence}.", markup=False)
    for sentence in torn:
        console.print(f"unreadable: {sentence}.", markup=False)
    if found and len(found) == limit:
        console.print(f"[dim]The first {limit}; --limit 0 shows all.[/]")


def wide_console() -> Console:
    """Return a console as wide as the terminal, and wide where there is none."""
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal:
        return console
    return Console(highlight=False, soft_wrap=True, width=max(console.width, _PIPE_COLUMNS))


def _table(found: Sequence[Found], now: datetime.datetime, width: int) -> Table:
    rows = [_cells(each, now) for each in found]
    shown = [name for name in rows[0] if width >= _ALL_FIT or name not in _LEFT_OUT]
    if not any(each.flaw for each in found):
        shown.remove("ledger")
    folded = ("class", "input") if width >= _ALL_FIT else ("run", "class")
    columns = [Column(name, overflow="fold", no_wrap=name not in folded) for name in shown]
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(row[name] for name in shown))
    return table


def _cells(found: Found, now: datetime.datetime) -> dict[str, Text]:
    entry = found.entry
    cells: dict[str, str | Text] = {
        "run": entry.run,
        "job": entry.job,
        "status": Text(entry.status, style=STATUS_STYLES[entry.status]),
        "started (UTC)": clock_time(entry.started)[: len("2026-11-24 16:12")],
        "duration": span(lasted(entry, now)),
        "attempt": str(entry.attempt),
        "usd": "" if entry.usd is None else f"{entry.usd:.2f}",
        "class": entry.failure_class or entry.error or "",
        "input": input_of(entry),
        "ledger": found.flaw.word if found.flaw else "",
    }
    # Names and addresses may look like markup.
    return {name: cell if isinstance(cell, Text) else Text(cell) for name, cell in cells.items()}
