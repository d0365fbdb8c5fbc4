"""What a run was asked for: the execution's input as one of three forms."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lambdas.inputs.errors import InputInvalidError, InputTooLargeError
from lambdas.inputs.uri import S3Uri, UriError

# Input or output of an execution, a state or a task, in bytes of UTF-8.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_DOCUMENT_BYTES = 262_144

_FORMS = (
    'start the run with {} for the job\'s own input, with {"input": "s3://bucket/prefix/"}, '
    "or with an S3 'Object Created' event as EventBridge delivers it"
)

Trigger = Literal["default", "input", "object_created"]


@dataclass(frozen=True)
class Request:
    """What to read, and which form of input said so."""

    input: S3Uri
    trigger: Trigger


def parse_request(document: object, job_input: str) -> Request:
    """Read the execution's input.

    Parameters
    ----------
    document
        ``{}``, ``{"input": "s3://..."}`` or an S3 event; of an event, the folder of the object created is the input.
    job_input
        The input of the job's spec, without placeholders, for ``{}``.

    Raises
    ------
    InputInvalidError
        Any other document; the message says what is wrong and what would be right.
    InputTooLargeError
        More than 262,144 bytes.
    """
    size = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    if size > MAX_DOCUMENT_BYTES:
        raise InputTooLargeError(
            f"the execution's input has {size:,} bytes, more than the {MAX_DOCUMENT_BYTES:,} Step Functions passes on; "
            "put the data in S3 and start the run with its address"
        )
    if not isinstance(document, dict):
        raise InputInvalidError(f"the execution's input is {_kind(document)}, not an object; {_FORMS}")
    if not document:
        return Request(_parse(job_input), "default")
    if "detail-type" in document or "source" in document:
        return Request(_object_created(document).parent, "object_created")
    if set(document) == {"input"}:
        return Request(_parse(document["input"]), "input")
    raise InputInvalidError(f"the execution's input has {_unknown(document)}; {_FORMS}")


def _object_created(event: Mapping[str, object]) -> S3Uri:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    source, kind = event.get("source"), event.get("detail-type")
    if source != "aws.s3" or kind != "Object Created":
        raise InputInvalidError(
            f"the event is {kind!r} of {source!r}; of events, only 'Object Created' of 'aws.s3' starts a run"
        )
    bucket, key = _text_at(event, "detail", "bucket", "name"), _text_at(event, "detail", "object", "key")
    try:
        return S3Uri.parse(f"s3://{bucket}/{key}")
    except UriError as error:
        raise InputInvalidError(f"the event's object cannot be an input: {error}") from error


def _text_at(event: Mapping[str, object], *path: str) -> str:
    value: object = event
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value:
        raise InputInvalidError(f"the S3 event has no text at {'.'.join(path)}; {_FORMS}")
    return value


def _parse(text: object) -> S3Uri:
    if not isinstance(text, str):
        raise InputInvalidError(f"'input' is {_kind(text)}; write an address, as in s3://bucket/prefix/")
    try:
        return S3Uri.parse(text)
    except UriError as error:
        raise InputInvalidError(str(error)) from error


def _unknown(document: Mapping[str, object]) -> str:
    names = sorted(set(document) - {"input"})
    found = f"the unknown key{'s' if len(names) > 1 else ''} {', '.join(map(repr, names[:5]))}"
    close = difflib.get_close_matches(names[0], ["input"], n=1)
    return f"{found} (did you mean 'input'?)" if close and "input" not in document else found


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
