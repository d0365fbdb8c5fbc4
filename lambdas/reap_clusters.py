"""End the clusters of an execution, or all that nobody will end any more."""

from collections.abc import Iterator
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.clusters.end import end_clusters
from lambdas.clusters.events import ReapExecution, Sweep, parse_event
from lambdas.clusters.judge import Doomed
from lambdas.clusters.problems import Problems
from lambdas.clusters.reap import clusters_of, sweep
from lambdas.settings import load_settings

# infra/nets.yml counts these lines for the metric ClustersReaped.
ENDED = "cluster ended"

logger = Logger(service="reap_clusters")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"terminated": [ids]}``.

    Parameters
    ----------
    event
        See ``lambdas.clusters.events.parse_event``.
    context
        Not used.

    Raises
    ------
    ReapError
        After all that could be ended was ended: the caller's retry tries the rest again.
    """
    asked, stage, problems = parse_event(event), load_settings().stage, Problems()
    terminated = []
    for ended in end_clusters(aws.emr(), _doomed(asked, stage, problems), problems):
        cluster = ended.cluster
        about = {"cluster": cluster.id, "reason": ended.reason, "execution": cluster.execution, "job": cluster.job}
        logger.info(ENDED, extra={**about, "stage": stage})
        terminated.append(cluster.id)
    problems.raise_if_any()
    return {"terminated": terminated}


def _doomed(asked: ReapExecution | Sweep, stage: str, problems: Problems) -> Iterator[Doomed]:
    if isinstance(asked, Sweep):
        return sweep(aws.emr(), aws.stepfunctions(), stage, asked.now, problems)
    return clusters_of(aws.emr(), asked, stage, problems)
