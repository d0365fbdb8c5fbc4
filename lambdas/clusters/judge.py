"""Which clusters must end, and why."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

from lambdas.clusters.find import FoundCluster

# The other two, RUNNING and PENDING_REDRIVE, are of an execution that may still use its cluster.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
OVER = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"})
UNKNOWN = "ExecutionDoesNotExist"
"""Stands for the status of an execution Step Functions knows nothing of, or no longer: it keeps them 90 days.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class Reason(StrEnum):
    """Why a cluster must end."""

    ASKED = "asked by the machine"
    EXECUTION_OVER = "execution over"
    EXECUTION_UNKNOWN = "execution unknown"
    TOO_OLD = "too old"


@dataclass(frozen=True)
class Doomed:
    """A cluster that must end."""

    cluster: FoundCluster
    reason: Reason


def judge(cluster: FoundCluster, status: str | None, now: datetime.datetime) -> Reason | None:
    """Say why a cluster must end, or ``None`` if it may live.

    Parameters
    ----------
    cluster
        A cluster tagged with an execution.
    status
        The execution's status as DescribeExecution has it, ``UNKNOWN``, or ``None`` if it could not be looked up.
    now
        The moment to judge at, with a time zone.
    """
    if status in OVER:
        return Reason.EXECUTION_OVER
    if status == UNKNOWN:
        return Reason.EXECUTION_UNKNOWN
    if cluster.created is not None and cluster.lifetime is not None and now - cluster.created > cluster.lifetime:
        return Reason.TOO_OLD
    return None
