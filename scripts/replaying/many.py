"""Many runs again: which, at what price, and then one after the other."""

import datetime
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from scripts.deployment import Deployment
from scripts.ledger.read import MISSING, Found, Runs
from scripts.replaying.campaign import Campaign, Journal, Member
from scripts.replaying.chains import Candidate, LeftOut, Wanted, select
from scripts.replaying.changes import Changes
from scripts.replaying.drive import Driver, Outcome
from scripts.replaying.gather import gather
from scripts.replaying.limits import paced
from scripts.replaying.running import Running
from scripts.replaying.starting import Starter, learn


@dataclass(frozen=True)
class Bulk:
    """What would be replayed.

    Attributes
    ----------
    wanted
        Which runs were asked for.
    chosen, left_out
        The runs that are replayed, in this order, and those that are not.
    flawed
        What was found of runs whose entries lack something that their replays need.
    problems
        What could not be looked at, in words.
    """

    wanted: Wanted
    chosen: Sequence[Candidate]
    left_out: Sequence[LeftOut]
    flawed: Sequence[Found]
    problems: Sequence[str]

    @property
    def usd(self) -> float:
        """The sum of what plan_run expected each run to cost, where it is known."""
        return sum(price_of(each.entry) or 0.0 for each in self.chosen)

    @property
    def without_price(self) -> int:
        """How many have no price on record."""
        return sum(price_of(each.entry) is None for each in self.chosen)


def price_of(entry: LedgerEntry) -> float | None:
    """Return what a run was expected to cost, else what it did cost; a replay is sized anew when it starts."""
    return entry.usd if entry.usd_estimated is None else entry.usd_estimated


def plan_bulk(
    deployed: Deployment,
    jobs: Collection[str],
    wanted: Wanted,
    input_change: Callable[[LedgerEntry], str | None],
    max_usd: float | None = None,
) -> Bulk:
    """Find the runs to be replayed; nothing is written.

    Parameters
    ----------
    deployed
        Where.
    jobs
        Whose runs.
    wanted
        Which runs.
    input_change
        Says how the input of a run differs from what it read.
    max_usd
        With a budget, runs of unknown price are left out: they might pass it.
    """
    with paced(aws.stepfunctions()):
        gathered = gather(Runs(deployed), jobs, wanted.since)
        selection = select((each.entry for each in gathered.found), wanted, Changes(deployed, input_change).since)
    chosen, dear = list(selection.chosen), list[LeftOut]()
    if max_usd is not None:
        why = "nobody knows what it costs, and there is a budget (--max-usd)"
        unpriced = [each for each in chosen if price_of(each.entry) is None]
        dear = [LeftOut(each.entry.job, each.entry.run, why, each.cause.name) for each in unpriced]
        chosen = [each for each in chosen if price_of(each.entry) is not None]
    meant = {(each.entry.job, each.entry.run) for each in chosen}
    # A run that seems to go on keeps its whole chain from being replayed.
    flawed = [
        each
        for each in gathered.found
        if each.flaw and (each.flaw != MISSING or (each.entry.job, each.entry.run) in meant)
    ]
    return Bulk(wanted, chosen, [*gathered.left_out, *selection.left_out, *dear], flawed, gathered.problems)


def journal_of(deployed: Deployment) -> Journal:
    """Return where the campaigns of a deployment are kept."""
    return Journal(aws.dynamodb(), deployed.outputs["RunTable"])


def begin(
    deployed: Deployment,
    bulk: Bulk,
    now: datetime.datetime,
    max_parallel: int | None = None,
    max_usd: float | None = None,
) -> Campaign:
    """Write down what is to be replayed, under which names; from then on it can be gone on with anywhere."""
    for found in bulk.flawed:
        learn(aws.dynamodb(), deployed.outputs["RunTable"], found)
    members = [
        Member(number, each.entry.job, each.entry.run, each.name, price_of(each.entry))
        for number, each in enumerate(bulk.chosen)
    ]
    return journal_of(deployed).create(members, now, max_parallel, max_usd)


def drive(
    deployed: Deployment, campaign: Campaign, tell: Callable[[Member], None], stopping: threading.Event
) -> Outcome:
    """Start what is left of a campaign, within its limits."""
    sfn, dynamodb = aws.stepfunctions(), aws.dynamodb()
    starter = Starter(sfn, deployed)
    running = Running(dynamodb, deployed.outputs["RunTable"], starter.is_over)
    with paced(sfn):
        return Driver(journal_of(deployed), starter.start, running, tell).drive(campaign, stopping)
