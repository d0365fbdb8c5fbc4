"""How the tests start runs on a local cloud and wait for what comes of them."""

import json
import time
from collections.abc import Callable
from typing import Any

from lambdas import aws
from scripts.deployment import Deployment
from scripts.local.cloud import LocalCloud

GIVE_UP_SECONDS = 300.0

Start = Callable[..., tuple[LocalCloud, Deployment]]


def begin(deployed: Deployment, job: str, document: Any) -> str:
    """Start a run; give its ARN."""
    arn = aws.stepfunctions().start_execution(
        stateMachineArn=deployed.machine_arn(job), name="by-hand", input=json.dumps(document)
    )["executionArn"]
    return str(arn)


def wait_for(condition: Callable[[], bool], pause_seconds: float = 0.1) -> None:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(pause_seconds)


def ended(arn: str, pause_seconds: float = 0.1) -> dict[str, Any]:
    """Wait for the end of a run and describe it."""
    sfn = aws.stepfunctions()
    wait_for(lambda: sfn.describe_execution(executionArn=arn)["status"] != "RUNNING", pause_seconds)
    return dict[str, Any](sfn.describe_execution(executionArn=arn))


def clusters() -> dict[str, str]:
    """Give the state of each cluster there ever was."""
    return {each["Id"]: each["Status"]["State"] for each in aws.emr().list_clusters()["Clusters"]}
