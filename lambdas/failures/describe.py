"""Say what failed: from a state's Error and Cause and EMR's status to a name and a text a person can act on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
MAX_ERROR_CHARACTERS = 256
MAX_CAUSE_CHARACTERS = 32_768

_STEP_STATE = "Run step "
_TIMEOUT = "States.Timeout"

# https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStateChangeReason.html
_CLUSTER_AT_FAULT = frozenset(
    {"INTERNAL_ERROR", "VALIDATION_ERROR", "INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT", "BOOTSTRAP_FAILURE"}
)

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-troubleshoot-error-errordetail-internal.html
_NO_CAPACITY = frozenset(
    {
        "INSTANCE_FLEET_TIMEOUT",
        "INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ",
        "INTERNAL_ERROR_SPOT_NO_CAPACITY_PRIMARY",
        "INTERNAL_ERROR_SPOT_PRICE_INCREASE_PRIMARY",
    }
)
_DETAILS = {"Reason": "Reason", "Message": "Message", "LogFile": "Log"}

_ADVICE = {
    "BootstrapFailed": "Read the bootstrap action's stderr in the log bucket, correct the script, start the run again.",
    "ClusterFailed": "Start the run again; when it fails the same way, look at the cluster in the EMR console.",
    "ClusterTimedOut": "Start the run again, or raise start_timeout in the cluster spec.",
    "EmrRefused": "When EMR was throttled, start the run again; otherwise correct what it names.",
    "NoCapacity": "Start the run again later, or allow more families or subnets in other availability zones.",
    "PlanFailed": "This is a bug in plan_run or its deployment; its log has the traceback.",
    "RecordFailed": "The steps have run; only the record is missing. The log of record_run has the traceback.",
    "RunFailed": "Look at the execution's history for the state's input and output.",
    "StepCancelled": "Find out who cancelled the step or ended the cluster, then start the run again.",
    "StepFailed": "Read the step's log, correct the job or its input, and start the run again.",
    "StepTimedOut": "Raise the step's timeout in job.yml, or find out in its log why it took so long.",
    "TerminateFailed": "Look at the cluster in the EMR console; terminate it there if it still runs.",
}


@dataclass(frozen=True)
class StateFailure:
    """A state that failed: its name, and the Error and Cause Step Functions saw."""

    state: str
    error: str
    cause: str = ""


@dataclass(frozen=True)
class Failure:
    """A failure's name, at most 256 characters, and its cause in words, at most 32,768."""

    error: str
    cause: str


def describe_failure(
    failure: StateFailure, cluster: Mapping[str, Any] | None, steps: Sequence[Mapping[str, Any]]
) -> Failure:
    """Name a failure and say what happened, where, why, and what to do.

    Parameters
    ----------
    failure
        What the machine caught. The Cause may be empty, cut off, or no JSON at all.
    cluster
        ``Cluster`` of DescribeCluster, when there is one.
    steps
        ``Steps`` of ListSteps.
    """
    if failure.state == "Plan run":
        return _describe_planning(failure)
    if failure.state.startswith(_STEP_STATE):
        return _describe_step(failure, cluster, steps)
    if failure.state == "Create cluster":
        return _describe_cluster(failure, cluster)
    names = {"Record run": "RecordFailed", "Terminate cluster": "TerminateFailed"}
    return _failure(
        names.get(failure.state, "RunFailed"), f"{failure.state} failed with {failure.error}.", failure.cause
    )


def _describe_planning(failure: StateFailure) -> Failure:
    crash = _json(failure.cause)
    if crash or "." in failure.error or not (failure.error and failure.cause):
        message = f"{crash.get('errorType', failure.error)}: {crash.get('errorMessage', failure.cause)}"
        return _failure("PlanFailed", "The run was not planned; nothing was created.", message)
    return Failure(failure.error[:MAX_ERROR_CHARACTERS], failure.cause[:MAX_CAUSE_CHARACTERS])


