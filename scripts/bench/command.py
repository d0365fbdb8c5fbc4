"""``slow-lambda bench``: what this project costs in time and memory, measured where it runs."""

import json
from typing import Annotated

import typer
from rich.console import Console

from scripts.bench.events.command import events
from scripts.bench.idle.command import idle
from scripts.bench.replay.command import replay
from scripts.bench.scaling.command import scaling
from scripts.bench.sizing.command import sizing

bench = typer.Typer(no_args_is_help=True)
bench.command()(sizing)
bench.command()(scaling)
bench.command()(idle)
bench.command()(events)
bench.command()(replay)


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


@bench.command()
def decision(
    rounds: Annotated[int, typer.Option(min=1, help="How often each is timed; the fastest counts.")] = 3,
) -> None:
    """Time a sizing decision, and the cold start of the Lambda that makes it, as JSON."""
    # Here, not above: it brings numpy.
    from scripts.bench.decision import measure  # noqa: PLC0415

    print(json.dumps(measure(rounds), indent=2))


@bench.command()
def listing(
    keys: Annotated[int, typer.Option(min=1_000, help="Objects of each layout.")] = 1_000_000,
    latency: Annotated[float, typer.Option(min=0, help="Seconds the fake S3 takes for a page of 1,000 keys.")] = 0.2,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Time how an input is listed, in parallel, against one page after the other, on a fake S3 of fixed latency."""
    # Here, not above: it brings boto3.
    from scripts.bench.listing import measure, table  # noqa: PLC0415

    measured = measure(keys, latency)
    if as_json:
        print(json.dumps(measured, indent=2))
    else:
        Console().print(table(measured))
