"""What EventBridge hands to the Lambdas that record."""

from typing import Literal

from pydantic import BaseModel, Field


class StepDetail(BaseModel):
    """The step that is over."""

    cluster_id: str = Field(alias="clusterId")
    step_id: str = Field(alias="stepId")
    name: str


class StepEvent(BaseModel):
    """The event of ``record_step``, "EMR Step Status Change".

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-cloudwatch-events.html
    """

    detail: StepDetail


class ExecutionDetail(BaseModel):
    """The execution that has ended."""

    execution: str = Field(alias="executionArn")
    machine: str = Field(alias="stateMachineArn")
    name: str
    status: Literal["FAILED", "TIMED_OUT", "ABORTED"]


class ExecutionEvent(BaseModel):
    """The event of ``close_run``, "Step Functions Execution Status Change".

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """

    detail: ExecutionDetail
