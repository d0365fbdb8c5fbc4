"""The figures as a document and as a table."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich.table import Table

from scripts.bench.idle.figures import Figures
from scripts.bench.idle.jobs import CORE_NODES, CORE_TYPE, PRIMARY_TYPE
from scripts.bench.idle.run import Outcome
from scripts.bench.idle.ways import CHAIN, PIPELINED

# EMR publishes a cluster's metrics every five minutes: who scales by them notices nothing sooner.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html
METRIC_SECONDS = 300

_COLUMNS = {
    "waiting_s": "waiting",
    "working_s": "working",
    "gap_s": "between steps",
    "tail_s": "tail",
    "ending_s": "ending",
    "makespan_s": "makespan",
}


def as_document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the figures as JSON types: for each job, what each way took."""
    return {
        "cluster": {"primary": PRIMARY_TYPE, "core": CORE_TYPE, "core_nodes": CORE_NODES},
        "jobs": [
            {"job": job, **{each.way: _way(each) for each in group}}
            for job, group in groupby(outcomes, lambda each: each.job)
        ],
        "goal_met": is_goal_met(outcomes),
    }


def _way(outcome: Outcome) -> dict[str, float]:
    return {**outcome.figures.as_document(), "worst_failure_s": round(outcome.worst_failure_s, 3)}


def is_goal_met(outcomes: Sequence[Outcome]) -> bool:
    """Say whether pipelined no second is idle when all goes well, and a failure costs ours no more than a period."""
    return all(
        (not _idle(each.figures) or each.way != PIPELINED) and each.worst_failure_s <= METRIC_SECONDS
        for each in outcomes
        if each.way != CHAIN
    )


def _idle(figures: Figures) -> float:
    return figures.gap_s + figures.tail_s


def table(outcomes: Sequence[Outcome]) -> Table:
    """Return a row for each job and way."""
    shown = Table(title="Seconds of the cluster", title_justify="left", box=None, padding=(0, 1))
    for name in ("job", "way"):
        shown.add_column(name, no_wrap=True)
    for name in ("starting", *_COLUMNS.values(), "worst failure", "usd"):
        shown.add_column(name, justify="right", no_wrap=True)
    for job, group in groupby(outcomes, lambda each: each.job):
        shown.add_section()
        for number, each in enumerate(group):
            figures = each.figures
            seconds = [figures.provisioning_s + figures.bootstrapping_s]
            seconds += [getattr(figures, name) for name in _COLUMNS]
            cells = [f"{value:,.0f}" for value in (*seconds, each.worst_failure_s)]
            shown.add_row("" if number else job, each.way, *cells, f"{figures.usd:.3f}")
    return shown


def goal(outcomes: Sequence[Outcome]) -> str:
    """Say what was aimed at, and whether it was reached."""
    return (
        f"Goal: pipelined 0 s between steps and 0 s of tail; at most {METRIC_SECONDS} s after any failure: "
        f"{'reached' if is_goal_met(outcomes) else 'missed'}."
    )
