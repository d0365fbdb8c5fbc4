"""The EventBridge events of state changes: "Amazon EMR events", source `aws.emr`.

Shapes and sentences: "Monitor Amazon EMR events with CloudWatch",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-cloudwatch-events.html. AWS lists no events for
BOOTSTRAPPING and TERMINATING; here they are sent too, so that a timeline has no gaps.
"""

import datetime
import json
import uuid
from typing import Any

from scripts.local.emr.model import Cluster, ClusterState, Step, StepState

CLUSTER_EVENT = "EMR Cluster State Change"
STEP_EVENT = "EMR Step Status Change"

_CRITICAL_CODES = frozenset(
    {"INTERNAL_ERROR", "VALIDATION_ERROR", "INSTANCE_FAILURE", "BOOTSTRAP_FAILURE", "STEP_FAILURE"}
)
_STEP_VERBS = {
    StepState.PENDING: "was added to",
    StepState.RUNNING: "started running in",
    StepState.CANCEL_PENDING: "is being cancelled in",
    StepState.COMPLETED: "completed execution in",
    StepState.CANCELLED: "was cancelled in",
    StepState.FAILED: "failed in",
}


def cluster_event(cluster: Cluster, account: str, region: str, now: float) -> dict[str, Any]:
    """Return the event of the state a cluster is now in."""
    reason = {"code": cluster.reason.code or ""}
    if cluster.reason.message:
        reason["message"] = cluster.reason.message
    detail = {
        "severity": _severity(cluster),
        "stateChangeReason": json.dumps(reason, separators=(",", ":")),
        "name": cluster.name,
        "clusterId": cluster.id,
        "state": cluster.state.value,
        "message": _cluster_message(cluster, now),
    }
    return _event(CLUSTER_EVENT, detail, account, region, now)


def step_event(cluster: Cluster, step: Step, account: str, region: str, now: float) -> dict[str, Any]:
    """Return the event of the state a step is now in."""
    name = step.config["Name"]
    detail = {
        "severity": "ERROR" if step.state == StepState.FAILED else "INFO",
        "actionOnFailure": step.action_on_failure,
        "stepId": step.id,
        "name": name,
        "clusterId": cluster.id,
        "state": step.state.value,
        "message": f"Step {step.id} ({name}) {_STEP_VERBS[step.state]} Amazon EMR cluster {cluster.id} "
        f"({cluster.name}) at {_minute(now)}.",
    }
    return _event(STEP_EVENT, detail, account, region, now)


def _event(detail_type: str, detail: dict[str, Any], account: str, region: str, now: float) -> dict[str, Any]:
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    subject = detail.get("stepId", detail["clusterId"])
    return {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{subject}/{detail['state']}/{now}")),
        "detail-type": detail_type,
        "source": "aws.emr",
        "account": account,
        "time": moment,
        "region": region,
        "resources": [],
        "detail": detail,
    }


def _severity(cluster: Cluster) -> str:
    if cluster.state == ClusterState.TERMINATED_WITH_ERRORS:
        return "CRITICAL"
    if cluster.state == ClusterState.TERMINATED and cluster.reason.code in _CRITICAL_CODES:
        return "CRITICAL"
    return "INFO"


def _cluster_message(cluster: Cluster, now: float) -> str:
    moment, code = _minute(now), cluster.reason.code
    start, capital_start = (f"Amazon EMR {word} {cluster.id} ({cluster.name})" for word in ("cluster", "Cluster"))
    match cluster.state:
        case ClusterState.STARTING:
            message = f"{start} was requested at {moment} and is being created."
        case ClusterState.RUNNING:
            message = f"{start} began running steps at {moment}."
        case ClusterState.WAITING if not cluster.steps:
            message = f"{start} was created at {_minute(cluster.timeline.created)} and is ready for use."
        case ClusterState.WAITING:
            message = f"{start} finished running all pending steps at {moment}."
        case ClusterState.TERMINATED:
            message = f"{capital_start} has terminated at {moment} with a reason of {code}."
        case ClusterState.TERMINATED_WITH_ERRORS:
            message = f"{capital_start} has terminated with errors at {moment} with a reason of {code}."
        case _:
            message = f"{start} is {cluster.state.value} since {moment}."
    return message


def _minute(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
