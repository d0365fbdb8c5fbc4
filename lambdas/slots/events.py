"""What starts ``grant_slots``: a machine that waits, the end of an execution, or the clock."""

import datetime
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from lambdas.clusters.events import STATUS_CHANGE
from lambdas.runs.events import Execution


class SlotsEventError(ValueError):
    """The event is none of those ``grant_slots`` answers."""


@dataclass(frozen=True)
class Take:
    """An execution waits for a slot, its task with a token."""

    job: str
    execution: Execution
    token: str


@dataclass(frozen=True)
class Ended:
    """An execution has ended, and whatever slot it had is free."""

    job: str
    execution: Execution


@dataclass(frozen=True)
class Sweep:
    """Look through the queues of all jobs."""


class _Taken(BaseModel):
    job: str
    execution: Execution
    token: str


class _FromMachine(BaseModel):
    take: _Taken

    def request(self, _prefix: str) -> Take:
        return Take(self.take.job, self.take.execution, self.take.token)


class _Detail(BaseModel):
    execution: str = Field(alias="executionArn")
    machine: str = Field(alias="stateMachineArn")
    name: str
    status: Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
    started_milliseconds: int = Field(alias="startDate")


class _StatusChange(BaseModel):
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html."""

    source: Literal["aws.states"]
    detail: _Detail

    def request(self, prefix: str) -> Ended:
        detail = self.detail
        started = datetime.datetime.fromtimestamp(detail.started_milliseconds / 1000, datetime.UTC)
        return Ended(
            detail.machine.removeprefix(prefix), Execution(id=detail.execution, name=detail.name, started=started)
        )


class _Swept(BaseModel):
    sweep: Literal[True]

    def request(self, _prefix: str) -> Sweep:
        return Sweep()


_EVENTS: TypeAdapter[_FromMachine | _StatusChange | _Swept] = TypeAdapter(_FromMachine | _StatusChange | _Swept)


def parse_event(event: Any, machine_prefix: str) -> Take | Ended | Sweep:
    """Say what an event asks for.

    Parameters
    ----------
    event
        ``{"take": {"job", "execution": {"id", "name", "started"}, "token"}}`` of a machine, EventBridge's event of an
        execution that has ended, or ``{"sweep": true}``.
    machine_prefix
        What the ARN of a job's machine begins with; the job's name follows.

    Raises
    ------
    SlotsEventError
        It is something else; the message says what is wrong with it.
    """
    try:
        return _EVENTS.validate_python(event).request(machine_prefix)
    except ValidationError as error:
        raise SlotsEventError(
            "grant_slots takes {'take': {'job', 'execution', 'token'}}, "
            f"an EventBridge '{STATUS_CHANGE}' of an execution that has ended, or {{'sweep': true}}; {error}"
        ) from error
