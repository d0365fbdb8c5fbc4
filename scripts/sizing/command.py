"""``slow-lambda size``: sizing decisions from a program, one line each."""

import sys
from typing import Annotated

import typer


def size(
    decide: Annotated[
        bool, typer.Option("--decide", help="Read one request per line from stdin, answer one per line on stdout.")
    ] = False,
) -> None:
    """Answer sizing requests, without AWS: JSON lines in, JSON lines out, until the input ends."""
    if not decide:
        raise typer.BadParameter("say --decide, and send one JSON request per line")
    # Here, not above: they bring numpy.
    from scripts.sizing.choose import choose_for_request  # noqa: PLC0415
    from scripts.sizing.decide import answer_lines  # noqa: PLC0415

    answer_lines(sys.stdin.buffer, sys.stdout, choose_for_request)
