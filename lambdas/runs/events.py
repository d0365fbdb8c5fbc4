"""What the state machine hands to the Lambdas."""

import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass

from lambdas.runs.plan import Plan


@dataclass(frozen=True)
class StateFailure:
    """A state that failed: its name, and the Error and Cause Step Functions saw, or the explained ones."""

    state: str
    error: str
    cause: str = ""


class Execution(BaseModel):
    """An execution of the job's machine; its name is the run's name, its id an ARN."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    started: datetime.datetime


class PlanEvent(BaseModel):
    """The event of ``plan_run``.

    Attributes
    ----------
    input
        The execution's own input, whatever that is.
    definition
        A digest of the machine's definition; ``None`` from a machine deployed before there was one.
    """

    job: str
    execution: Execution
    input: Any
    definition: str | None = None


class DiagnoseEvent(BaseModel):
    """The event of ``diagnose_failure``; ``looks`` counts how often it has looked for the logs before."""

    job: str
    execution: Execution
    plan: Plan | None = None
    cluster_id: str | None = None
    failure: StateFailure
    looks: int = 0


class RecordEvent(BaseModel):
    """The event of ``record_run``."""

    job: str
    execution: Execution
    plan: Plan | None = None
    cluster_id: str | None = None
    failure: StateFailure | None = None
    diagnosis: dict[str, Any] | None = None