def _describe_step(
    failure: StateFailure, cluster: Mapping[str, Any] | None, steps: Sequence[Mapping[str, Any]]
) -> Failure:
    name = failure.state.removeprefix(_STEP_STATE)
    step = next((found for found in reversed(steps) if found.get("Name") == name), None) or _part(
        _json(failure.cause), "Step"
    )
    state = _text(_part(step, "Status"), "State")
    if failure.error == _TIMEOUT:
        return _failure("StepTimedOut", f"Step {name!r} did not end within its timeout.", _details(step))
    if state != "FAILED" and _code(cluster) in _CLUSTER_AT_FAULT:
        return _describe_cluster(failure, cluster, f"The cluster ended while step {name!r} ran.")
    if state in {"CANCELLED", "CANCEL_PENDING", "INTERRUPTED"}:
        return _failure("StepCancelled", f"Step {name!r} was cancelled ({state}).", _details(step), _reason(cluster))
    if failure.error.startswith("EMR.") or (not step and not _is_task_failure(failure)):
        return _failure("EmrRefused", f"EMR refused step {name!r}: {failure.error}.", failure.cause)
    return _failure("StepFailed", f"Step {name!r} failed.", _details(step) or failure.cause)


def _describe_cluster(failure: StateFailure, cluster: Mapping[str, Any] | None, happened: str = "") -> Failure:
    cluster = cluster or _part(_json(failure.cause), "Cluster")
    reason = _reason(cluster) or failure.cause
    errors = _part(cluster, "Status").get("ErrorDetails") or []
    codes = {_code(cluster), *(_text(error, "ErrorCode") for error in errors if isinstance(error, Mapping))}
    happened = happened or "The cluster did not become ready."
    if codes & _NO_CAPACITY or _mentions_capacity(reason):
        return _failure("NoCapacity", f"{happened} EC2 had no capacity for it.", reason)
    if any(code.startswith("BOOTSTRAP_FAILURE") for code in codes):
        return _failure("BootstrapFailed", f"{happened} A bootstrap action failed.", reason)
    if failure.error == _TIMEOUT:
        return _failure("ClusterTimedOut", "The cluster was not ready within start_timeout.", _reason(cluster))
    if failure.error.startswith("EMR."):
        return _failure("EmrRefused", f"EMR refused to create the cluster: {failure.error}.", failure.cause)
    return _failure("ClusterFailed", happened, reason)


def _failure(error: str, *parts: str) -> Failure:
    advice = _ADVICE[error]
    room = MAX_CAUSE_CHARACTERS - len(advice) - 1
    text = "\n".join(part for part in parts if part)
    return Failure(error, f"{text[:room]}\n{advice}")


def _details(step: Mapping[str, Any]) -> str:
    found = _part(_part(step, "Status"), "FailureDetails")
    lines = [f"{label}: {found[key]}" for key, label in _DETAILS.items() if found.get(key)]
    return "\n".join(lines)


def _reason(cluster: Mapping[str, Any] | None) -> str:
    reason = _part(_part(cluster, "Status"), "StateChangeReason")
    code, message = _text(reason, "Code"), _text(reason, "Message")
    return ": ".join(part for part in (code, message) if part)


def _code(cluster: Mapping[str, Any] | None) -> str:
    return _text(_part(_part(cluster, "Status"), "StateChangeReason"), "Code")


def _mentions_capacity(text: str) -> bool:
    lowered = text.lower()
    return "insufficient capacity" in lowered or ("sufficient" in lowered and "capacity" in lowered)


def _is_task_failure(failure: StateFailure) -> bool:
    return failure.error in {"States.TaskFailed", ""}


def _json(cause: str) -> Mapping[str, Any]:
    try:
        found = json.loads(cause)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(value: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    found = value.get(key) if value else None
    return found if isinstance(found, Mapping) else {}


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
