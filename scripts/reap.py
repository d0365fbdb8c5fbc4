"""``slow-lambda reap``: what the sweep would end now, and end it."""

import datetime
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from lambdas import aws
from lambdas.clusters.end import end_clusters
from lambdas.clusters.judge import Doomed
from lambdas.clusters.problems import Problems
from lambdas.clusters.reap import sweep
from scripts.run import STAGE


@dataclass(frozen=True)
class Row:
    """A cluster that must end, as it is shown; ``age_seconds`` is ``None`` when EMR does not say when it began."""

    cluster: str
    job: str | None
    execution: str | None
    state: str
    age_seconds: int | None
    reason: str
    ended: bool


def reap(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would end.")] = False,
    stage: STAGE = "dev",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """End clusters whose execution is over or unknown, or that are too old; exit status 1 if a call failed."""
    now, problems = datetime.datetime.now(datetime.UTC), Problems()
    doomed = list(sweep(aws.emr(), aws.stepfunctions(), stage, now, problems))
    ended = set() if dry_run else {each.cluster.id for each in end_clusters(aws.emr(), doomed, problems)}
    rows = [_row(each, now, each.cluster.id in ended) for each in doomed]
    if as_json:
        clusters = [vars(row) for row in rows]
        document = {"stage": stage, "dry_run": dry_run, "clusters": clusters, "problems": problems.sentences}
        print(json.dumps(document, indent=2))
    else:
        _show(rows, stage, dry_run)
        for sentence in problems.sentences:
            print(sentence, file=sys.stderr)
    if problems.sentences:
        raise typer.Exit(1)


def _row(doomed: Doomed, now: datetime.datetime, ended: bool) -> Row:
    cluster = doomed.cluster
    # The local cloud's EMR may be ahead of the wall clock.
    age = None if cluster.created is None else max(round((now - cluster.created).total_seconds()), 0)
    return Row(cluster.id, cluster.job, cluster.execution, cluster.state, age, doomed.reason.value, ended)


def _show(rows: Sequence[Row], stage: str, dry_run: bool) -> None:
    if not rows:
        print(f"no cluster of stage {stage} has to end")
        return
    table = Table("cluster", "job", "execution", "state", "age", "reason", "")
    for row in rows:
        execution = (row.execution or "").rpartition(":")[2]
        age = "" if row.age_seconds is None else str(datetime.timedelta(seconds=row.age_seconds))
        outcome = "would end" if dry_run else "ended" if row.ended else "not ended"
        table.add_row(row.cluster, row.job or "", execution, row.state, age, row.reason, outcome)
    Console().print(table)
