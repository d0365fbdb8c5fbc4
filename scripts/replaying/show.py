"""A bulk replay in words, as tables and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from scripts.replaying.campaign import Campaign
from scripts.replaying.chains import Candidate, LeftOut
from scripts.replaying.drive import Outcome
from scripts.replaying.many import Bulk, price_of

PRICE_NOTE = "the sum of what each run was expected to cost; each is sized anew when it starts"


def runs(count: int) -> str:
    """Write a number of runs."""
    return f"{count:,} run{'' if count == 1 else 's'}"


def show_bulk(bulk: Bulk, console: Console) -> None:
    """Show what would be replayed, by job and cause, what would not and why, and the price."""
    since, until = (f"{moment:%Y-%m-%d %H:%M}" for moment in (bulk.wanted.since, bulk.wanted.until))
    console.print(f"Failed runs that started from {since} to {until} (UTC)", highlight=False)
    if bulk.chosen:
        table = Table(
            "job", "cause", Column("runs", justify="right"), Column("USD", justify="right"), "replayed because"
        )
        for (job, cause), group in _by_job_and_cause(bulk.chosen):
            table.add_row(job, cause, f"{len(group):,}", _dollars(group), _why(group))
        console.print(table)
    if bulk.left_out:
        table = Table("left out", "cause", Column("runs", justify="right"), Column("why", overflow="fold"), "such as")
        for (job, left_out_cause, why), others in _by_reason(bulk.left_out):
            table.add_row(job, left_out_cause, f"{len(others):,}", why, others[0].run)
        console.print(table)
    for problem in bulk.problems:
        console.print(f"! {problem}", highlight=False)
    unpriced = f", and {runs(bulk.without_price)} of unknown price" if bulk.without_price else ""
    if bulk.chosen:
        console.print(f"{runs(len(bulk.chosen))} to replay, ${bulk.usd:,.2f}{unpriced}: {PRICE_NOTE}.", highlight=False)
    else:
        console.print("Nothing to replay.")


def bulk_document(bulk: Bulk) -> dict[str, Any]:
    """Return the same as a JSON document."""
    return {
        "since": bulk.wanted.since.isoformat(),
        "until": bulk.wanted.until.isoformat(),
        "count": len(bulk.chosen),
        "usd_recorded_estimates": round(bulk.usd, 4),
        "without_price": bulk.without_price,
        "groups": [
            {"job": job, "cause": cause, "runs": len(group), "usd": _sum(group)}
            for (job, cause), group in _by_job_and_cause(bulk.chosen)
        ],
        "runs": [
            {
                "job": each.entry.job,
                "run": each.entry.run,
                "cause": each.cause.name,
                "why": each.why,
                "detail": each.changed.detail if each.changed else None,
                "usd": price_of(each.entry),
            }
            for each in bulk.chosen
        ],
        "left_out": [vars(each) for each in bulk.left_out],
        "problems": list(bulk.problems),
    }


def outcome_document(campaign: Campaign, outcome: Outcome) -> dict[str, Any]:
    """Return what became of a campaign as a JSON document."""
    return {
        "id": campaign.id,
        "stopped": outcome.stopped,
        "members": [
            {"job": each.job, "run": each.run, "replay": each.name, "state": each.state, "why": each.why}
            for each in outcome.members
        ],
    }


def show_outcome(campaign: Campaign, outcome: Outcome, console: Console) -> None:
    """Say what became of a campaign, and how to go on."""
    for line in _outcome_lines(campaign, outcome):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _outcome_lines(campaign: Campaign, outcome: Outcome) -> Iterator[str]:
    yield f"{len(outcome.members) - len(outcome.left):,} of {runs(len(outcome.members))} started."
    refused = sorted(outcome.refused, key=lambda each: (each.job, each.why or ""))
    for (job, why), group in groupby(refused, lambda each: (each.job, each.why)):
        names = [each.run for each in group]
        yield f"! {runs(len(names))} of {job} could not be started ({names[0]}): {why}"
    again = f"To go on: slow-lambda replay --resume {campaign.id}"
    if outcome.stopped == "budget":
        untried = [each for each in outcome.left if each.state != "REFUSED"]
        usd = sum(each.usd or 0.0 for each in untried)
        yield (
            f"The next one would pass ${campaign.max_usd:,.2f}: {runs(len(untried))} left, ${usd:,.2f} by recorded "
            f"estimates. {again} --max-usd <more>"
        )
    elif outcome.left:
        yield f"{runs(len(outcome.left))} left. {again}"


def _by_job_and_cause(chosen: Iterable[Candidate]) -> list[tuple[tuple[str, str], list[Candidate]]]:
    def key(each: Candidate) -> tuple[str, str]:
        return each.entry.job, each.cause.name

    return [(name, list(group)) for name, group in groupby(sorted(chosen, key=key), key)]


def _by_reason(left_out: Iterable[LeftOut]) -> list[tuple[tuple[str, str, str], list[LeftOut]]]:
    def key(each: LeftOut) -> tuple[str, str, str]:
        return each.job, each.cause or "", each.why

    return [(name, list(group)) for name, group in groupby(sorted(left_out, key=key), key)]


def _why(group: Sequence[Candidate]) -> str:
    return "; ".join(sorted({each.why for each in group}))


def _sum(group: Sequence[Candidate]) -> float:
    return round(sum(price_of(each.entry) or 0.0 for each in group), 4)


def _dollars(group: Sequence[Candidate]) -> str:
    unknown = sum(price_of(each.entry) is None for each in group)
    return f"{_sum(group):,.2f}" + (f" + {unknown} unknown" if unknown else "")
