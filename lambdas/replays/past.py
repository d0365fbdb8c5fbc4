"""The run that is replayed, as the ledger has it: whether it may be, on which input, and the how manieth time."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.inputs.request import REPLAY, is_replay
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import EntryTornError, claim_replay, count_replays, read_entry
from lambdas.replays.errors import (
    ReplayAlreadySucceededError,
    ReplayEntryTornError,
    ReplayInputUnknownError,
    ReplayOtherJobError,
    ReplayStillRunningError,
    ReplayUnknownRunError,
)
from lambdas.replays.name import FIRST_REPLAY, parse, stem_of
from lambdas.replays.request import ReplayRequest, parse_replay
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Plan
from lambdas.specs.load import job_names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Replay:
    """A replay that may be.

    Attributes
    ----------
    request
        What is asked for.
    entry
        The run that is replayed.
    document
        The input it reads, as the input of an execution says it.
    attempt
        Which attempt of the chain's first run it is, counted from 2.
    known
        How many replays the entry of the chain's first run named before the chain was looked at.
    """

    request: ReplayRequest
    entry: LedgerEntry
    document: Any
    attempt: int
    known: int | None = None


def find_replay(event: PlanEvent, dynamodb: "DynamoDBClient", table: str) -> Replay:
    """Find the run that an execution's input asks to be replayed, and say what that means.

    Parameters
    ----------
    event
        Its input has ``replay``.
    dynamodb, table
        The client and the run table.

    Raises
    ------
    RejectionError
        There is no such run, it may not be replayed now, or need not be.
    """
    ledger = Ledger(dynamodb, table, event.job)
    request = parse_replay(event.input)
    entry = ledger.entry(request)
    known = count_replays(dynamodb, table, event.job, entry.root)
    others = [each for each in ledger.chain(entry) if each.run != event.execution.name]
    _refuse(entry, others, request)
    attempt = _attempt(event.execution.name, entry, others)
    return Replay(request, entry, ledger.document(entry, request), attempt, known)


def claim(plan: Plan, dynamodb: "DynamoDBClient", table: str) -> None:
    """Make a replay the only one of its chain that goes on from what it saw of it; other plans do nothing here.

    Raises
    ------
    ReplayStillRunningError
        Another one was planned at the same time, and is it.
    """
    replay = plan.replay
    if replay is None or replay.known is None:
        return
    if not claim_replay(dynamodb, table, plan.job, replay.origin, plan.run, replay.known):
        raise ReplayStillRunningError(
            f"another replay of {replay.origin} was begun at the same time, and goes on; "
            f"'slow-lambda runs show {replay.origin}' names it"
        )


@dataclass(frozen=True)
class Ledger:
    """The runs of a job, as the run table has them."""

    dynamodb: "DynamoDBClient"
    table: str
    job: str

    def entry(self, request: ReplayRequest) -> LedgerEntry:
        """Return the run to be replayed; instead of a replay that was rejected, the one that it was to replay.

        Raises
        ------
        RejectionError
            There is none, or it cannot be read.
        """
        run, seen = request.run, set[str]()
        while run not in seen:
            seen.add(run)
            entry = self._read(run, request)
            if not (
                is_replay(entry.document) and entry.manifest is None and entry.replays and entry.status != "RUNNING"
            ):
                break
            run = entry.replays
        return entry

    def chain(self, entry: LedgerEntry) -> list[LedgerEntry]:
        """Return a run, the first of its chain, and the replays of either; without those that cannot be read."""
        found = {entry.run: entry}
        if entry.root not in found and (root := self._find(entry.root)):
            found[root.run] = root
        names = {name for each in found.values() for name in each.replayed_by} - set(found)
        return [*found.values(), *filter(None, map(self._find, sorted(names)))]

    def document(self, entry: LedgerEntry, request: ReplayRequest) -> Any:
        """Return the execution's input that says what a replay reads.

        Raises
        ------
        ReplayInputUnknownError
            Nobody knows any more.
        """
        asked, run = request, entry
        seen = {run.run}
        while asked.input is None and is_replay(run.document):
            asked = parse_replay(run.document)
            before = self._find(asked.run)
            if asked.input is None and (before is None or before.run in seen):
                raise _no_input(entry)
            run = before or run
            seen.add(run.run)
        if asked.input is not None:
            return dict(asked.input)
        if run.document is None:
            raise _no_input(entry)
        # Another version is no reason to refuse a replay: its plan says what has changed.
        is_versioned = isinstance(run.document, Mapping) and "version" in run.document
        return (
            {name: value for name, value in run.document.items() if name != "version"} if is_versioned else run.document
        )

    def _read(self, run: str, request: ReplayRequest) -> LedgerEntry:
        try:
            entry = read_entry(self.dynamodb, self.table, self.job, run)
        except EntryTornError as error:
            if request.input is not None:
                return _all_anew(self.job, run)
            raise ReplayEntryTornError(
                f"{error}; what of {run} was completed is not known, so all of it must run again: name its input, as "
                f'in {{"{REPLAY}": "{run}", "all_steps": true, "input": "s3://bucket/prefix/"}}'
            ) from error
        if entry is None:
            raise self._unknown(run)
        return entry

    def _unknown(self, run: str) -> ReplayUnknownRunError | ReplayOtherJobError:
        for job in job_names():
            if job != self.job and self._is_of(job, run):
                return ReplayOtherJobError(f"{run!r} is a run of the job {job!r}; replay it with that job")
        return ReplayUnknownRunError(
            f"no run {run!r} of {self.job!r} is on record; 'slow-lambda runs --job {self.job}' lists those that are, "
            "and a run of before there were records is started anew, with the input it had"
        )

    def _is_of(self, job: str, run: str) -> bool:
        try:
            return read_entry(self.dynamodb, self.table, job, run) is not None
        except EntryTornError:
            return True

    def _find(self, run: str) -> LedgerEntry | None:
        try:
            return read_entry(self.dynamodb, self.table, self.job, run)
        except EntryTornError:
            return None


def _refuse(entry: LedgerEntry, others: list[LedgerEntry], request: ReplayRequest) -> None:
    running = next((each for each in others if each.status == "RUNNING"), None)
    if running:
        what = "it" if running.run == entry.run else f"{running.run}, which replays it,"
        raise ReplayStillRunningError(
            f"{entry.run} cannot be replayed while {what} is running; wait for its end, or stop it first. If its "
            f"execution has ended without being recorded, 'slow-lambda replay {entry.run}' notices"
        )
    done = next((each for each in others if each.status == "SUCCEEDED"), None)
    if done and not (request.runs_all or request.from_step):
        raise already_succeeded(entry, done)


def already_succeeded(entry: LedgerEntry, done: LedgerEntry) -> ReplayAlreadySucceededError:
    """Say that a run, or the replay of it, has succeeded, and how to have it run all the same."""
    what = "has succeeded" if done.run == entry.run else f"was replayed by {done.run}, which has succeeded"
    return ReplayAlreadySucceededError(
        f'{entry.run} {what}; to run it again ask for "all_steps": true, for "from_step", or for another "input"'
    )


def _attempt(run: str, entry: LedgerEntry, others: list[LedgerEntry]) -> int:
    named = parse(run)
    if named and named.stem == stem_of(entry.root):
        return named.attempt
    return next_attempt(entry, others)


def next_attempt(entry: LedgerEntry, chain: list[LedgerEntry]) -> int:
    """Return the attempt that the next replay is: one more than any of a chain, also where one cannot be read."""
    stem = stem_of(entry.root)
    names = [parse(name) for each in (entry, *chain) for name in (each.run, *each.replayed_by)]
    named = [name.attempt for name in names if name and name.stem == stem]
    return 1 + max([FIRST_REPLAY - 1, *named, *(each.attempt for each in (entry, *chain))])


def _no_input(entry: LedgerEntry) -> ReplayInputUnknownError:
    read = f" (it read {entry.input})" if entry.input else ""
    return ReplayInputUnknownError(
        f"the input that {entry.run} was started with is not on record{read}; name it, as in "
        f'{{"{REPLAY}": "{entry.run}", "input": "s3://bucket/prefix/"}}'
    )


def _all_anew(job: str, run: str) -> LedgerEntry:
    """Return what stands for an entry that cannot be read: a failed run of which nothing was completed."""
    return LedgerEntry(job=job, run=run, status="FAILED", started=datetime.datetime.min.replace(tzinfo=datetime.UTC))
