"""All runs of some jobs, as a bulk replay judges them."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lambdas import aws
from lambdas.ledger.store import entries_since
from scripts.ledger.read import MISSING, Found, Runs, Wanted
from scripts.replaying.chains import FAILED, LeftOut
from scripts.replaying.words import REFUSALS, in_words


@dataclass(frozen=True)
class Gathered:
    """Runs, those of them that cannot be replayed because too little is known, and what could not be looked at."""

    found: Sequence[Found]
    left_out: Sequence[LeftOut]
    problems: Sequence[str]


def gather(runs: Runs, jobs: Collection[str], since: datetime.datetime) -> Gathered:
    """Return the runs of some jobs that started since then.

    Runs that the ledger lacks are rebuilt from their executions if they failed, two calls each. Where Step Functions
    cannot be asked, what the ledger has must do.
    """
    found: list[Found] = []
    problems: list[str] = []
    for job in jobs:
        try:
            of_job = [_in_full(runs, each) for each in runs.newest_first([job], Wanted(since=since))]
            of_job += _replayed(runs, of_job)
        except REFUSALS as error:
            problems.append(f"of {job} only what the ledger has is looked at: {in_words(error)}")
            entries = entries_since(aws.dynamodb(), runs.deployed.outputs["RunTable"], job, since, None, runs.torn)
            of_job = [Found(entry) for entry in entries]
        found += of_job
    torn = [each for each in found if each.flaw and each.flaw.word == "unreadable"]
    left_out = [
        LeftOut(each.entry.job, each.entry.run, "its entry in the ledger cannot be read", detail=each.flaw.sentence)
        for each in torn
        if each.flaw
    ]
    told = " ".join(each.detail or "" for each in left_out)
    problems += [str(error) for error in runs.torn if str(error) not in told]
    return Gathered([each for each in found if each not in torn], left_out, problems)


def _in_full(runs: Runs, found: Found) -> Found:
    if found.flaw != MISSING or found.entry.status not in FAILED:
        return found
    return runs.exactly(found.entry.job, found.entry.run) or found


def _replayed(runs: Runs, found: Sequence[Found]) -> list[Found]:
    """Return the runs from before that rejected replays were to replay: only they know the chain."""
    known = {each.entry.run for each in found}
    asked = {each.entry.replays for each in found if each.entry.origin is None and each.entry.replays} - known
    return [each for name in sorted(filter(None, asked)) if (each := runs.exactly(found[0].entry.job, name))]
