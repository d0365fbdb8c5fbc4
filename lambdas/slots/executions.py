"""What Step Functions knows of the executions in the queue."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.clusters.judge import OVER
from lambdas.runs.events import Execution

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# DescribeExecution "is eventually consistent": it may not know an execution that has just been started.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
# How long is our choice: until the next sweep.
UNKNOWN_AT_FIRST = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class StepFunctions:
    """Executions as Step Functions has them.

    Attributes
    ----------
    client
        Its client.
    now
        The moment to judge at, with a time zone.
    """

    client: "SFNClient"
    now: datetime.datetime

    def is_over(self, execution: Execution) -> bool:
        """Say whether an execution has ended, or is unknown although it would be known by now.

        Step Functions keeps an execution for 90 days after its end.
        https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
        """
        try:
            return self.client.describe_execution(executionArn=execution.id)["status"] in OVER
        except (self.client.exceptions.ExecutionDoesNotExist, self.client.exceptions.InvalidArn):
            return self.now - execution.started > UNKNOWN_AT_FIRST

    def tell(self, token: str) -> None:
        """Let the task with this token go on.

        A token that is not accepted is one of an attempt that is over, or was told before: it never will be.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
        """
        gone = self.client.exceptions
        try:
            self.client.send_task_success(taskToken=token, output="{}")
        except (gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken):
            return
