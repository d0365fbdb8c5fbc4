"""Start the replay of a run, once, however many people ask for it at the same time."""

import datetime
import email.utils
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lambdas.clusters.judge import OVER
from lambdas.inputs.request import is_replay
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import write_entry
from lambdas.replays.errors import ReplayStillRunningError
from lambdas.replays.name import MAX_ATTEMPT, replay_name
from lambdas.replays.past import Ledger, already_succeeded, next_attempt
from lambdas.replays.request import ReplayRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, StartExecutionOutputTypeDef

# The header Date has whole seconds, and the answer comes a moment after the start.
_SAME_CALL = datetime.timedelta(seconds=2)


class Deployed(Protocol):
    """What a deployment tells: its run table, and the ARN of a job's state machine."""

    @property
    def run_table(self) -> str:
        """The name of the run table."""

    def machine_arn(self, job: str) -> str:
        """Return the ARN of a job's state machine."""


@dataclass(frozen=True)
class Started:
    """The execution that replays a run.

    Attributes
    ----------
    new
        Whether this call started it; not if somebody else had.
    status
        ``RUNNING``, or ``SUCCEEDED`` for one that was started before and is done.
    """

    name: str
    arn: str
    new: bool
    status: str = "RUNNING"


def start_replay(
    sfn: "SFNClient", dynamodb: "DynamoDBClient", deployed: Deployed, entry: LedgerEntry, request: ReplayRequest
) -> Started:
    """Start the replay of a run, or say which one has been started and runs, or has done the work already.

    The name follows from the first run of the chain and the number of its replays so far. As Step Functions takes the
    same name and input again while the execution runs, and no name of one that has ended for 90 days, whoever asks for
    the same at the same time gets the same execution.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html

    Parameters
    ----------
    sfn, dynamodb
        The clients.
    deployed
        Whose state machine and run table.
    entry
        The run to replay. If the ledger does not know of its end, or of that of a replay of it, it learns it here.
    request
        What is asked for, of that run.

    Raises
    ------
    ReplayStillRunningError, ReplayAlreadySucceededError
        The run has not ended, or has succeeded and is not to be run anew.
    """
    ledger, machine = Ledger(dynamodb, deployed.run_table, entry.job), deployed.machine_arn(entry.job)
    is_anew = request.runs_all or request.from_step is not None
    match _status(sfn, ledger, entry, machine):
        case "RUNNING":
            raise ReplayStillRunningError(f"{entry.run} is still running; wait for its end, or stop it first")
        case "SUCCEEDED" if not is_anew:
            raise already_succeeded(entry, entry)
    chain = ledger.chain(entry)
    for each in chain:
        status = _status(sfn, ledger, each, machine) if each.run != entry.run else "FAILED"
        if status == "RUNNING" or (status == "SUCCEEDED" and not is_anew):
            return Started(each.run, _arn(each, machine), new=False, status=status)
    document = json.dumps(request.as_document(), ensure_ascii=False)
    for attempt in range(next_attempt(entry, chain), MAX_ATTEMPT + 1):
        started = _start(sfn, machine, replay_name(entry.root, attempt), document)
        if started and (started.status == "RUNNING" or not is_anew):
            return started
    raise ReplayStillRunningError(f"{entry.root} has been replayed {MAX_ATTEMPT:,} times; start the job anew")


def execution_arn(machine: str, name: str) -> str:
    """Return the ARN of an execution, given that of its state machine.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """
    return f"{machine.replace(':stateMachine:', ':execution:', 1)}:{name}"


def _start(sfn: "SFNClient", machine: str, name: str, document: str) -> Started | None:
    """Start an execution; ``None`` where the name is used up: by one that failed, or that is no replay."""
    try:
        answer = sfn.start_execution(stateMachineArn=machine, name=name, input=document)
    except sfn.exceptions.ExecutionAlreadyExists:
        arn = execution_arn(machine, name)
        found = _describe(sfn, arn)
        if found is None or found["status"] in OVER - {"SUCCEEDED"} or not is_replay(json.loads(found["input"])):
            return None
        return Started(name, arn, new=False, status="SUCCEEDED" if found["status"] == "SUCCEEDED" else "RUNNING")
    return Started(name, answer["executionArn"], new=_is_new(answer))


def _is_new(answer: "StartExecutionOutputTypeDef") -> bool:
    """Say whether an execution began with this call, by the clock of Step Functions."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    answered = email.utils.parsedate_to_datetime(date) if date else datetime.datetime.now(datetime.UTC)
    return answered - answer["startDate"] <= _SAME_CALL


def _status(sfn: "SFNClient", ledger: Ledger, entry: LedgerEntry, machine: str) -> str:
    """Return the status of a run; where the ledger has not heard of its end, it is written down."""
    if entry.status != "RUNNING":
        return entry.status
    found = _describe(sfn, _arn(entry, machine))
    if found and found["status"] not in OVER:
        return "RUNNING"
    status = found["status"] if found else "FAILED"
    end = {"status": status, "ended": found.get("stopDate") if found else None}
    write_entry(ledger.dynamodb, ledger.table, entry.job, entry.run, end, only_existing=True)
    return status


def _arn(entry: LedgerEntry, machine: str) -> str:
    return entry.execution or execution_arn(machine, entry.run)


def _describe(sfn: "SFNClient", arn: str) -> "DescribeExecutionOutputTypeDef | None":
    try:
        return sfn.describe_execution(executionArn=arn)
    except sfn.exceptions.ExecutionDoesNotExist:
        return None
