"""``slow-lambda demo``: the main job on this machine, from the marker object to the result."""

import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from scripts.demo import data, document, results
from scripts.demo.results import Output
from scripts.demo.run import FILES_PER_TABLE, Demo
from scripts.local.cloud import DEFAULT_SCALE, LOG, local_cloud
from scripts.rendering.paths import BUILD, ROOT
from scripts.watching.record import read_record

ROWS_SHOWN = 4
FOLDER = BUILD / "demo"


def demo(
    scale: Annotated[float, typer.Option(help="TPC-H scale factor: 0.1 is 100 MB of CSV, 1 is 1 GB.")] = 0.1,
    speed: Annotated[float, typer.Option(min=1, help="Simulated seconds per real second of waiting.")] = DEFAULT_SCALE,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end, on standard output.")
    ] = False,
) -> None:
    """Run the main job end to end on this machine: local cloud, real data, real Spark."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=as_json, highlight=False)
    FOLDER.mkdir(parents=True, exist_ok=True)
    seen = Demo()
    started = time.monotonic()
    with seen.phase("generate"), console.status(f"generating TPC-H at scale {scale:g}"):
        files = data.generate(BUILD / "data", scale, FILES_PER_TABLE)
    with tempfile.TemporaryDirectory(prefix="cloud-", dir=FOLDER) as workdir:
        try:
            with ExitStack() as stack:
                with seen.phase("start_cloud"):
                    cloud = stack.enter_context(local_cloud(Path(workdir), speed))
                cloud.use()
                seen.run(cloud, files, console)
                found, output = _fetch(seen)
                seen.seconds["wall"] = round(time.monotonic() - started, 2)
                said = document.build(seen, found, output)
        finally:
            with suppress(FileNotFoundError):
                shutil.copy(Path(workdir) / LOG, FOLDER)
    document.save(said, FOLDER)
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        _show(console, said, found, output)
    if said["run"]["status"] != "SUCCEEDED" or seen.left:
        print(f"The local cloud's log: {FOLDER / LOG}", file=sys.stderr)
        raise typer.Exit(1)


def _fetch(seen: Demo) -> tuple[dict[str, Any] | None, Output | None]:
    record = read_record(seen.follower.execution) if seen.follower else None
    if record is None:
        return None, None
    (FOLDER / "record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record, results.fetch(results.result_uri(record["plan"]), FOLDER / "results")


def _show(console: Console, said: dict[str, Any], record: dict[str, Any] | None, output: Output | None) -> None:
    console.print()
    if record is None or output is None:
        console.print(f"[bold red]{said['run']['status']}[/]: {said['run']['error']}\n{said['run']['cause']}")
        return
    for line in record["plan"]["receipt"]:
        console.print(line, markup=False, soft_wrap=True)
    cost, estimate = record["cost"]["total"], record["plan"]["estimate"]["usd"]
    console.print(
        f"\nCost: nothing here; on AWS this cluster would have cost ${cost:.4f} (estimated ${estimate:.4f}).",
        soft_wrap=True,
    )
    console.print(f"Result: {output.uri}", soft_wrap=True)
    for table in output.tables:
        console.print(_table(table, console.width))
    left = ", ".join(said["clusters_left"]) or "none"
    console.print(f"Clusters left: {left}. Seconds of this machine: {said['seconds']['wall']:.0f}.")
    console.print(f"Record: {said['run']['record']}", soft_wrap=True)
    console.print(
        f"Kept when the local cloud is gone: {FOLDER.relative_to(ROOT)}/ (record.json, demo.json, results/)",
        soft_wrap=True,
    )


def _table(table: results.Table, width: int) -> Table:
    """Show the first rows, and as many columns as fit."""
    rows = table.rows[:ROWS_SHOWN]
    shown = Table(title=f"{table.name}, {len(table.rows)} rows", title_justify="left", box=None, padding=(0, 1))
    left = width
    for column, name in enumerate(table.header):
        left -= max(map(len, [name, *(row[column] for row in rows)])) + 2
        if left < 0:
            break
        shown.add_column(name, justify="right" if rows and _is_number(rows[0][column]) else "left", no_wrap=True)
    for row in rows:
        shown.add_row(*row[: len(shown.columns)])
    return shown


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()
