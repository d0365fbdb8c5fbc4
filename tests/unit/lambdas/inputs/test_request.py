from typing import Any

import pytest

from lambdas.inputs.errors import InputInvalidError, InputTooLargeError
from lambdas.inputs.request import parse_request

JOB_INPUT = "s3://bucket/in/"


def event(key: str, **changes: Any) -> dict[str, Any]:
    found = {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-11-12T00:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::bucket"],
        "detail": {
            "version": "0",
            "bucket": {"name": "bucket"},
            "object": {"key": key, "size": 5, "etag": "b1946ac9", "sequencer": "617f08299329d189"},
            "reason": "PutObject",
        },
    }
    return {**found, **changes}


def test_forms() -> None:
    assert str(parse_request({}, JOB_INPUT).input) == JOB_INPUT
    assert str(parse_request({"input": "s3://other/x.csv"}, JOB_INPUT).input) == "s3://other/x.csv"
    asked = parse_request(event("in/2026/_SUCCESS"), JOB_INPUT)
    assert (str(asked.input), asked.trigger) == ("s3://bucket/in/2026/", "object_created")


@pytest.mark.parametrize("folder", ["a b", 'it\'s "it"', "données/☃", "a+b%20c&d"])
def test_keys_of_events_are_not_decoded(folder: str) -> None:
    assert parse_request(event(f"{folder}/_SUCCESS"), JOB_INPUT).input.key == f"{folder}/"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "is null"),
        ([], "is a list"),
        ("s3://bucket/in/", "is a text"),
        (3, "is a number"),
        ({"inputs": "s3://bucket/in/"}, "the unknown key 'inputs' (did you mean 'input'?)"),
        ({"input": "s3://bucket/in/", "size": 3}, "the unknown key 'size'"),
        ({"input": None}, "'input' is null"),
        ({"input": ["s3://bucket/in/"]}, "'input' is a list"),
        ({"input": "https://bucket/in/"}, "only s3:// is read"),
        (event("x", source="aws.ec2"), "the event is 'Object Created' of 'aws.ec2'"),
        (event("x", **{"detail-type": "Object Deleted"}), "only 'Object Created' of 'aws.s3' starts a run"),
        (event("x", detail={}), "no text at detail.bucket.name"),
        (event("x", detail=None), "no text at detail.bucket.name"),
        (event(""), "no text at detail.object.key"),
        (event("a//_SUCCESS"), "the event's object cannot be an input"),
        ({"Records": [{"s3": {}}]}, "the unknown key 'Records'"),
    ],
)
def test_refused(document: object, words: str) -> None:
    with pytest.raises(InputInvalidError) as caught:
        parse_request(document, JOB_INPUT)
    assert words in str(caught.value)


def test_300_kb() -> None:
    with pytest.raises(InputTooLargeError, match="300,012 bytes, more than the 262,144"):
        parse_request({"input": "x" * 300_000}, JOB_INPUT)
    with pytest.raises(InputTooLargeError):
        parse_request({"input": "é" * 131_070}, JOB_INPUT)
