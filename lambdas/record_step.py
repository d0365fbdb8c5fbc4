"""Record a step as soon as it is over: how it ended, and what it wrote."""

from typing import Any

from aws_lambda_powertools import Logger

from lambdas import aws
from lambdas.clusters.find import describe
from lambdas.ledger.events import StepEvent
from lambdas.ledger.steps import merged, proven, with_run
from lambdas.ledger.store import EntryTornError, read_entry, write_entry
from lambdas.settings import load_settings

logger = Logger(service="record_step")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer ``{"recorded": name}``, of the step; ``null`` where there is nothing to record.

    Steps of clusters that are not this stage's are passed over, and so is what the ledger knows already.

    Parameters
    ----------
    event
        EventBridge's 'EMR Step Status Change' of a step that is over.
    context
        Not used.
    """
    asked, settings = StepEvent.model_validate(event).detail, load_settings()
    cluster = describe(aws.emr(), asked.cluster_id)
    if cluster.stage != settings.stage or not cluster.execution or not cluster.job:
        return {"recorded": None}
    job, run = cluster.job, cluster.execution.rpartition(":")[2]
    about = {"job": job, "run": run, "step": asked.name, "cluster": cluster.id}
    try:
        entry = read_entry(aws.dynamodb(), settings.run_table, job, run)
    except EntryTornError as error:
        logger.warning("left to record_run", extra={**about, "reason": str(error)})
        return {"recorded": None}
    known = entry.step(asked.name) if entry else None
    if known is None:
        logger.warning("left to record_run", extra={**about, "reason": "the ledger has no such step"})
        return {"recorded": None}
    step = aws.emr().describe_step(ClusterId=cluster.id, StepId=asked.step_id)["Step"]
    for found in merged([known], [with_run(known, cluster.id, step)]):
        done, unproven = proven(aws.s3(), settings.log_bucket, job, run, found)
        if unproven:
            logger.warning("outputs not on record", extra={**about, "reason": unproven})
        write_entry(aws.dynamodb(), settings.run_table, job, run, {"steps": [done], "cluster_ids": [cluster.id]})
        logger.info("step recorded", extra={**about, "state": done.state, "objects": done.objects})
        return {"recorded": done.name}
    return {"recorded": None}
