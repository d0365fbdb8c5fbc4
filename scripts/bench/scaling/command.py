"""``slow-lambda bench scaling``: a scaling policy beside managed scaling and fixed sizes, simulated."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from lambdas.specs import SpecError, UnknownSpecError

if TYPE_CHECKING:
    from scripts.bench.scaling.report import Comparison

ALL = "all"
# Room for all columns where the output is no terminal.
_WIDTH = 150


def scaling(
    policy: Annotated[str, typer.Option(help="A file of emr_specs/scaling, or managed.")] = "yarn-memory",
    trace: Annotated[
        str,
        typer.Option(help="A shipped trace, a CSV (seconds,running,pending[,spot_lost]), Spark event logs; or all."),
    ] = ALL,
    pictures: Annotated[
        Path | None, typer.Option(help="Draw demand against capacity into this folder, as SVG.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Play a load trace through a scaling policy, managed scaling and fixed sizes: cost, makespan, idle, flapping."""
    from scripts.bench.scaling.errors import TraceError  # noqa: PLC0415 - the EMR engine takes a while to import
    from scripts.bench.scaling.report import as_document, print_comparison  # noqa: PLC0415
    from scripts.bench.scaling.run import compare_all  # noqa: PLC0415
    from scripts.bench.scaling.traces import read_trace, shipped_traces  # noqa: PLC0415

    try:
        traces = [read_trace(name) for name in (shipped_traces() if trace == ALL else [trace])]
    except TraceError as error:
        raise typer.BadParameter(str(error), param_hint="--trace") from error
    try:
        comparisons = compare_all(policy, traces)
    except (UnknownSpecError, SpecError) as error:
        raise typer.BadParameter(str(error), param_hint="--policy") from error
    drawn = _draw(comparisons, pictures) if pictures else []
    if as_json:
        document = {
            "policy": policy,
            "traces": [as_document(each) for each in comparisons],
            "pictures": [str(file) for file in drawn],
        }
        print(json.dumps(document, indent=2, allow_nan=False))
        return
    console = Console(highlight=False)
    for comparison in comparisons:
        print_comparison(console if console.is_terminal else Console(highlight=False, width=_WIDTH), comparison)
    for file in drawn:
        console.print(f"drawn: {file}", markup=False)


def _draw(comparisons: Sequence["Comparison"], folder: Path) -> list[Path]:
    from scripts.bench.scaling.pictures import draw  # noqa: PLC0415 - matplotlib takes a second to import

    return [draw(comparison, folder) for comparison in comparisons]
