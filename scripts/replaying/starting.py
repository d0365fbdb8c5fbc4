"""Starting the replays of a campaign, each under the name that was written down for it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.clusters.judge import OVER
from lambdas.ledger.store import write_entry
from lambdas.replays.request import ReplayRequest
from lambdas.replays.start import execution_arn
from scripts.deployment import Deployment
from scripts.ledger.read import FORGOTTEN, LEFT_OPEN, MISSING, Found
from scripts.replaying.campaign import Member
from scripts.replaying.words import REFUSALS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Starter:
    """Starts executions of a deployment.

    Attributes
    ----------
    sfn
        Step Functions, paced.
    deployed
        Whose machines.
    """

    sfn: "SFNClient"
    deployed: Deployment

    def start(self, member: Member) -> None:
        """Start a member, unless an execution of its name has been started before, by whomever.

        Step Functions takes the same name and input again while the execution runs, and no name of one that has ended
        for 90 days. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """
        # To the letter what others start it with who replay this run.
        document = json.dumps(ReplayRequest(member.run).as_document(), ensure_ascii=False)
        machine = self.deployed.machine_arn(member.job)
        try:
            self.sfn.start_execution(stateMachineArn=machine, name=member.name, input=document)
        except self.sfn.exceptions.ExecutionAlreadyExists:
            return

    def is_over(self, member: Member) -> bool:
        """Say whether a member's execution has ended; not if nobody can tell, as of one that was just started."""
        try:
            arn = execution_arn(self.deployed.machine_arn(member.job), member.name)
            return self.sfn.describe_execution(executionArn=arn)["status"] in OVER
        except REFUSALS:
            return False


def learn(dynamodb: "DynamoDBClient", table: str, found: Found) -> None:
    """Write into the ledger what it lacks of a run and Step Functions knows: its replay reads it there."""
    entry = found.entry
    if found.flaw == MISSING:
        names = entry.model_fields_set - {"form", "job", "run"}
    elif found.flaw in (LEFT_OPEN, FORGOTTEN):
        names = {"status", "ended", "error", "cause"}
    else:
        return
    fields = {name: value for name in names if (value := getattr(entry, name)) is not None}
    write_entry(dynamodb, table, entry.job, entry.run, fields)
