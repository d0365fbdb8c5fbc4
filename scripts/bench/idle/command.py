"""``slow-lambda bench idle``: the paid time of a cluster in which it does nothing."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.certify.progress import Progress

# Room for all columns where the output is no terminal.
_WIDTH = 130


def idle(
    picture: Annotated[Path | None, typer.Option(help="Draw the job of five steps into this file, as SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show where a cluster's paid time goes: a plain chain of states, and our machine stepwise and pipelined.

    Seconds are the cluster's, not its nodes'. In process, on a virtual clock: no real time passes.
    """
    # Here, not above: it brings moto, which takes a second to import and reads the user's AWS profile.
    from scripts.bench.idle.jobs import bench_jobs  # noqa: PLC0415
    from scripts.bench.idle.run import measure  # noqa: PLC0415
    from scripts.bench.idle.table import as_document, goal, is_goal_met, table  # noqa: PLC0415

    with Progress(Console(file=sys.stderr), quiet=as_json) as progress:
        outcomes = measure(bench_jobs(), progress.of("bench idle"))
    if picture:
        from scripts.bench.idle.picture import draw  # noqa: PLC0415

        draw([each for each in outcomes if each.job == "five-steps"], picture)
    if as_json:
        print(json.dumps(as_document(outcomes), indent=2))
    else:
        console = Console(highlight=False)
        console = console if console.is_terminal else Console(highlight=False, width=_WIDTH)
        console.print(table(outcomes))
        console.print(f"\n{goal(outcomes)}", soft_wrap=True)
    if not is_goal_met(outcomes):
        raise typer.Exit(1)
