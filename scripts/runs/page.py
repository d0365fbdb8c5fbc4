"""All that is known of a run, to read."""

import datetime
import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from lambdas.ledger.entry import LedgerEntry, LedgerStep
from scripts.ledger.read import input_of
from scripts.ledger.times import clock_time, lasted, span
from scripts.runs.details import Details
from scripts.runs.table import STATUS_STYLES, wide_console
from scripts.watching.summary import summary

_STEP_STYLES = {"COMPLETED": "green", "KEPT": "green", "RUNNING": "cyan", "FAILED": "red", "CANCELLED": "red"}


def show_details(details: Details, now: datetime.datetime) -> None:
    """Print a run: what it is, then its plan, states and steps, how it ended, and what would run it again."""
    console = wide_console()
    entry = details.found.entry
    console.print(Text.assemble((entry.run, "bold"), ": ", (entry.status, f"bold {STATUS_STYLES[entry.status]}")))
    if details.found.flaw:
        console.print(f"Ledger: {details.found.flaw.sentence}.", markup=False)
    for name, value in _facts(entry, now):
        if value:
            console.print(Text.assemble((f"{name}: ", "bold"), value))
    _section(console, "Plan", details.receipt)
    _section(console, "Time", summary(details.record or {}))
    if details.states:
        console.print("\n[bold]States[/]")
        console.print(_states(details.states), soft_wrap=False)
    if entry.steps:
        console.print("\n[bold]Steps[/]")
        console.print(_steps(entry.steps), soft_wrap=False)
        for step in entry.steps:
            for output in step.outputs:
                console.print(f"  {step.name} -> {output}{_proof(step)}", markup=False)
    failure = _failure(details)
    _section(console, "Failure", failure)
    console.print()
    for problem in details.problems:
        console.print(f"Note: {problem}.", markup=False)
    what_next = _what_next(details)
    if what_next not in failure:
        console.print(what_next, markup=False)


def _what_next(details: Details) -> str:
    if details.replay:
        return f"To run it again: {details.replay}"
    return f"To follow it: slow-lambda watch {details.found.entry.run}"


def _facts(entry: LedgerEntry, now: datetime.datetime) -> Iterator[tuple[str, str]]:
    yield "Job", entry.job
    yield "Started", f"{clock_time(entry.started)} UTC"
    yield "Ended", _end(entry, now)
    yield "Trigger", entry.trigger or ""
    yield "Attempt", _chain(entry)
    yield "Replayed by", ", ".join(entry.replayed_by)
    yield "Input", input_of(entry)
    yield "Input version", entry.version or ""
    yield "Input manifest", entry.manifest or ""
    yield "Started with", json.dumps(entry.document, ensure_ascii=False) if entry.document is not None else ""
    versions = {"definition": entry.definition, "code": entry.code}
    yield "Versions", ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    yield "Size", entry.size or ""
    yield "Expected", _expected(entry)
    yield "Cost", f"${entry.usd:.2f}" if entry.usd is not None else ""
    yield "Clusters", ", ".join(entry.cluster_ids)
    yield "Execution", entry.execution
    yield "Record", entry.record or ""


def _end(entry: LedgerEntry, now: datetime.datetime) -> str:
    duration = span(lasted(entry, now))
    if entry.status == "RUNNING":
        return f"not yet, after {duration}"
    return f"{clock_time(entry.ended)} UTC, after {duration}" if entry.ended else "nobody knows when"


def _chain(entry: LedgerEntry) -> str:
    if not entry.replays:
        return str(entry.attempt) if entry.replayed_by else ""
    first = "" if entry.root == entry.replays else f"; the first of the chain is {entry.root}"
    return f"{entry.attempt}, a replay of {entry.replays}{first}"


def _expected(entry: LedgerEntry) -> str:
    parts = [
        f"{entry.minutes:.0f} minutes" if entry.minutes is not None else "",
        f"${entry.usd_estimated:.2f}" if entry.usd_estimated is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def _section(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(f"\n[bold]{title}[/]")
        for line in lines:
            console.print(line, markup=False)


def _states(states: Sequence[dict[str, Any]]) -> Table:
    table = Table("state", "entered (UTC)", "time", "outcome", box=box.SIMPLE_HEAD, pad_edge=False)
    for state in states:
        entered, exited = _moment(state.get("entered")), _moment(state.get("exited"))
        duration = exited - entered if entered and exited else None
        table.add_row(Text(str(state["name"])), clock_time(entered), span(duration), str(state.get("outcome") or ""))
    return table


def _steps(steps: Sequence[LedgerStep]) -> Table:
    columns = ("step", "state", "started (UTC)", "time", "cluster", "step id")
    table = Table(*(Column(name, overflow="fold") for name in columns), box=box.SIMPLE_HEAD, pad_edge=False)
    for step in steps:
        state = f"{step.state} of {step.run}" if step.state == "KEPT" and step.run else step.state
        duration = step.ended - step.started if step.started and step.ended else None
        table.add_row(
            Text(step.name),
            Text(state, style=_STEP_STYLES.get(step.state, "")),
            clock_time(step.started),
            span(duration),
            step.cluster_id or "",
            step.step_id or "",
        )
    return table


def _proof(step: LedgerStep) -> str:
    if step.manifest is None:
        return " (not proven complete)"
    return f" ({step.objects:,} object{'' if step.objects == 1 else 's'}, {step.bytes:,} bytes)"


def _failure(details: Details) -> list[str]:
    entry = details.found.entry
    if entry.status in {"SUCCEEDED", "RUNNING"}:
        return []
    # The record has the whole cause, the entry its beginning.
    cause = (details.record or {}).get("cause") or entry.cause or ""
    where = f" in {entry.failed_state!r}" if entry.failed_state else ""
    known_class = f", class {entry.failure_class}" if entry.failure_class else ""
    return [f"{entry.error or entry.status}{where}{known_class}", *str(cause).splitlines()]


def _moment(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None
