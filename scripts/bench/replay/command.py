"""``slow-lambda bench replay``: how long the plan of a bulk replay takes, and whether a call is refused."""

import json
from typing import Annotated

import typer


def replay(
    runs: Annotated[int, typer.Option(min=1, help="How many have failed.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Plan a bulk replay in the in-process cloud, with Step Functions' API limits as AWS has them.

    Exits with 1 if a call is refused for its rate, or a run is not in the plan.
    """
    # Here, not above: it brings moto, which takes a second to import.
    from scripts.bench.replay.run import measure  # noqa: PLC0415

    measured = measure(runs)
    if as_json:
        print(json.dumps(measured, indent=2))
    else:
        calls = ", ".join(f"{count} {name}" for name, count in measured["calls"].items())
        print(
            f"{measured['runs']:,} failed runs planned in {measured['seconds']} s with {measured['throttled']} calls "
            f"refused ({calls}), {measured['peak_mib']} MiB at most"
        )
    if measured["throttled"] or measured["planned"] != measured["runs"]:
        raise typer.Exit(1)
