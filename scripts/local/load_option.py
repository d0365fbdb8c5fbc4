"""The option ``--load`` of the verbs that start a local cloud."""

from typing import Annotated

import typer


def _checked(trace: str | None) -> str | None:
    from scripts.bench.scaling.errors import TraceError  # noqa: PLC0415 - reading traces takes a while to import
    from scripts.bench.scaling.traces import read_trace  # noqa: PLC0415

    try:
        if trace:
            read_trace(trace)
    except TraceError as error:
        raise typer.BadParameter(str(error)) from error
    return trace


LoadOption = Annotated[
    str | None,
    typer.Option(
        callback=_checked,
        help="Let every step want containers as in this trace, so that clusters scale: a name, CSV or event log, as "
        "'bench scaling --trace' has it.",
    ),
]
