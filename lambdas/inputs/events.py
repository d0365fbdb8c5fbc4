"""The 'Object Created' event of S3, as EventBridge delivers it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lambdas.inputs.errors import InputInvalidError
from lambdas.inputs.pages import S3Object
from lambdas.inputs.uri import S3Uri, UriError


@dataclass(frozen=True)
class Created:
    """The object created, and what the event says of it."""

    uri: S3Uri
    object: S3Object


def is_event(document: Mapping[str, object]) -> bool:
    """Say whether a document is an event, of whatever kind."""
    return "detail-type" in document or "source" in document


def parse_event(event: Mapping[str, object]) -> Created:
    """Read an event.

    Raises
    ------
    InputInvalidError
        Another event, or an object whose key cannot be an input.
    """
    source, kind = event.get("source"), event.get("detail-type")
    if source != "aws.s3" or kind != "Object Created":
        raise InputInvalidError(
            f"the event is {kind!r} of {source!r}; of events, only 'Object Created' of 'aws.s3' starts a run"
        )
    bucket, key = _text_at(event, "detail", "bucket", "name"), _text_at(event, "detail", "object", "key")
    try:
        uri = S3Uri.parse(f"s3://{bucket}/{key}")
    except UriError as error:
        raise InputInvalidError(f"the event's object cannot be an input: {error}") from error
    size, etag = _at(event, "detail", "object", "size"), _at(event, "detail", "object", "etag")
    if not isinstance(size, int):
        raise InputInvalidError("the S3 event has no number at detail.object.size; send it as EventBridge delivers it")
    return Created(uri, S3Object(key, size, etag if isinstance(etag, str) else ""))


def _text_at(event: Mapping[str, object], *path: str) -> str:
    value = _at(event, *path)
    if not isinstance(value, str) or not value:
        raise InputInvalidError(f"the S3 event has no text at {'.'.join(path)}; send it as EventBridge delivers it")
    return value


def _at(event: Mapping[str, object], *path: str) -> object:
    value: object = event
    for part in path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
