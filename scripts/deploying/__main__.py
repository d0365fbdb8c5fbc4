"""``python -m scripts.deploying deploy`` and ``remove``, as the Makefile calls them."""

import sys

import typer

from scripts.cli import EXPECTED
from scripts.deploying.command import deploy, remove
from scripts.deploying.errors import NotEmptiedError, NotReadyError, OslsError
from scripts.node import NodeError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command()(deploy)
app.command()(remove)


def main() -> None:
    """Run the command; what a user can mend is said in words, with exit status 2."""
    try:
        app()
    except (*EXPECTED, NodeError, NotEmptiedError, NotReadyError, OslsError) as error:
        sys.stdout.flush()
        print(f"slow-lambda: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
