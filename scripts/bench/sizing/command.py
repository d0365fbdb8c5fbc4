"""``slow-lambda bench sizing``: our choice of a size beside known methods', on measured runs."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from scripts.certify.progress import Progress

if TYPE_CHECKING:
    from scripts.bench.sizing.judge import Outcome

PROTOCOLS = ("warm", "cold", "same", "narrow", "budget")
_ALL = ",".join(PROTOCOLS)
# Room for all columns where the output is no terminal.
_WIDTH = 150
_PROBLEMS_SHOWN = 3


def sizing(  # noqa: PLR0913, PLR0917 - each is an option of the command
    data: Annotated[
        Path | None, typer.Option(help="A folder of measured runs; without it, the project's own small computed set.")
    ] = None,
    protocol: Annotated[str, typer.Option(help=f"Which past runs are shown, several with commas: {_ALL}.")] = _ALL,
    salt: Annotated[str, typer.Option(help="Draws the past runs; several with commas give standard errors.")] = "0",
    scramble: Annotated[
        str | None, typer.Option(help="Scale bytes and run times of each job by this salt: shapes stay.")
    ] = None,
    jobs: Annotated[str | None, typer.Option(help="Ask about these jobs only, several with commas.")] = None,
    per_job: Annotated[int, typer.Option(min=0, help="At most so many inputs of a job; 0 is all.")] = 15,
    seeds: Annotated[int, typer.Option(min=1, help="Histories per number of past runs.")] = 2,
    by_job: Annotated[bool, typer.Option("--by-job", help="A table per job.")] = False,
    plots: Annotated[Path | None, typer.Option(help="Draw pictures into this folder, as SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Judge how well a size is chosen: cost and deadlines kept, against known methods and the best there was."""
    # Here, not above: numpy and scipy take a while to import, which every other verb would wait for.
    from scripts.bench.sizing.run import Extent, Source, run  # noqa: PLC0415
    from scripts.bench.sizing.table import as_document, print_results, results_of  # noqa: PLC0415

    source = Source(data, scramble)
    extent = Extent(_names(protocol), salt.split(","), jobs.split(",") if jobs else [], per_job, seeds)
    started = time.monotonic()
    with Progress(Console(file=sys.stderr), quiet=as_json) as progress:
        outcomes = run(source, extent, progress.of("bench sizing"))
    if not outcomes:
        raise typer.BadParameter("there is nothing to ask: no such job, or too few runs of it")
    results = results_of(outcomes, by_job=by_job)
    drawn = _draw(outcomes, plots) if plots else []
    if as_json:
        document = {
            "data": str(data) if data else None,
            "scramble": scramble,
            "salts": extent.salts,
            "seconds": round(time.monotonic() - started, 1),
            "plots": [str(file) for file in drawn],
            "groups": as_document(results),
        }
        print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
        return
    console = Console(highlight=False)
    print_results(console if console.is_terminal else Console(highlight=False, width=_WIDTH), results)
    _print_end(console, data, outcomes, drawn)


def _names(protocols: str) -> Sequence[str]:
    names = protocols.split(",")
    unknown = [name for name in names if name not in PROTOCOLS]
    if unknown:
        raise typer.BadParameter(f"no protocol {', '.join(unknown)}; there are {_ALL}", param_hint="--protocol")
    return names


def _draw(outcomes: Sequence["Outcome"], folder: Path) -> list[Path]:
    from scripts.bench.sizing.plots import draw  # noqa: PLC0415
    from scripts.bench.sizing.table import results_of  # noqa: PLC0415

    return draw(outcomes, results_of(outcomes), folder)


def _print_end(console: Console, data: Path | None, outcomes: Sequence["Outcome"], drawn: Sequence[Path]) -> None:
    if data is None:
        console.print("\nOn the project's own computed set; figures on measured runs need --data DIR.")
    for outcome in [each for each in outcomes if each.problem][:_PROBLEMS_SHOWN]:
        console.print(f"invalid: {outcome.method} ({outcome.job}): {outcome.problem}", markup=False)
    for file in drawn:
        console.print(f"drawn: {file}", markup=False)
