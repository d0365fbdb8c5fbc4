"""Arguments that several verbs have."""

from typing import Annotated

import typer

RUN_ARGUMENT = typer.Argument(
    help="The run's name, or the beginning of it; its execution's ARN; @last or @last-failed."
)
RUN = Annotated[str, RUN_ARGUMENT]
JOB = Annotated[str | None, typer.Option(help="Whose runs are meant; else those of all jobs.")]
