"""``slow-lambda logs``: what a step of a run wrote."""

import datetime
import re
import sys
from typing import Annotated

import typer

from lambdas.inputs.uri import S3Uri
from scripts import deployment
from scripts.ledger.find import find_entry
from scripts.ledger.options import JOB, RUN
from scripts.logs.absence import why_missing
from scripts.logs.errors import LogsMissingError
from scripts.logs.files import USUAL, LogObject, Stream, step_logs
from scripts.logs.lines import chosen_lines, log_lines
from scripts.logs.places import ALL, choose, places_of
from scripts.run import STAGE


def logs(  # noqa: PLR0913, PLR0917 - each is an option of the command
    run: RUN,
    step: Annotated[str | None, typer.Argument(help="The step's name; else the one that failed, or the last.")] = None,
    stream: Annotated[
        list[Stream] | None, typer.Option(help="Only these; again for another. Else all but the executors'.")
    ] = None,
    tail: Annotated[int, typer.Option(min=0, help="So many lines of each log; 0 for all.")] = 200,
    grep: Annotated[str | None, typer.Option(metavar="REGEX", help="Only lines in which this is found.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help=f"Of an earlier attempt's cluster, by id; {ALL!r} for all that had the step.")
    ] = None,
    job: JOB = None,
    stage: STAGE = "dev",
) -> None:
    """Show the logs of a step of a run, from S3: EMR's, spark-submit's, and those of driver and executors."""
    pattern = _compiled(grep) if grep else None
    deployed = deployment.find(stage)
    folder = S3Uri(deployed.outputs["LogBucket"], "emr/")
    entry = find_entry(deployed, run, job)
    chosen = choose(entry, places_of(entry, folder), step, cluster)
    now = datetime.datetime.now(datetime.UTC)
    streams = stream or USUAL
    found = {place: step_logs(folder, place, streams) for place in chosen}
    objects = [each for of_place in found.values() for each in of_place.of(streams)]
    problems = [why_missing(entry, place, each, now) for place, each in found.items() if not each.of(streams)]
    if not objects:
        raise LogsMissingError("\n".join(problems))
    for each in objects:
        _print(each, pattern, tail, is_one_of_several=len(objects) > 1, problems=problems)
    for problem in problems:
        print(f"slow-lambda: {problem}", file=sys.stderr)


def _compiled(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise typer.BadParameter(f"{text!r} is no regular expression: {error}") from error


def _print(
    log: LogObject, pattern: re.Pattern[str] | None, tail: int, *, is_one_of_several: bool, problems: list[str]
) -> None:
    """Print the lines of a log that are wanted, below its address where there are several; none of a log without."""
    is_first = True
    for line in chosen_lines(log_lines(log.uri, problems), pattern, tail):
        if is_first and is_one_of_several:
            print(f"==> {log.stream}: {log.uri} <==")
        is_first = False
        print(line)
