"""Decide what a message starts: which execution, under which name, on which input."""

import datetime
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdas.inputs.errors import InputEmptyError, InputMissingError, RejectionError
from lambdas.inputs.events import parse_event
from lambdas.inputs.measure import Measurement, measure_input
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

# Where data came after its marker, more may come; none has to have come for so long. A multipart upload counts from
# its beginning. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
QUIET_SECONDS = 60

# S3 and EventBridge tell whole seconds, so what follows within one may as well have been before.
_SAME_MOMENT = datetime.timedelta(seconds=1)

# What tells an event from others. Nobody promises that one sent again from an archive keeps its id; it keeps its time.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
_IDENTITY = ("time", "source", "detail-type", "resources", "detail")

# Of an event that is sent again from an archive.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
_REPLAY_NAME = "replay-name"

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


@dataclass(frozen=True)
class Nothing:
    """There is nothing to start, and there will not be; ``why`` is a sentence."""

    why: str


@dataclass(frozen=True)
class _Asked:
    """What a message wants a run on.

    Attributes
    ----------
    document
        The execution's input, but for its version.
    request
        What it means.
    occasion
        Names the run when the input has no version.
    announced
        When the marker of the input was written.
    replay
        The replay of an archive that announces it again.
    """

    document: dict[str, Any]
    request: Request
    occasion: str
    announced: datetime.datetime | None = None
    replay: str | None = None


def decide(
    message: StartMessage, job: Job, data_bucket: str, s3: "S3Client", now: datetime.datetime
) -> Start | Later | Nothing:
    """Say what a message starts.

    What objects start is named after the version of the input: the same announcement again is the same execution. What
    a schedule or another event starts is named after its occasion, and reads what is there. An input that cannot be
    read is started all the same, so that the run says what is wrong where people look; but one that is gone when its
    event is sent again from an archive may have been read long ago, and starts nothing.

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
    now
        With a time zone.

    Raises
    ------
    StartMessageError
        The job has no such trigger any more.
    """
    if message.changed is not None:
        document = {name: value for name, value in message.changed.items() if name != "version"}
        request = parse_request(document, substitute(job.input, {DATA_BUCKET: data_bucket}))
        return _versioned(message, job, _Asked(document, request, f"changed {message.changed}"), s3, now)
    trigger = _trigger(message, job)
    if trigger.object_created is None:
        return Start(execution_name(job, _occasion(message)))
    if message.event is None:
        raise StartMessageError(f"a message for triggers[{message.trigger}] of {job.name!r} without its event")
    return _versioned(message, job, _of_object(message.event, trigger.object_created.input), s3, now)


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
        what = {name: message.event[name] for name in _IDENTITY if name in message.event}
        return f"event {message.trigger} {json.dumps(what, sort_keys=True)}"
    raise StartMessageError(f"a message of {message.job!r} with neither an event nor a time")


def _of_object(event: Mapping[str, Any], what: CreatedAs) -> _Asked:
    created = parse_event(event)
    # The sequencer tells one writing of a key from the next, and is the same however often it is announced.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    occasion = f"object {created.uri} {created.object.etag} {event['detail']['object'].get('sequencer')}"
    replay = event.get(_REPLAY_NAME)
    if what == "object":
        return _Asked({"input": str(created.uri)}, Request("object_created", created=created), occasion, replay=replay)
    if what == "manifest":
        request = Request("manifest", manifest=created.uri)
        return _Asked({"manifest": str(created.uri)}, request, occasion, replay=replay)
    folder = created.uri.parent
    return _Asked({"input": str(folder)}, Request("input", (folder,)), occasion, _time_of(event), replay)


def _time_of(event: Mapping[str, Any]) -> datetime.datetime | None:
    time = event.get("time")
    try:
        return datetime.datetime.fromisoformat(time) if time else None
    except (TypeError, ValueError) as error:
        raise StartMessageError(f"the time {time!r} of an event is none, such as 2026-11-27T03:00:00Z") from error


def _versioned(
    message: StartMessage, job: Job, asked: _Asked, s3: "S3Client", now: datetime.datetime
) -> Start | Later | Nothing:
    later = Later(min(FIRST_LOOK_SECONDS * 2**message.looks, MAX_DELAY_SECONDS)) if message.looks < MAX_LOOKS else None
    try:
        # The run freezes the manifest; here only its version counts.
        with Path(os.devnull).open("wb") as nowhere:
            _, measured = measure_input(s3, asked.request, nowhere)
    except (InputEmptyError, InputMissingError) as error:
        if asked.replay is not None:
            return Nothing(f"sent again by {asked.replay}, and the input is gone: {error}")
        return later or Start(execution_name(job, asked.occasion), asked.document)
    except RejectionError:
        return Start(execution_name(job, asked.occasion), asked.document)
    if later and _comes_in(measured, asked.announced, now):
        return later
    return Start(execution_name(job, measured.version), {**asked.document, "version": measured.version})


def _comes_in(measured: Measurement, announced: datetime.datetime | None, now: datetime.datetime) -> bool:
    """Say whether data has come after its marker, and the last of it only just."""
    newest = measured.newest
    return (
        announced is not None
        and newest is not None
        and newest - announced > _SAME_MOMENT
        and now - newest < datetime.timedelta(seconds=QUIET_SECONDS)
    )


def execution_name(job: Job, what: str) -> str:
    """Return the name of the execution that a text stands for: the same for the same text."""
    return f"{job.name}-{hashlib.sha256(what.encode()).hexdigest()[:_DIGITS]}"
