"""Find the clusters of an execution or of a deployment by their tags.

ListClusters neither shows tags nor filters by them, so every candidate is described.
https://docs.aws.amazon.com/emr/latest/APIReference/API_ListClusters.html
"""

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambdas.clusters.tags import EXECUTION_TAG, JOB_TAG, LIFETIME_TAG, STAGE_TAG

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_emr.literals import ClusterStateType

__all__ = [
    "ANY_STATE",
    "EXECUTION_TAG",
    "LIVE_STATES",
    "FoundCluster",
    "cluster_ids",
    "cluster_in_cause",
    "describe",
    "find_clusters",
]

# https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html
LIVE_STATES: tuple["ClusterStateType", ...] = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
ANY_STATE: tuple["ClusterStateType", ...] = (*LIVE_STATES, "TERMINATING", "TERMINATED", "TERMINATED_WITH_ERRORS")

# Clocks of two services may differ a little.
_CLOCK_MARGIN = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class FoundCluster:
    """A cluster as DescribeCluster shows it; a tag it lacks is ``None``.

    Attributes
    ----------
    created
        With a time zone.
    protected
        Whether it is protected from termination.
    lifetime
        How old it may become; ``None`` also when the tag does not hold a number of seconds.
    """

    id: str
    state: str
    created: datetime.datetime | None = None
    protected: bool = False
    execution: str | None = None
    job: str | None = None
    stage: str | None = None
    lifetime: datetime.timedelta | None = None


def find_clusters(
    emr: "EMRClient",
    execution: str,
    started: datetime.datetime,
    states: Sequence["ClusterStateType"] = LIVE_STATES,
) -> list[FoundCluster]:
    """Find the clusters tagged with an execution.

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
    clusters = (describe(emr, cluster_id) for cluster_id in cluster_ids(emr, states, started))
    return [cluster for cluster in clusters if cluster.execution == execution]


def cluster_ids(
    emr: "EMRClient", states: Sequence["ClusterStateType"], started: datetime.datetime | None = None
) -> Iterator[str]:
    """Yield the ids of all clusters in some states, newest first, page by page.

    Parameters
    ----------
    emr
        The client.
    states
        The states to look in.
    started
        Leave out what was created before this moment.
    """
    paginator = emr.get_paginator("list_clusters")
    if started is None:
        pages = paginator.paginate(ClusterStates=list(states))
    else:
        pages = paginator.paginate(ClusterStates=list(states), CreatedAfter=started - _CLOCK_MARGIN)
    for page in pages:
        yield from (summary["Id"] for summary in page.get("Clusters", []))


def describe(emr: "EMRClient", cluster_id: str) -> FoundCluster:
    """Describe a cluster."""
    cluster = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
    status = cluster.get("Status", {})
    tags = {tag.get("Key"): tag.get("Value") for tag in cluster.get("Tags", [])}
    return FoundCluster(
        id=cluster_id,
        state=status.get("State", "UNKNOWN"),
        created=status.get("Timeline", {}).get("CreationDateTime"),
        protected=cluster.get("TerminationProtected", False),
        execution=tags.get(EXECUTION_TAG),
        job=tags.get(JOB_TAG),
        stage=tags.get(STAGE_TAG),
        lifetime=_lifetime(tags.get(LIFETIME_TAG)),
    )


def _lifetime(text: str | None) -> datetime.timedelta | None:
    try:
        return datetime.timedelta(seconds=int(text or ""))
    except (ValueError, OverflowError):
        return None


def cluster_in_cause(cause: str) -> str | None:
    """Return the id of the cluster a failed createCluster.sync describes in its Cause, if it does."""
    try:
        found = json.loads(cause)["Cluster"]["Id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None
