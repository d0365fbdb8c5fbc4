"""Asking whether to go ahead."""

import sys

import typer

from scripts.replaying.errors import ReplayRefusedError


def agreed(question: str, *, yes: bool) -> bool:
    """Ask on the terminal, unless that was answered beforehand.

    Raises
    ------
    ReplayRefusedError
        There is no terminal.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise ReplayRefusedError(
            "nothing was started: there is no terminal to ask on; give --yes to start, or --dry-run only to look"
        )
    return typer.confirm(question, err=True)
