"""``slow-lambda demo``: the main job on this machine, from the marker object to the result."""

import json
import shutil
import signal
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from scripts.demo import document, results
from scripts.demo.results import Output
from scripts.demo.run import Demo
from scripts.local.cloud import DEFAULT_SCALE, local_cloud
from scripts.rendering.paths import BUILD

ROWS_SHOWN = 4
COLUMNS_SHOWN = 6


def demo(
    scale: Annotated[float, typer.Option(help="TPC-H scale factor: 0.1 is 100 MB of CSV, 1 is 1 GB.")] = 0.1,
    speed: Annotated[float, typer.Option(help="Simulated seconds per real second while no step runs.")] = DEFAULT_SCALE,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document at the end, on standard output.")
    ] = False,
) -> None:
    """Run the main job end to end on this machine: local cloud, real data, real Spark."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=as_json, highlight=False)
    folder = BUILD / "demo"
    shutil.rmtree(folder / "cloud", ignore_errors=True)
    seen = Demo()
    started = time.monotonic()
    with local_cloud(folder / "cloud", speed) as cloud:
        seen.seconds["start_cloud"] = round(time.monotonic() - started, 2)
        cloud.use()
        seen.run(scale, BUILD / "data", console)
        found, output = _fetch(seen, folder)
        said = document.build(seen, found, output)
    kept = document.save(said, folder)
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        _show(console, said, found, output, folder, kept)
    if said["run"]["status"] != "SUCCEEDED" or seen.left:
        raise typer.Exit(1)


def _fetch(seen: Demo, folder: Path) -> tuple[dict[str, Any] | None, Output | None]:
    record = document.read_record(seen.follower.execution) if seen.follower else None
    if record is None:
        return None, None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record, results.fetch(results.result_uri(record["plan"]), folder / "results")


def _show(
    console: Console,
    said: dict[str, Any],
    record: dict[str, Any] | None,
    output: Output | None,
    folder: Path,
    kept: Path,
) -> None:
    console.print()
    if record is None or output is None:
        console.print(f"[bold red]{said['run']['status']}[/]: {said['run']['error']}\n{said['run']['cause']}")
        return
    console.print("[bold]Size[/]")
    for line in record["plan"]["receipt"]:
        console.print(f"  {line}", markup=False)
    console.print("\n[bold]Cost[/]")
    console.print(f"  here  $0.00; on AWS this cluster's time would have cost ${record['cost']['total']:.4f}")
    console.print(f"  estimated before it started: ${record['plan']['estimate']['usd']:.4f}")
    console.print(f"\n[bold]Result[/]  {output.uri}")
    for table in output.tables:
        console.print(_table(table))
    left = ", ".join(said["clusters_left"]) or "none"
    console.print(f"Clusters left: {left}. Record: {said['run']['record']}")
    console.print(f"Kept on this machine: {folder / 'record.json'}, {folder / 'results'}, {kept}")


def _table(table: results.Table) -> Table:
    shown = Table(title=f"{table.name}, {len(table.rows)} rows", title_justify="left", box=None, padding=(0, 2, 0, 2))
    for name in table.header[:COLUMNS_SHOWN]:
        shown.add_column(name)
    for row in table.rows[:ROWS_SHOWN]:
        shown.add_row(*row[:COLUMNS_SHOWN])
    return shown
