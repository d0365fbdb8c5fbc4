"""What plan_run would decide, and nothing is written: for the command, which shows it before it starts a run."""

import datetime
from typing import TYPE_CHECKING

from lambdas.inputs.frozen import open_manifest
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import Plan
from lambdas.runs.planning import draw_plan
from lambdas.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def preview(
    event: PlanEvent, settings: Settings, s3: "S3Client", dynamodb: "DynamoDBClient", now: datetime.datetime
) -> Plan:
    """Plan a run as ``plan_run`` does, and write nothing; see ``make_plan``.

    Parameters
    ----------
    event
        What ``plan_run`` would be asked. The execution's name is in the plan, its ARN is not looked at.
    settings
        The deployment.
    s3, dynamodb
        Clients that may read what ``plan_run`` reads.
    now
        With a time zone.

    Raises
    ------
    RejectionError
        The run would be rejected.
    """
    with open_manifest() as manifest:
        return draw_plan(event, settings, s3, dynamodb, now, manifest)
