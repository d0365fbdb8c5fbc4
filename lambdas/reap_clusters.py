"""End every live cluster of an execution, whatever became of the execution."""

from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.clusters.end import end_clusters
from lambdas.clusters.find import find_clusters
from lambdas.runs.events import ReapEvent

logger = Logger(service="reap_clusters")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"terminated": [ids]}``.

    Parameters
    ----------
    event
        ``{"execution": {"id": arn, "name", "started"}}``.
    context
        Not used.
    """
    execution = ReapEvent.model_validate(event).execution
    terminated = end_clusters(aws.emr(), find_clusters(aws.emr(), execution.id, execution.started))
    logger.info("reaped", extra={"execution": execution.id, "terminated": terminated})
    return {"terminated": terminated}
