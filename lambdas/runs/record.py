"""The record of a run: what ran, what it cost, what failed."""

import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lambdas.history.metrics import SparkMetrics
from lambdas.history.nodes import NodeChange
from lambdas.history.phases import Phases, WorkersUsed
from lambdas.runs.plan import Plan

Status = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
StateOutcome = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


class RecordPart(BaseModel):
    """The base of a record's parts."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dollars(RecordPart):
    """What the run cost, by what was paid for; spot at its assumed price."""

    ec2: float
    emr: float
    ebs: float
    total: float


class InstancesUsed(RecordPart):
    """Instances of one type and market: how many, and the seconds of all together."""

    instance_type: str
    market: str
    count: int
    seconds: float


class StepRun(RecordPart):
    """One step as EMR reports it."""

    id: str
    name: str
    state: str
    started: datetime.datetime | None
    ended: datetime.datetime | None


class StateRun(RecordPart):
    """One stay in a state of the machine; without ``exited`` and ``outcome`` it went on when the run was recorded."""

    name: str
    entered: datetime.datetime
    exited: datetime.datetime | None = None
    outcome: StateOutcome | None = None


class RunRecord(RecordPart):
    """The record; times in UTC, instances and cost of all attempts, steps, phases and nodes of the last cluster.

    ``spark`` has every application whose event log was found, those of earlier attempts too. ``cluster_ids`` are those
    of all attempts, ``states`` what the execution's history had when the run was recorded.
    """

    run: str
    job: str
    execution: str
    status: Status
    started: datetime.datetime
    ended: datetime.datetime
    input: str | None
    cluster_id: str | None
    cluster_state: str | None
    cluster_ids: list[str] = []
    instances: list[InstancesUsed]
    steps: list[StepRun]
    phases: Phases = Phases()
    workers: WorkersUsed | None = None
    nodes: list[NodeChange] = []
    spark: list[SparkMetrics] = []
    cost: Dollars
    error: str | None
    cause: str | None
    failed_state: str | None
    diagnosis: dict[str, Any] | None
    plan: Plan | None
    states: list[StateRun] = []

    def as_document(self) -> dict[str, Any]:
        """Return the record as JSON types, the plan's EMR-shaped parts in EMR's names."""
        return self.model_dump(mode="json", by_alias=True)
