"""Clusters with all the project's tags, and executions with a status."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.stepfunctions.models import stepfunctions_backends

from lambdas import aws
from lambdas.clusters.find import FoundCluster
from lambdas.clusters.judge import Doomed, Reason
from lambdas.clusters.tags import EXECUTION_TAG, JOB_TAG, LIFETIME_TAG, STAGE_TAG
from tests.unit.lambdas.emr import Emr

ACCOUNT = "123456789012"
REGION = "us-east-1"
STAGE = "test"
LIVE = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")


def doomed(*ids: str, protected: bool = False) -> list[Doomed]:
    return [Doomed(FoundCluster(each, "WAITING", protected=protected), Reason.ASKED) for each in ids]


def run(
    emr: Emr,
    execution: str | None,
    *,
    stage: str | None = STAGE,
    lifetime: str | None = "3600",
    protected: bool = False,
) -> str:
    """Start a cluster with the project's tags but those that are ``None``."""
    cluster_id = emr.run(None, TerminationProtected=protected)
    tags = {EXECUTION_TAG: execution, JOB_TAG: "count", STAGE_TAG: stage, LIFETIME_TAG: lifetime}
    wanted = [{"Key": key, "Value": value} for key, value in tags.items() if value is not None]
    emr.engine.call("AddTags", {"ResourceId": cluster_id, "Tags": wanted})
    return cluster_id


def ending(emr: Emr, ids: list[str]) -> list[str]:
    """Return those of some clusters that are not live any more."""
    return [each for each in ids if emr.state(each) not in LIVE]


@dataclass
class Executions:
    """moto's Step Functions with one machine of the stage."""

    machine: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def made(cls) -> "Executions":
        definition = {"StartAt": "done", "States": {"done": {"Type": "Pass", "End": True}}}
        machine = aws.stepfunctions().create_state_machine(
            name=f"slow-lambda-{STAGE}-count",
            definition=json.dumps(definition),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/machine",
        )
        return cls(machine["stateMachineArn"])

    def start(self, status: str = "RUNNING") -> str:
        """Return the ARN of an execution that now has this status."""
        arn = aws.stepfunctions().start_execution(stateMachineArn=self.machine, name=f"run-{next(self._numbers)}")
        self.change(arn["executionArn"], status)
        return arn["executionArn"]

    def change(self, arn: str, status: str) -> None:
        stepfunctions_backends[ACCOUNT][REGION].describe_execution(arn).status = status

    def unknown(self) -> str:
        """Return the ARN of an execution that never was."""
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:gone-{next(self._numbers)}"


def refuse(service: str, operation: str, argument: str, value: Any, code: str) -> None:
    """Have AWS refuse one operation whenever an argument has this value, as IAM does."""
    client: Any = getattr(aws, service)()
    model = client.meta.service_model.operation_model(operation)
    event = f"before-call.{model.service_model.service_id.hyphenize()}.{operation}"

    def answer(params: dict[str, Any], **_unused: Any) -> Any:
        if json.loads(params["body"]).get(argument) != value:
            return None
        return _Refusal(), {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}

    client.meta.events.register(event, answer)


class _Refusal:
    status_code = 400
