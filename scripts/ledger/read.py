"""Runs, newest first: from the ledger, and from Step Functions those that the ledger lacks or cannot tell of."""

import datetime
import heapq
import itertools
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import STARTED_INDEX, EntryTornError, entries_since, read_entry
from lambdas.replays.start import execution_arn
from scripts.deployment import Deployment, DeploymentError
from scripts.ledger import executions


class Flaw(NamedTuple):
    """What is wrong with a run's entry in the ledger: a word for a table, and a sentence."""

    word: str
    sentence: str


MISSING = Flaw("missing", "the ledger has no entry of it; what is shown is what Step Functions knows")
LEFT_OPEN = Flaw("left open", "its end is not in the ledger; what is shown is what Step Functions knows of it")
FORGOTTEN = Flaw(
    "left open",
    "its end is not in the ledger, and Step Functions does not know the execution (any more), so that it is over and "
    "nobody can say how",
)


@dataclass(frozen=True)
class Found:
    """A run, and what is wrong with its entry, if anything is."""

    entry: LedgerEntry
    flaw: Flaw | None = None


@dataclass(frozen=True)
class Wanted:
    """Which runs are looked for: those that are all of what is said.

    Attributes
    ----------
    statuses
        Any of these; any at all if there are none.
    since, until
        When they started, with a time zone.
    failure_class
        The class of the failure (``capacity_shortage`` or ``CapacityShortage``), or the Error of a rejected run.
    input
        A part of the input's address.
    """

    statuses: Collection[str] = ()
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    failure_class: str | None = None
    input: str | None = None

    @property
    def needs_details(self) -> bool:
        """Whether it asks for what a list of executions does not show."""
        return self.failure_class is not None or self.input is not None

    def has_status(self, entry: LedgerEntry) -> bool:
        """Whether a run has one of the statuses."""
        return not self.statuses or entry.status in self.statuses

    def takes(self, entry: LedgerEntry) -> bool:
        """Whether a run is one of those looked for."""
        return (
            self.has_status(entry)
            and (self.failure_class is None or _plain(self.failure_class) in _classes(entry))
            and (self.input is None or self.input in input_of(entry))
        )


ANY = Wanted()


