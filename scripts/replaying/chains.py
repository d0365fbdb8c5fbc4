"""Which of many runs are to be replayed: the last of each chain, if it failed and is not being replayed already."""

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lambdas.ledger.entry import LedgerEntry
from lambdas.replays.name import parse, replay_name, stem_of
from scripts.replaying.cures import Cause, Cure, cause_of, same_name

FAILED = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})


@dataclass(frozen=True)
class Wanted:
    """Which runs somebody wants.

    Attributes
    ----------
    since, until
        When a run of the chain started; both belong to it.
    causes
        Names of failures; all when empty.
    force
        Also what a replay cannot cure.
    """

    since: datetime.datetime
    until: datetime.datetime
    causes: Collection[str] = ()
    force: bool = False


class Change(NamedTuple):
    """What changed since a run, in words that many runs have in common, and what is this run's own."""

    what: str
    detail: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A run to be replayed.

    Attributes
    ----------
    entry
        The run.
    name
        Of the execution that replays it. Whoever replays it meanwhile takes the same, and it can be taken once.
    cause
        Why the chain's last run failed.
    changed
        What has changed since, where only that makes a replay worth it.
    """

    entry: LedgerEntry
    name: str
    cause: Cause
    changed: Change | None = None

    @property
    def why(self) -> str:
        """Why it is replayed, in words that many runs have in common."""
        return self.changed.what if self.changed else self.cause.why


@dataclass(frozen=True)
class LeftOut:
    """A run that is not replayed.

    Attributes
    ----------
    why, detail
        Why not, in words that many runs have in common, and what is this run's own.
    cause
        Its failure's name, if that is known.
    """

    job: str
    run: str
    why: str
    cause: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class Selection:
    """What is replayed, the oldest first, and what is not."""

    chosen: Sequence[Candidate]
    left_out: Sequence[LeftOut]


def select(
    entries: Iterable[LedgerEntry], wanted: Wanted, changed: Callable[[LedgerEntry], Change | None]
) -> Selection:
    """Choose among runs.

    Parameters
    ----------
    entries
        All runs of some jobs from ``wanted.since`` until now: a replay tells that the run it replays is done with, also
        where it started after ``wanted.until``.
    wanted
        Which of them.
    changed
        Says what of a run's code, definition or input is another today; asked only where the answer decides.
    """
    chosen: list[Candidate] = []
    left_out: list[LeftOut] = []
    for chain in _chains(entries):
        if not any(each.status in FAILED and wanted.since <= each.started <= wanted.until for each in chain):
            continue
        match _judge(chain, wanted, changed):
            case Candidate() as found:
                chosen.append(found)
            case LeftOut() as found:
                left_out.append(found)
    return Selection(sorted(chosen, key=lambda each: (each.entry.started, each.entry.run)), left_out)


def attempt_of(entry: LedgerEntry) -> int:
    """Return which attempt of its chain a run is; one that was not planned tells it by its name only."""
    named = parse(entry.run) if entry.replays or _is_only_a_name(entry) else None
    return max(entry.attempt, named.attempt if named else 1)


def _chains(entries: Iterable[LedgerEntry]) -> list[list[LedgerEntry]]:
    """Group runs with those they replay, the last attempt last."""
    known = {(each.job, each.run): each for each in entries}
    stems = {(each.job, stem_of(each.run)): each.run for each in known.values()}
    chains: dict[tuple[str, str], list[LedgerEntry]] = {}
    for each in known.values():
        chains.setdefault((each.job, _root(each, known, stems)), []).append(each)
    return [sorted(chain, key=lambda each: (attempt_of(each), each.started)) for chain in chains.values()]


def _root(
    entry: LedgerEntry, known: Mapping[tuple[str, str], LedgerEntry], stems: Mapping[tuple[str, str], str]
) -> str:
    """Return the first run of a chain."""
    seen: set[str] = set()
    # A replay that was rejected knows only the run it was to replay.
    while entry.origin is None and entry.replays is not None and entry.run not in seen:
        seen.add(entry.run)
        replayed = known.get((entry.job, entry.replays))
        if replayed is None:
            return entry.replays
        entry = replayed
    named = parse(entry.run) if _is_only_a_name(entry) else None
    return stems.get((entry.job, named.stem), entry.root) if named else entry.root


def _is_only_a_name(entry: LedgerEntry) -> bool:
    """Whether there is only what a list of executions shows, as of a replay that waits to be planned."""
    return entry.document is None and entry.trigger is None


def _judge(
    chain: Sequence[LedgerEntry], wanted: Wanted, changed: Callable[[LedgerEntry], Change | None]
) -> Candidate | LeftOut | None:
    last, run = chain[-1], _to_replay(chain)
    done = next((each for each in chain if each.status not in FAILED), None)
    if done is not None:
        how = "is running" if done.status == "RUNNING" else "succeeded"
        return LeftOut(run.job, chain[0].run, f"a replay of it {how}", detail=done.run)
    cause = cause_of(last)
    if wanted.causes and not any(same_name(name, cause.name) for name in wanted.causes):
        return None
    unknown = {name for each in chain for name in each.replayed_by} - {each.run for each in chain}
    if unknown:
        why = "nobody can read what became of its replay"
        return LeftOut(run.job, run.run, why, cause.name, ", ".join(sorted(unknown)))
    name = replay_name(run.root, attempt_of(last) + 1)
    if wanted.force or cause.cure is Cure.YES:
        return Candidate(run, name, cause)
    what = changed(run) if cause.cure is Cure.IF_CHANGED else None
    if what is not None:
        return Candidate(run, name, cause, what)
    unchanged = "; nothing of it has changed since" if cause.cure is Cure.IF_CHANGED else ""
    return LeftOut(run.job, run.run, f"{cause.why}{unchanged}", cause.name)


def _to_replay(chain: Sequence[LedgerEntry]) -> LedgerEntry:
    """Return the last run of a chain that was planned: one that was rejected has nothing to go on from."""
    planned = [each for each in chain if each.replays is None or each.origin is not None]
    return planned[-1] if planned else chain[-1]
