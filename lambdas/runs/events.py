"""What the state machine hands to the Lambdas."""

import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from lambdas.failures import StateFailure
from lambdas.runs.plan import Plan


class Execution(BaseModel):
    """An execution of the job's machine; its name is the run's name, its id an ARN."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    started: datetime.datetime


class PlanEvent(BaseModel):
    """The event of ``plan_run``; ``input`` is the execution's own input, whatever that is."""

    job: str
    execution: Execution
    input: Any


class RecordEvent(BaseModel):
    """The event of ``record_run``."""

    job: str
    execution: Execution
    plan: Plan | None = None
    cluster_id: str | None = None
    failure: StateFailure | None = None


class ReapEvent(BaseModel):
    """The event of ``reap_clusters``."""

    execution: Execution
