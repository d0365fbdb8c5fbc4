"""What Step Functions says of runs; it forgets an execution 90 days after its end.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry, RunStatus
from lambdas.ledger.from_history import entry_from_history

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

KEPT_DAYS = 90
"""How long Step Functions knows an execution after its end."""

ENDS = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})


def run_status(status: str) -> RunStatus:
    """Return an execution's status as the ledger has it: one that waits to be redriven is not over."""
    return cast("RunStatus", status) if status in ENDS else "RUNNING"


def list_executions(machine: str, job: str) -> Iterator[LedgerEntry]:
    """Yield the executions of a state machine, newest first, with what a list shows of them: name, status and times."""
    sfn = aws.stepfunctions()
    try:
        for page in sfn.get_paginator("list_executions").paginate(stateMachineArn=machine):
            for found in page["executions"]:
                yield _entry(job, found)
    except sfn.exceptions.StateMachineDoesNotExist:
        return


def running_executions(machine: str) -> set[str]:
    """Return the ARNs of a state machine's executions that are not over."""
    sfn = aws.stepfunctions()
    status: Literal["RUNNING"] = "RUNNING"
    try:
        pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter=status)
        return {found["executionArn"] for page in pages for found in page["executions"]}
    except sfn.exceptions.StateMachineDoesNotExist:
        return set()


def describe_execution(arn: str) -> dict[str, Any] | None:
    """Return DescribeExecution's answer; ``None`` for no ARN, and for an execution that is not there, or no more."""
    if not arn:
        return None
    sfn = aws.stepfunctions()
    try:
        return dict[str, Any](sfn.describe_execution(executionArn=arn))
    except (sfn.exceptions.ExecutionDoesNotExist, sfn.exceptions.StateMachineDoesNotExist):
        return None


def execution_events(arn: str) -> Iterator[dict[str, Any]]:
    """Yield the events of an execution; none for no ARN, and of an execution that is not there, or no more."""
    if not arn:
        return
    sfn = aws.stepfunctions()
    try:
        for page in sfn.get_paginator("get_execution_history").paginate(executionArn=arn):
            yield from (dict[str, Any](event) for event in page["events"])
    except (sfn.exceptions.ExecutionDoesNotExist, sfn.exceptions.StateMachineDoesNotExist):
        return


def rebuilt_entry(job: str, description: Mapping[str, Any]) -> LedgerEntry:
    """Rebuild what the ledger would have of a run from its execution.

    Parameters
    ----------
    job
        Whose run it is.
    description
        DescribeExecution's answer.
    """
    events = execution_events(str(description["executionArn"]))
    return entry_from_history(description, events).model_copy(update={"job": job})


def _entry(job: str, found: "ExecutionListItemTypeDef") -> LedgerEntry:
    return LedgerEntry(
        job=job,
        run=found["name"],
        status=run_status(found["status"]),
        execution=found["executionArn"],
        started=found["startDate"],
        ended=found.get("stopDate"),
    )
