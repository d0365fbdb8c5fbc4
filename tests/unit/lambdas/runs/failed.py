"""Attempts that failed, as the machine tells of them, on clusters of the engine with logs in moto's S3."""

import gzip
import json
from typing import Any

from lambdas import aws
from lambdas.runs.events import DiagnoseEvent
from lambdas.runs.plan import Attempt, Plan
from tests.unit.lambdas.emr import ARN, START, Emr
from tests.unit.lambdas.plans import a_plan

LOG_BUCKET = "the-logs"
LOG_URI = f"s3://{LOG_BUCKET}/emr/"
READY_SECONDS = 400
"""From the start of a cluster until it is ready."""

API_ERROR = "EMR.AmazonElasticMapReduceException"
THROTTLED = "Rate exceeded (Service: AmazonElasticMapReduce; Status Code: 400; Error Code: ThrottlingException)"
SHUT_DOWN = "A job flow that is shutting down, terminated, or finished may not be modified. (Service: ...)"


def event(
    state: str,
    error: str,
    cause: Any = "",
    *,
    cluster_id: str | None = None,
    plan: Plan | None = None,
    looks: int = 0,
) -> DiagnoseEvent:
    """Return what the machine hands over; a cause that is no text becomes JSON."""
    return DiagnoseEvent.model_validate(
        {
            "job": "pricing-summary",
            "execution": {"id": ARN, "name": "run-1", "started": START.isoformat()},
            "plan": (plan or a_plan()).as_document(),
            "cluster_id": cluster_id,
            "failure": {
                "state": state,
                "error": error,
                "cause": cause if isinstance(cause, str) else json.dumps(cause),
            },
            "looks": looks,
        }
    )


def step_failed(
    emr: Emr, cluster_id: str, name: str = "clean", state: str = "FAILED", **details: str
) -> dict[str, Any]:
    """Return the Cause of a failed addStep.sync: the step as it was then."""
    status: dict[str, Any] = {"State": state} | ({"FailureDetails": details} if details else {})
    return {"Step": {"Id": emr.step_ids(cluster_id)[name], "Name": name, "Status": status}}


def put_log(cluster_id: str, step_id: str, text: str, name: str = "stderr.gz") -> str:
    """Ship a log of a step; return its address."""
    key = f"emr/{cluster_id}/steps/{step_id}/{name}"
    aws.s3().put_object(Bucket=LOG_BUCKET, Key=key, Body=gzip.compress(text.encode()))
    return f"s3://{LOG_BUCKET}/{key}"


def attempted(plan: Plan, cluster_id: str | None) -> Plan:
    """Return a plan as its second attempt, after one on a cluster."""
    attempt = Attempt(
        number=1,
        cluster_id=cluster_id,
        failed_state="Create cluster",
        failure_class="capacity_shortage",
        action="next_capacity",
        change="other instance types",
    )
    return plan.model_copy(update={"attempt": 2, "earlier": [*plan.earlier, attempt]})
