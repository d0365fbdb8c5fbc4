"""Look for clusters that must end: those of one execution, and those nobody will end any more.

What is found is yielded while the search goes on, so that what a search cut short has found has been ended.
"""

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lambdas.clusters.find import LIVE_STATES, FoundCluster, cluster_ids, describe
from lambdas.clusters.judge import UNKNOWN, Doomed, judge
from lambdas.clusters.problems import Problems

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_stepfunctions import SFNClient

    from lambdas.clusters.events import ReapExecution


def clusters_of(emr: "EMRClient", asked: "ReapExecution", stage: str, problems: Problems) -> Iterator[Doomed]:
    """Yield the live clusters of an execution.

    Parameters
    ----------
    emr
        The client.
    asked
        The execution, and why its clusters must end.
    stage
        The deployment; clusters of another one are left alone. The stage `dev` also hears of executions of the stage
        `dev-2`, because its rule matches machines by the beginning of their name.
    problems
        Told of the calls that failed.
    """
    for cluster in _live(emr, problems, asked.started):
        if cluster.execution == asked.execution and cluster.stage in (None, stage):
            yield Doomed(cluster, asked.reason)


def sweep(
    emr: "EMRClient", sfn: "SFNClient", stage: str, now: datetime.datetime, problems: Problems
) -> Iterator[Doomed]:
    """Yield the live clusters of a deployment whose execution is over or unknown, or that are too old.

    Parameters
    ----------
    emr, sfn
        The clients.
    stage
        The deployment.
    now
        The moment ages are judged at, with a time zone.
    problems
        Told of the calls that failed. A cluster whose execution could not be looked up lives until it is too old.
    """
    statuses: dict[str, str | None] = {}
    for cluster in _live(emr, problems):
        if cluster.execution is None or cluster.stage != stage:
            continue
        if cluster.execution not in statuses:
            statuses[cluster.execution] = _status(sfn, cluster.execution, problems)
        if reason := judge(cluster, statuses[cluster.execution], now):
            yield Doomed(cluster, reason)


def _live(emr: "EMRClient", problems: Problems, started: datetime.datetime | None = None) -> Iterator[FoundCluster]:
    ids: list[str] = []
    # All pages before the first cluster ends: a list that shrinks meanwhile could skip some. When a page fails, the
    # ids of the pages before it have been added.
    with problems.noted("listing clusters"):
        ids.extend(cluster_ids(emr, LIVE_STATES, started))
    described = (_described(emr, cluster_id, problems) for cluster_id in ids)
    yield from (cluster for cluster in described if cluster is not None)


def _described(emr: "EMRClient", cluster_id: str, problems: Problems) -> FoundCluster | None:
    with problems.noted(f"describing cluster {cluster_id}"):
        return describe(emr, cluster_id)
    return None


def _status(sfn: "SFNClient", execution: str, problems: Problems) -> str | None:
    with problems.noted(f"looking up execution {execution}"):
        try:
            return sfn.describe_execution(executionArn=execution)["status"]
        except (sfn.exceptions.ExecutionDoesNotExist, sfn.exceptions.InvalidArn):
            return UNKNOWN
    return None
