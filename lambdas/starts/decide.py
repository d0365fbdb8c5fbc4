"""Decide what a message starts: which execution, under which name, on which input."""

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.inputs.errors import InputEmptyError, InputMissingError, RejectionError
from lambdas.inputs.events import Created, parse_event
from lambdas.inputs.measure import measure_input
from lambdas.inputs.request import CreatedAs, Request, parse_request
from lambdas.specs.job import Job
from lambdas.specs.placeholders import DATA_BUCKET, substitute
from lambdas.specs.triggers import Trigger
from lambdas.starts.message import StartMessage, StartMessageError
from lambdas.starts.send import MAX_DELAY_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A marker can arrive before the data it stands for. It is looked for after one, two, four, ... minutes, an hour in all.
FIRST_LOOK_SECONDS = 60
MAX_LOOKS = 7

# Hexadecimal digits of a name: two versions of one job's inputs share them once in 2 ** 40 versions.
_DIGITS = 20


@dataclass(frozen=True)
class Start:
    """An execution to be started; ``document`` is its input."""

    name: str
    document: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Later:
    """Nothing can be started yet: look again after some seconds."""

    seconds: int


def decide(message: StartMessage, job: Job, data_bucket: str, s3: "S3Client") -> Start | Later:
    """Say what a message starts.

    What objects start is named after the version of the input: the same announcement again is the same execution. What
    a schedule or another event starts is named after its occasion, and reads what is there. An input that cannot be
    read is started all the same, so that the run says what is wrong where people look.

    Parameters
    ----------
    message
        What was sent.
    job
        The job it names.
    data_bucket
        The deployment's.
    s3
        Lists the input.

    Raises
    ------
    StartMessageError
        The job has no such trigger any more.
    """
    if message.changed is not None:
        document = {name: value for name, value in message.changed.items() if name != "version"}
        request = parse_request(document, substitute(job.input, {DATA_BUCKET: data_bucket}))
        return _versioned(message, job, document, request, s3, f"changed {message.changed}")
    trigger = _trigger(message, job)
    if trigger.object_created is None:
        return Start(execution_name(job, _occasion(message)))
    if message.event is None:
        raise StartMessageError(f"a message for triggers[{message.trigger}] of {job.name!r} without its event")
    created = parse_event(message.event)
    document, request = _asked(created, trigger.object_created.input)
    return _versioned(message, job, document, request, s3, f"object {created.uri} {created.object.etag}")


def _trigger(message: StartMessage, job: Job) -> Trigger:
    if not 0 <= message.trigger < len(job.triggers):
        raise StartMessageError(
            f"{job.name!r} has {len(job.triggers)} triggers, and the message is of triggers[{message.trigger}]: its "
            "job.yml has changed since; start the job with 'slow-lambda run', or drop the message"
        )
    return job.triggers[message.trigger]


def _occasion(message: StartMessage) -> str:
    if message.scheduled is not None:
        return f"schedule {message.trigger} {message.scheduled}"
    if message.event is not None:
        return f"event {message.trigger} {message.event.get('id')}"
    raise StartMessageError(f"a message of {message.job!r} with neither an event nor a time")


def _asked(created: Created, what: CreatedAs) -> tuple[dict[str, Any], Request]:
    if what == "object":
        return {"input": str(created.uri)}, Request("object_created", created=created)
    if what == "manifest":
        return {"manifest": str(created.uri)}, Request("manifest", manifest=created.uri)
    folder = created.uri.parent
    return {"input": str(folder)}, Request("input", (folder,))


def _versioned(
    message: StartMessage, job: Job, document: dict[str, Any], request: Request, s3: "S3Client", otherwise: str
) -> Start | Later:
    try:
        _, measured = measure_input(s3, request, io.BytesIO())
    except (InputEmptyError, InputMissingError):
        if message.looks < MAX_LOOKS:
            return Later(min(FIRST_LOOK_SECONDS * 2**message.looks, MAX_DELAY_SECONDS))
        return Start(execution_name(job, otherwise), document)
    except RejectionError:
        return Start(execution_name(job, otherwise), document)
    return Start(execution_name(job, measured.version), {**document, "version": measured.version})


def execution_name(job: Job, what: str) -> str:
    """Return the name of the execution that a text stands for: the same for the same text."""
    return f"{job.name}-{hashlib.sha256(what.encode()).hexdigest()[:_DIGITS]}"
