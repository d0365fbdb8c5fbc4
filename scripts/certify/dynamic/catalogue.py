"""The faults that make sense for a state, by its type and by the service it calls."""

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.certify.dynamic.acts import Act, Answers, Ends, Fails, Refuses, Stands, TimesOut

TOO_LARGE = "x" * 300_000
"""Over the 256 KiB of a task's result. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_EMR = "arn:aws:states:::elasticmapreduce:"
_LAMBDA = "arn:aws:states:::lambda:"
_SNS = "arn:aws:states:::sns:"

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


def is_emr(state: Mapping[str, Any]) -> bool:
    """Say whether a state calls EMR."""
    return str(state.get("Resource", "")).startswith(_EMR)


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
    if resource.startswith(_EMR):
        own = _emr(resource.removeprefix(_EMR).partition(".")[0])
    elif resource.startswith(_LAMBDA):
        own = _lambda()
    elif resource.startswith(_SNS):
        own = _errors(_SNS_ERRORS)
    else:
        own = iter(())
    return {**dict(own), **dict(_task(resource.startswith(_LAMBDA))), **dict(_anywhere(state))}


def _emr(action: str) -> Iterator[tuple[str, Act]]:
    call, poll = _EMR_CALLS[action]
    for name, (code, message) in {"throttled": _THROTTLED, "invalid": _INVALID, "internal": _INTERNAL}.items():
        yield f"{name}-once", Refuses(call, code, message)
        yield f"{name}-always", Refuses(call, code, message, always=True)
    yield "throttled-once-accepted", Refuses(call, *_THROTTLED, accepted=True)
    yield "internal-always-accepted", Refuses(call, *_INTERNAL, accepted=True, always=True)
    yield "poll-throttled-once", Refuses(poll, *_THROTTLED)
    yield "poll-throttled-always", Refuses(poll, *_THROTTLED, always=True)
    yield "poll-internal-once", Refuses(poll, *_INTERNAL)
    yield "task-failed-once", Fails("States.TaskFailed", "{}")
    yield "task-failed-always", Fails("States.TaskFailed", "{}", always=True)
    yield "task-failed-accepted", Fails("States.TaskFailed", "{}", accepted=True)


def _lambda() -> Iterator[tuple[str, Act]]:
    yield from _errors(_LAMBDA_ERRORS)
    yield "service-exception-accepted", Fails(*_LAMBDA_ERRORS["service-exception"], accepted=True)


def _errors(errors: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Act]]:
    for name, (error, cause) in errors.items():
        yield f"{name}-once", Fails(error, cause)
        yield f"{name}-always", Fails(error, cause, always=True)


def _task(in_payload: bool) -> Iterator[tuple[str, Act]]:
    yield "denied-always", Fails("States.Permissions", _DENIED, always=True)
    yield "runtime-error", Fails("States.Runtime", "The interpreter failed.")
    yield "times-out-once", TimesOut()
    yield "times-out-always", TimesOut(always=True)
    yield "times-out-accepted", TimesOut(accepted=True)
    for name, garbage in {**_GARBAGE, "too-large": TOO_LARGE}.items():
        answer = {"Payload": garbage, "StatusCode": 200} if in_payload else garbage
        yield name if name == "too-large" else f"answers-{name}", Answers(answer)


def _anywhere(state: Mapping[str, Any]) -> Iterator[tuple[str, Act]]:
    kind, resource = state["Type"], state.get("Resource", "")
    for name, expires in (("stopped", False), ("timed-out", True)):
        yield f"{name}-before", Ends(expires, "before")
        if resource.startswith(_EMR) or kind == "Wait":
            yield f"{name}-during", Ends(expires, "during", 30.0)
        elif kind == "Task":
            yield f"{name}-during", Ends(expires, "during")
            yield f"{name}-working", Ends(expires, "working")
        if "createCluster" in resource:
            yield f"{name}-during-bootstrap", Ends(expires, "during", 300.0)
        if "Next" in state or "Choices" in state:
            yield f"{name}-after", Ends(expires, "after")
    if kind not in ("Fail", "Succeed"):
        yield "stands-still", Stands()
