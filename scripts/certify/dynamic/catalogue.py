"""The faults that make sense for a state, by its type and by the service it calls."""

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.certify.dynamic.acts import Act, Answers, Delays, Ends, Fails, Refuses, Stands, TimesOut

TOO_LARGE = "x" * 300_000
"""Over the 256 KiB of a task's result. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_EMR = "arn:aws:states:::elasticmapreduce:"
_EMR_API = "arn:aws:states:::aws-sdk:emr:"
_LAMBDA = "arn:aws:states:::lambda:"
_SNS = "arn:aws:states:::sns:"

# What the service answers is not the task's result: that comes with the token.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
_CALLBACK = ".waitForTaskToken"

# The API call behind an integration, and the one that .sync polls with.
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
_EMR_CALLS = {
    "createCluster": ("RunJobFlow", "DescribeCluster"),
    "addStep": ("AddJobFlowSteps", "DescribeStep"),
    "terminateCluster": ("TerminateJobFlows", "DescribeCluster"),
}
_THROTTLED = ("ThrottlingException", "Rate exceeded")
_INVALID = ("ValidationException", "The request is not valid.")
_INTERNAL = ("InternalServerException", "An internal error occurred.")

_GARBAGE: dict[str, Any] = {"null": None, "list": [], "text": "x", "empty": {}, "number": 7}
_DENIED = "User: arn:aws:sts::123456789012:assumed-role/machine/run is not authorized to perform this action"

# https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception and
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_LAMBDA_ERRORS = {
    "service-exception": ("Lambda.ServiceException", "Service failed."),
    "throttled": ("Lambda.TooManyRequestsException", "Rate Exceeded."),
    "aws-lambda-exception": ("Lambda.AWSLambdaException", "Lambda failed."),
    "sdk-client-exception": ("Lambda.SdkClientException", "Unable to execute HTTP request."),
    "unknown": ("Lambda.Unknown", "The cause could not be determined because Lambda did not return an error type."),
    "sandbox-timedout": ("Sandbox.Timedout", '{"errorMessage": "Task timed out after 120.00 seconds"}'),
    "crash": ("KeyError", '{"errorMessage": "\'a bug\'", "errorType": "KeyError", "stackTrace": []}'),
}
_SNS_ERRORS = {
    "throttled": ("SNS.ThrottledException", "Rate exceeded"),
    "internal": ("SNS.InternalErrorException", "Internal error"),
    "not-found": ("SNS.NotFoundException", "Topic does not exist"),
    "denied": ("SNS.AuthorizationErrorException", _DENIED),
}


TRANSIENT = frozenset(
    {
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "SNS.ThrottledException",
        "SNS.InternalErrorException",
    }
)
"""Errors of a service that pass: once must not matter. Those of Lambda AWS says to retry, at the page above."""

AGAIN = ("stopped-during", "timed-out-during", "task-failed-always", "crash-always", "times-out-always", "too-large")
"""What is tried on a task that is entered again, on another cluster."""


ON_EVERY_PATH = ("stopped-during", "stands-still")
"""What is tried on a task of EMR on every path, not only on the first that enters it."""

IN_A_RACE = ("late", "throttled-once", "throttled-once-accepted", "internal-always", "answers-no-steps")
"""What is tried where a step ends while the machine looks for it, or while it lets EMR end the cluster."""

_LATE_SECONDS = 30.0
_DURING_SECONDS = 30.0
_BOOTSTRAPPING_SECONDS = 300.0
_FOR_LONG = 3600.0


def is_emr(state: Mapping[str, Any]) -> bool:
    """Say whether a state is a task on a cluster."""
    return str(state.get("Resource", "")).startswith(_EMR)


def is_aside(state: Mapping[str, Any]) -> bool:
    """Say whether a state calls EMR beside the work: nothing it meets may change how a run ends."""
    return str(state.get("Resource", "")).startswith(_EMR_API)


def acts_for(state: Mapping[str, Any]) -> dict[str, Act]:
    """Return what may happen at a state, by a short name.

    Parameters
    ----------
    state
        Its definition.
    """
    if state["Type"] != "Task":
        return dict(_anywhere(state))
    resource = state["Resource"]
    if is_emr(state):
        action, _, pattern = resource.removeprefix(_EMR).partition(".")
        own = _emr(action, waits=pattern == "sync")
    elif is_aside(state):
        own = _emr_api(resource.removeprefix(_EMR_API))
    elif resource.startswith(_LAMBDA):
        own = _lambda()
    elif resource.startswith(_SNS):
        own = _errors(_SNS_ERRORS)
    else:
        own = iter(())
    answers = {} if resource.endswith(_CALLBACK) else dict(_answers(resource.startswith(_LAMBDA)))
    return {**dict(own), **dict(_task()), **answers, **dict(_anywhere(state))}


def _emr(action: str, *, waits: bool) -> Iterator[tuple[str, Act]]:
    call, poll = _EMR_CALLS[action]
    yield from _refused(call)
    if action == "addStep":
        yield "late", Delays(_LATE_SECONDS)
    if waits:
        yield "poll-throttled-once", Refuses(poll, *_THROTTLED)
        yield "poll-throttled-always", Refuses(poll, *_THROTTLED, always=True)
        yield "poll-internal-once", Refuses(poll, *_INTERNAL)
    yield "task-failed-once", Fails("States.TaskFailed", "{}")
    yield "task-failed-always", Fails("States.TaskFailed", "{}", always=True)
    yield "task-failed-accepted", Fails("States.TaskFailed", "{}", accepted=True)


def _emr_api(action: str) -> Iterator[tuple[str, Act]]:
    yield from _refused(action[0].upper() + action[1:])
    yield "late", Delays(_LATE_SECONDS)
    if action == "listSteps":
        yield "answers-no-steps", Answers({"Steps": []}, always=True)


def _refused(call: str) -> Iterator[tuple[str, Act]]:
    for name, (code, message) in {"throttled": _THROTTLED, "invalid": _INVALID, "internal": _INTERNAL}.items():
        yield f"{name}-once", Refuses(call, code, message)
        yield f"{name}-always", Refuses(call, code, message, always=True)
    yield "throttled-once-accepted", Refuses(call, *_THROTTLED, accepted=True)
    yield "internal-always-accepted", Refuses(call, *_INTERNAL, accepted=True, always=True)


def _lambda() -> Iterator[tuple[str, Act]]:
    yield from _errors(_LAMBDA_ERRORS)
    yield "service-exception-accepted", Fails(*_LAMBDA_ERRORS["service-exception"], accepted=True)


def _errors(errors: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Act]]:
    for name, (error, cause) in errors.items():
        yield f"{name}-once", Fails(error, cause)
        yield f"{name}-always", Fails(error, cause, always=True)


def _task() -> Iterator[tuple[str, Act]]:
    yield "denied-always", Fails("States.Permissions", _DENIED, always=True)
    yield "runtime-error", Fails("States.Runtime", "The interpreter failed.")
    yield "times-out-once", TimesOut()
    yield "times-out-always", TimesOut(always=True)
    yield "times-out-accepted", TimesOut(accepted=True)


def _answers(in_payload: bool) -> Iterator[tuple[str, Act]]:
    for name, garbage in {**_GARBAGE, "too-large": TOO_LARGE}.items():
        answer = {"Payload": garbage, "StatusCode": 200} if in_payload else garbage
        yield name if name == "too-large" else f"answers-{name}", Answers(answer)


def _anywhere(state: Mapping[str, Any]) -> Iterator[tuple[str, Act]]:
    kind, resource = state["Type"], state.get("Resource", "")
    for name, expires in (("stopped", False), ("timed-out", True)):
        yield f"{name}-before", Ends(expires, "before")
        if resource.endswith(".sync") or kind in ("Wait", "Parallel"):
            yield f"{name}-during", Ends(expires, "during", min(_DURING_SECONDS, state.get("Seconds", _FOR_LONG) / 2))
        elif kind == "Task":
            yield f"{name}-during", Ends(expires, "during")
            yield f"{name}-working", Ends(expires, "working")
        if "createCluster" in resource:
            yield f"{name}-during-bootstrap", Ends(expires, "during", _BOOTSTRAPPING_SECONDS)
        if "Next" in state or "Choices" in state:
            yield f"{name}-after", Ends(expires, "after")
    if kind not in ("Fail", "Succeed"):
        yield "stands-still", Stands()
