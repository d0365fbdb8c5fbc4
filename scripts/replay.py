"""``slow-lambda replay``: start a run again."""

import json
from typing import Annotated

import typer

from scripts import deployment
from scripts.diagnosing.past_run import find_run
from scripts.run import FOLLOW, STAGE, start


def replay(
    run: Annotated[str, typer.Argument(help="The run's name, or its execution's ARN.")],
    stage: STAGE = "dev",
    follow: FOLLOW = True,
) -> None:
    """Start a run again on the same input, from its first step, with the code and the size of today."""
    deployed = deployment.find(stage)
    past = find_run(deployed, run)
    document = json.loads(past.execution["input"])
    if isinstance(document, dict):
        document.pop("version", None)  # whatever is there now is meant
    start(deployed, past.job, document, follow)
