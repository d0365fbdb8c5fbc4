"""``slow-lambda bench``: what this project costs in time and memory, measured where it runs."""

import json
from typing import Annotated

import typer

bench = typer.Typer(no_args_is_help=True)


@bench.callback()
def _group() -> None:
    """Keep each measurement a verb of its own."""


@bench.command()
def local(
    scale: Annotated[float, typer.Option(help="TPC-H scale factor of the job that is timed.")] = 0.1,
    rounds: Annotated[
        int, typer.Option(min=1, help="How often it is timed, by hand and on the local cloud in turn.")
    ] = 3,
) -> None:
    """Time the local cloud against the same spark-submit commands run by hand; also trigger, machine and memory."""
    # Here, not above: it brings moto, which takes a second to import and reads the user's AWS profile.
    from scripts.bench.local import measure  # noqa: PLC0415

    print(json.dumps(measure(scale, rounds), indent=2))
