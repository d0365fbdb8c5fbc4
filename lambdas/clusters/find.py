"""Find the clusters of an execution by their tag."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_emr.literals import ClusterStateType

EXECUTION_TAG = "slow-lambda:execution"

# https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html
LIVE_STATES: tuple["ClusterStateType", ...] = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
ANY_STATE: tuple["ClusterStateType", ...] = (*LIVE_STATES, "TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")

# Clocks of two services may differ a little.
_CLOCK_MARGIN = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class FoundCluster:
    """A cluster, and whether it is protected from termination."""

    id: str
    protected: bool


def find_clusters(
    emr: "EMRClient",
    execution: str,
    started: datetime.datetime,
    states: Sequence["ClusterStateType"] = LIVE_STATES,
) -> list[FoundCluster]:
    """Find the clusters tagged with an execution.

    ListClusters neither shows tags nor filters by them, so every candidate is described.

    Parameters
    ----------
    emr
        The client.
    execution
        The execution's ARN.
    started
        When the execution started; older clusters are left out.
    states
        The states to look in.
    """
    pages = emr.get_paginator("list_clusters").paginate(
        ClusterStates=list(states), CreatedAfter=started - _CLOCK_MARGIN
    )
    found = []
    for summary in (summary for page in pages for summary in page.get("Clusters", [])):
        cluster = emr.describe_cluster(ClusterId=summary["Id"])["Cluster"]
        tags = {tag.get("Key"): tag.get("Value") for tag in cluster.get("Tags", [])}
        if tags.get(EXECUTION_TAG) == execution:
            found.append(FoundCluster(summary["Id"], cluster.get("TerminationProtected", False)))
    return found


def cluster_in_cause(cause: str) -> str | None:
    """Return the id of the cluster a failed createCluster.sync describes in its Cause, if it does."""
    try:
        found = json.loads(cause)["Cluster"]["Id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
