"""Why an event was rejected, in words, and what helps."""

import re
from dataclasses import dataclass
from pathlib import Path

from lambdas.specs import SPECS, SpecError, UnknownSpecError, load_job
from lambdas.starts.message import StartMessageError, parse_message
from scripts.dlq.letter import Letter, Source, ToStarts

# Characters of a message that are shown.
_SHOWN = 200

_REDRIVE = "then send it again: slow-lambda dlq redrive {id}"
_DROP = "drop it: slow-lambda dlq drop {id}"
_SWEPT = f"the sweeps after it do its work, so {_DROP}"


@dataclass(frozen=True)
class Explained:
    """Why an event was rejected.

    Attributes
    ----------
    cause
        A few words, the same for all that were rejected for the same reason.
    why, todo
        Sentences.
    """

    cause: str
    why: str
    todo: str


# What EventBridge, Scheduler and Lambda call a failure: their codes, or the error of the target's API.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
_KNOWN = (
    (
        r"NO_PERMISSIONS|FAILED_TO_ASSUME_ROLE|TRANSIENT_ASSUME_ROLE|Access ?Denied|not authorized|AuthorizationError",
        "not permitted",
        "it may not be sent to its target: the queue's policy, the function's permission or the schedule's role is "
        "missing or was changed by hand",
        f"deploy the stage again, which puts the policies back; {_REDRIVE}",
    ),
    (
        r"NO_RESOURCE|NonExistentQueue|QueueDoesNotExist|ResourceNotFound|does not exist",
        "target gone",
        "its target does not exist: the queue or the function was deleted",
        f"deploy the stage again; {_REDRIVE}",
    ),
    (
        r"THROTTL|TooManyRequests|Rate exceeded|LimitExceeded|LIMIT_EXCEEDED",
        "throttled",
        "the target took no more calls for as long as was tried",
        f"nothing to mend if that is over; {_REDRIVE}",
    ),
    (
        r"KMS|CMK|encryption",
        "encryption key",
        "the key of the target could not be used",
        f"let the sender use the key in the key's policy; {_REDRIVE}",
    ),
    (
        r"INVALID_JSON|INVALID_PARAMETER|InvalidParameter|InvalidMessageContents|ValidationException",
        "refused as invalid",
        "the target took the call for wrong: what was sent is no message of this project, or too large",
        f"look at it with 'slow-lambda dlq show {{id}}'; if it is of no use, {_DROP}",
    ),
    (
        r"SDK_CLIENT_ERROR|CONNECTION_FAILURE|TIMEOUT|INTERNAL_ERROR|ERROR_FROM_TARGET|ServiceUnavailable|InternalFailure",
        "target failed",
        "the target could not be reached or failed itself for as long as was tried",
        f"nothing to mend if that is over; {_REDRIVE}",
    ),
)


def explain(letter: Letter, root: Path = SPECS) -> Explained:
    """Say why an event was rejected.

    Parameters
    ----------
    letter
        The event.
    root
        The specs to look its job up in: those of the working copy, which may be newer than the deployed ones.
    """
    found = _explain(letter, root)
    return Explained(found.cause, found.why.format(id=letter.id), found.todo.format(id=letter.id))


def _explain(letter: Letter, root: Path) -> Explained:
    if letter.again is None:
        return Explained(
            "unknown",
            "it has neither the attributes of a rule or a schedule nor the form of a start or of a failed function",
            f"look at it with 'slow-lambda dlq show {{id}}'; somebody has sent it by hand, so {_DROP}",
        )
    if letter.source is Source.FUNCTION:
        return _of_function(letter)
    if isinstance(letter.again, ToStarts) and (wrong := _wrong_start(letter.again.body, root)):
        return wrong
    if letter.source is Source.START_QUEUE:
        return Explained(
            "start failed",
            "start_runs tried it five times and failed, though the job and the trigger it names exist",
            f"the log group of the function {letter.origin.removesuffix('starts')}start-runs says why: look there for "
            f"'not started'; mend that, {_REDRIVE}",
        )
    return _of_delivery(letter)


def _of_delivery(letter: Letter) -> Explained:
    said = f"{letter.code} {letter.message}"
    unknown = (letter.code or "not delivered", "it could not be delivered", f"mend what that says; {_REDRIVE}")
    known = (known for pattern, *known in _KNOWN if re.search(pattern, said, re.IGNORECASE))
    cause, why, todo = next(known, unknown)
    todo = todo.replace(_REDRIVE, _SWEPT) if letter.is_sweep else todo
    return Explained(cause, _braces(f"{why} ({_said(letter)})"), todo)


def _of_function(letter: Letter) -> Explained:
    why = (
        f"{letter.origin} could not be started in time"
        if letter.condition == "EventAgeExceeded"
        else f"{letter.origin} failed {letter.attempts or 'several'} times"
    )
    todo = _SWEPT if letter.is_sweep else f"mend that, {_REDRIVE}"
    cause = "sweep failed" if letter.is_sweep else "function failed"
    return Explained(cause, _braces(f"{why} ({_said(letter)})"), f"its log group says more; {todo}")


def _wrong_start(body: str, root: Path) -> Explained | None:
    """Say why nobody could start this, or return ``None``."""
    try:
        message = parse_message(body)
    except StartMessageError:
        return Explained("no start message", _braces(f"start_runs does not take {body[:_SHOWN]}"), _DROP)
    try:
        triggers = len(load_job(message.job, root).triggers)
    except UnknownSpecError as error:
        return Explained(
            "job unknown",
            _braces(f"there is no such job any more ({error})"),
            f"if that is right, {_DROP}; else deploy the job and {_REDRIVE.removeprefix('then ')}",
        )
    except SpecError as error:
        return Explained("job wrong", _braces(str(error)), f"correct the spec, deploy, {_REDRIVE}")
    if message.changed is None and not 0 <= message.trigger < triggers:
        return Explained(
            "trigger unknown",
            _braces(f"{message.job} has {triggers} triggers, and this is of triggers[{message.trigger}]"),
            f"if the input is still to be read: 'slow-lambda run {message.job} --input URI'; then {_DROP}",
        )
    return None


def _said(letter: Letter) -> str:
    retries = f"{letter.attempts} retries" if letter.attempts and letter.source is not Source.FUNCTION else ""
    parts = [letter.code, letter.message, letter.condition, retries]
    return "; ".join(part for part in parts if part) or "no reason given"


def _braces(text: str) -> str:
    """Keep what others wrote from being taken for a place to fill in."""
    return text.replace("{", "{{").replace("}", "}}")
