"""What starts ``reap_clusters``: the machine itself, the end of an execution, or the clock."""

import datetime
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Discriminator, Field, Tag, TypeAdapter, ValidationError

from lambdas.clusters.judge import Reason

STATUS_CHANGE = "Step Functions Execution Status Change"
SCHEDULED = "Scheduled Event"


class EventError(ValueError):
    """The event is none of those ``reap_clusters`` answers."""


@dataclass(frozen=True)
class ReapExecution:
    """End the clusters of an execution.

    Attributes
    ----------
    execution
        Its ARN.
    started
        When it started, with a time zone; its clusters are no older.
    reason
        Why they must end.
    """

    execution: str
    started: datetime.datetime
    reason: Reason


@dataclass(frozen=True)
class Sweep:
    """End the clusters nobody will end any more.

    Attributes
    ----------
    now
        The moment to judge at, with a time zone.
    """

    now: datetime.datetime


class _Execution(BaseModel):
    id: str
    started: AwareDatetime


class _FromMachine(BaseModel):
    execution: _Execution

    def request(self) -> ReapExecution:
        return ReapExecution(self.execution.id, self.execution.started, Reason.ASKED)


class _Detail(BaseModel):
    execution: str = Field(alias="executionArn")
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]
    started_milliseconds: int = Field(alias="startDate")


class _StatusChange(BaseModel):
    """https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html."""

    source: Literal["aws.states"]
    detail: _Detail

    def request(self) -> ReapExecution:
        started = datetime.datetime.fromtimestamp(self.detail.started_milliseconds / 1000, datetime.UTC)
        return ReapExecution(self.detail.execution, started, Reason.EXECUTION_OVER)


class _Scheduled(BaseModel):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html."""

    source: Literal["aws.events"]
    time: AwareDatetime

    def request(self) -> Sweep:
        return Sweep(self.time)


def _kind(event: Any) -> Any:
    if not isinstance(event, dict):
        return None
    return event.get("detail-type", "machine" if "execution" in event else None)


_EVENTS: TypeAdapter[_FromMachine | _StatusChange | _Scheduled] = TypeAdapter(
    Annotated[
        Annotated[_FromMachine, Tag("machine")]
        | Annotated[_StatusChange, Tag(STATUS_CHANGE)]
        | Annotated[_Scheduled, Tag(SCHEDULED)],
        Discriminator(_kind),
    ]
)


def parse_event(event: Any) -> ReapExecution | Sweep:
    """Say what an event asks for.

    Parameters
    ----------
    event
        ``{"execution": {"id", "name", "started"}}`` of a machine, or EventBridge's event of an execution that failed,
        timed out or was aborted, or of a schedule.

    Raises
    ------
    EventError
        It is something else; the message says what is wrong with it.
    """
    try:
        return _EVENTS.validate_python(event).request()
    except ValidationError as error:
        raise EventError(
            "reap_clusters takes {'execution': {'id', 'started'}}, "
            f"an EventBridge '{STATUS_CHANGE}' (FAILED, TIMED_OUT or ABORTED), or a '{SCHEDULED}'; {error}"
        ) from error
