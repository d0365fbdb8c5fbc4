"""What is looked at before anything is changed."""

import re
from collections.abc import Iterator

from lambdas.clusters.find import LIVE_STATES, cluster_ids, describe
from scripts.deploying.errors import NotReadyError
from scripts.preflight.account import identity
from scripts.preflight.items import Status
from scripts.preflight.subject import Clients, Deployed

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
MAX_BUCKET_NAME = 63

_ACCOUNT_DIGITS = 12


def check_stage(stage: str, region: str) -> None:
    """Refuse a stage whose name cannot stand in the names of its resources.

    Raises
    ------
    NotReadyError
        It has other characters than buckets may have, or too many.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", stage):
        raise NotReadyError(
            f"the stage {stage!r} becomes part of a bucket's name: lower case letters, digits and '-' only, "
            "such as STAGE=dev"
        )
    # infra/storage.yml: the code bucket's is the longest name of a bucket with a stage in it.
    longest = MAX_BUCKET_NAME - len(f"slow-lambda--code--{region}") - _ACCOUNT_DIGITS
    if len(stage) > longest:
        raise NotReadyError(f"the stage {stage!r} has {len(stage)} characters; its buckets in {region} take {longest}")


def caller(clients: Clients) -> str:
    """Return whose credentials are in use.

    Raises
    ------
    NotReadyError
        There are none, or they are not accepted.
    """
    found = identity(clients)
    if found.status is not Status.OK:
        raise NotReadyError(f"{found.detail}: {found.fix}")
    return found.detail


def check_idle(clients: Clients, stage: str, deployed: Deployed) -> None:
    """Refuse to take a stage away from under its runs and their clusters.

    Raises
    ------
    NotReadyError
        Names what is still there.
    """
    busy = [*_running(clients, deployed), *_clusters(clients, stage)]
    if busy:
        raise NotReadyError(
            f"stage {stage} is at work: {', '.join(busy)}; wait until all have ended, or stop the executions "
            "(aws stepfunctions stop-execution), which ends their clusters"
        )


def _running(clients: Clients, deployed: Deployed) -> Iterator[str]:
    for machine in deployed.of_type("AWS::StepFunctions::StateMachine").values():
        pages = clients.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=machine.name, statusFilter="RUNNING"
        )
        yield from (f"execution {each['executionArn']}" for page in pages for each in page["executions"])


def _clusters(clients: Clients, stage: str) -> Iterator[str]:
    """Yield the stage's clusters that are not gone: their network interfaces hold its security groups."""
    for identifier in cluster_ids(clients.emr, (*LIVE_STATES, "TERMINATING")):
        cluster = describe(clients.emr, identifier)
        if cluster.stage == stage:
            yield f"cluster {cluster.id} ({cluster.state})"
