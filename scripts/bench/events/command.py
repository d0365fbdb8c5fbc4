"""``slow-lambda bench events``: thousands of objects into the local cloud, and exactly the runs that should come."""

import json
from typing import Annotated

import typer


def events(
    number: Annotated[
        int, typer.Option("--events", min=100, help="How many; a tenth of them are duplicates.")
    ] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Send events of S3 objects to the local cloud, gather them into batches, and count runs, losses and doubles.

    Each run is rejected before it has a cluster: how they are started is what is measured. Exits with 1 if one object
    is lost or read twice, or if there is a run too many or too few.
    """
    # Here, not above: it brings boto3.
    from scripts.bench.events.run import measure  # noqa: PLC0415

    outcome = measure(number)
    if as_json:
        print(json.dumps(outcome.document(), indent=2))
    else:
        print(outcome)
    if not outcome.is_exact:
        raise typer.Exit(1)