@dataclass
class Runs:
    """The runs of a deployment.

    Attributes
    ----------
    torn
        The entries that could not be read, as far as they have been come across.
    machines
        The ARNs of the deployed jobs' state machines, by job.
    """

    deployed: Deployment
    torn: list[EntryTornError] = field(default_factory=list)
    machines: dict[str, str] = field(init=False)
    _running: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Asking the deployment reads the specs of all jobs.
        self.machines = self.deployed.machines()

    def newest_first(self, jobs: Collection[str], wanted: Wanted = ANY) -> Iterator[Found]:
        """Yield runs of some jobs; those that the ledger lacks as a list of executions shows them.

        Entries and executions are read page by page as they are asked for.
        """
        return heapq.merge(*(self._of_job(job, wanted) for job in jobs), key=_started, reverse=True)

    def exactly(self, job: str, run: str) -> Found | None:
        """Return one run with all that is known of it; ``None`` if there is none.

        Raises
        ------
        EntryTornError
            Its entry cannot be read, and Step Functions does not know it either.
        """
        entry, torn = self._entry(job, run)
        if entry:
            return self._settled(entry)
        machine = self.machines.get(job)
        description = machine and executions.describe_execution(execution_arn(machine, run))
        if description:
            return Found(executions.rebuilt_entry(job, description), _flaw(torn))
        if torn:
            raise torn
        return None

    def _of_job(self, job: str, wanted: Wanted) -> Iterator[Found]:
        known: set[str] = set()
        both = heapq.merge(
            ((entry, True) for entry in self._entries(job, wanted)),
            ((listed, False) for listed in self._listed(job, wanted)),
            key=lambda each: each[0].started,
            reverse=True,
        )
        for entry, is_of_ledger in both:
            if entry.run in known:
                continue
            known.add(entry.run)
            if is_of_ledger:
                found = self._with_true_status(entry)
            elif wanted.has_status(entry):
                found = self._looked_up(entry, wanted)
            else:
                continue
            if wanted.takes(found.entry):
                yield found

    def _entries(self, job: str, wanted: Wanted) -> Iterator[LedgerEntry]:
        try:
            yield from entries_since(aws.dynamodb(), self._table, job, wanted.since, wanted.until, self.torn)
        except ClientError as error:
            # The first is AWS's word for a table without the index.
            if error.response["Error"]["Code"] not in {"ValidationException", "ResourceNotFoundException"}:
                raise
            raise DeploymentError(
                f"the run table of stage {self.deployed.stage} has no index {STARTED_INDEX!r} ({error}): "
                "it was deployed by an older version; deploy it again"
            ) from error

    def _listed(self, job: str, wanted: Wanted) -> Iterator[LedgerEntry]:
        machine = self.machines.get(job)
        listed = executions.list_executions(machine, job) if machine else iter(())
        recent = itertools.takewhile(lambda run: wanted.since is None or run.started >= wanted.since, listed)
        return (run for run in recent if wanted.until is None or run.started <= wanted.until)

    def _looked_up(self, listed: LedgerEntry, wanted: Wanted) -> Found:
        """Look for the entry of an execution: the index may lack it, and it may be torn."""
        entry, torn = self._entry(listed.job, listed.run)
        if entry:
            return self._with_true_status(entry)
        description = executions.describe_execution(listed.execution) if wanted.needs_details else None
        return Found(executions.rebuilt_entry(listed.job, description) if description else listed, _flaw(torn))

    def _with_true_status(self, entry: LedgerEntry) -> Found:
        """Return a run with its true status; what is in the list of running executions need not be described."""
        entry = self._with_execution(entry)
        if entry.status == "RUNNING":
            machine = self.machines.get(entry.job)
            if entry.job not in self._running:
                self._running[entry.job] = executions.running_executions(machine) if machine else set()
            if entry.execution in self._running[entry.job]:
                return Found(entry)
        return self._settled(entry)

    def _settled(self, entry: LedgerEntry) -> Found:
        """Ask Step Functions for an end that the ledger lacks: the event that tells of it may be lost."""
        entry = self._with_execution(entry)
        if entry.status != "RUNNING":
            return Found(entry)
        description = executions.describe_execution(entry.execution) if entry.execution else None
        if description is None:
            return Found(entry.model_copy(update={"status": "ABORTED"}), FORGOTTEN)
        status = executions.run_status(description["status"])
        if status == "RUNNING":
            return Found(entry)
        ended = {
            "status": status,
            "ended": description.get("stopDate"),
            "error": entry.error or description.get("error"),
            "cause": entry.cause or description.get("cause"),
        }
        return Found(entry.model_copy(update=ended), LEFT_OPEN)

    def _with_execution(self, entry: LedgerEntry) -> LedgerEntry:
        """Fill in what records lack that are older than the ledger."""
        machine = self.machines.get(entry.job)
        if entry.execution or not machine:
            return entry
        return entry.model_copy(update={"execution": execution_arn(machine, entry.run)})

    def _entry(self, job: str, run: str) -> tuple[LedgerEntry | None, EntryTornError | None]:
        try:
            return read_entry(aws.dynamodb(), self._table, job, run), None
        except EntryTornError as error:
            return None, error

    @property
    def _table(self) -> str:
        return self.deployed.outputs["RunTable"]


def input_of(entry: LedgerEntry) -> str:
    """Return a run's input in words; what was asked for, where the run was refused before anything was measured."""
    asked = entry.document.get("input") if isinstance(entry.document, dict) else None
    return entry.input or ("" if asked is None else asked if isinstance(asked, str) else json.dumps(asked))


def _started(found: Found) -> datetime.datetime:
    return found.entry.started


def _flaw(torn: EntryTornError | None) -> Flaw:
    return Flaw("unreadable", f"{torn}; what is shown is what Step Functions knows") if torn else MISSING


def _classes(entry: LedgerEntry) -> set[str]:
    return {_plain(each) for each in (entry.failure_class, entry.error) if each}


def _plain(failure_class: str) -> str:
    return failure_class.replace("_", "").lower()
