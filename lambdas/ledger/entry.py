"""What the ledger holds of a run."""

import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1
"""The form of an entry. A reader takes this one and older ones; what is newer it leaves to a newer reader."""

PENDING, COMPLETED, KEPT = "PENDING", "COMPLETED", "KEPT"

RunStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


class EntryPart(BaseModel):
    """The base of an entry's parts: immutable; what an older schema lacks has a default, what is unknown is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class LedgerStep(EntryPart):
    """A step, as far as it has come.

    Attributes
    ----------
    number
        Its place among the job's steps, counted from 0.
    state
        EMR's (``PENDING`` before EMR has it), or ``KEPT`` for a step that a replay takes over from the run ``run``.
    outputs
        Where its outputs lie, one address for each ``output`` of the step's spec.
    manifest
        Where the list of the objects it wrote is; ``None`` while nothing proves that it was completed.
    version, objects, bytes
        The sum of digests over the objects of the manifest, their number and their bytes.
    run
        The run in which it was completed.
    """

    name: str
    number: int = 0
    state: str
    cluster_id: str | None = None
    step_id: str | None = None
    started: datetime.datetime | None = None
    ended: datetime.datetime | None = None
    outputs: tuple[str, ...] = ()
    manifest: str | None = None
    version: str | None = None
    objects: int = 0
    bytes: int = 0
    run: str | None = None

    @property
    def is_proven(self) -> bool:
        """Whether it was completed and what it wrote is on record."""
        return self.state in {COMPLETED, KEPT} and self.manifest is not None


class LedgerEntry(EntryPart):
    """A run.

    Attributes
    ----------
    execution
        The ARN.
    document
        The execution's input.
    trigger
        ``object_created``, ``schedule``, ``event``, ``manual`` or ``replay``; ``None`` where nobody can tell.
    input
        The input's address, in words where there are several.
    version
        Of the input: a sum of digests over address, size and ETag of every object.
    manifest
        The address of the list of the input's objects.
    definition, code
        Digests of the state machine's definition and of the job's folder.
    attempt
        1, or which of the replays of ``origin`` this is, counted from 2.
    origin, replays
        The first run of the chain, and the run that this one replays; ``None`` for a run that replays none.
    replayed_by
        The runs that replay this one.
    size, vcpus
        The size in words, and its virtual cores; of the last attempt within the run.
    minutes, usd_estimated
        What plan_run expected.
    usd
        What it did cost.
    record
        The address of the full record, once there is one.
    """

    # "schema" is a method of pydantic's models.
    form: int = Field(default=0, alias="schema")
    job: str
    run: str
    status: RunStatus = "RUNNING"
    execution: str = ""
    started: datetime.datetime
    ended: datetime.datetime | None = None
    document: Any = None
    trigger: str | None = None
    input: str | None = None
    version: str | None = None
    manifest: str | None = None
    definition: str | None = None
    code: str | None = None
    attempt: int = 1
    origin: str | None = None
    replays: str | None = None
    replayed_by: tuple[str, ...] = ()
    size: str | None = None
    vcpus: int | None = None
    minutes: float | None = None
    usd_estimated: float | None = None
    cluster_ids: tuple[str, ...] = ()
    steps: tuple[LedgerStep, ...] = ()
    failure_class: str | None = None
    failed_state: str | None = None
    error: str | None = None
    cause: str | None = None
    usd: float | None = None
    record: str | None = None

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    @property
    def root(self) -> str:
        """The first run of its chain: itself, if it replays none."""
        return self.origin or self.run

    def step(self, name: str) -> LedgerStep | None:
        """Return a step that has got somewhere."""
        return next((step for step in self.steps if step.name == name), None)
