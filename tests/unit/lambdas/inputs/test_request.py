from collections.abc import Sequence
from typing import Any

import pytest

from lambdas.inputs.errors import InputInvalidError, InputOverlapError, InputTooLargeError
from lambdas.inputs.events import Created
from lambdas.inputs.globs import S3Glob
from lambdas.inputs.pages import S3Object
from lambdas.inputs.request import CreatedAs, is_replay, parse_request
from lambdas.inputs.uri import S3Uri

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


def texts(document: object, created_as: Sequence[tuple[str, str, CreatedAs]] = ()) -> list[str]:
    return [str(each) for each in parse_request(document, JOB_INPUT, created_as).inputs]


def test_forms() -> None:
    assert texts({}) == [JOB_INPUT]
    assert texts({"input": "s3://other/x.csv"}) == ["s3://other/x.csv"]
    assert texts({"input": ["s3://other/x.csv", "s3://bucket/*/y"]}) == ["s3://other/x.csv", "s3://bucket/*/y"]
    asked = parse_request({"manifest": "s3://other/list.txt"}, JOB_INPUT)
    assert (asked.inputs, str(asked.manifest), asked.trigger) == ((), "s3://other/list.txt", "manifest")
    assert parse_request({}, "s3://bucket/in/*.csv").inputs == (S3Glob("bucket", "in/*.csv"),)


def test_what_the_object_created_is() -> None:
    created_as: list[tuple[str, str, CreatedAs]] = [
        ("in/", "_SUCCESS", "folder"),
        ("in/", ".csv", "object"),
        ("", ".manifest", "manifest"),
    ]
    assert texts(event("in/2026/_SUCCESS"), created_as) == ["s3://bucket/in/2026/"]
    assert texts(event("in/2026/other"), created_as) == ["s3://bucket/in/2026/"]
    asked = parse_request(event("in/a b.csv"), JOB_INPUT, created_as)
    assert asked.created == Created(S3Uri("bucket", "in/a b.csv"), S3Object("in/a b.csv", 5, "b1946ac9"))
    assert (asked.inputs, asked.trigger, str(asked)) == ((), "object_created", "s3://bucket/in/a b.csv")
    assert str(parse_request(event("in/x.manifest"), JOB_INPUT, created_as).manifest) == "s3://bucket/in/x.manifest"


def test_a_request_names_itself() -> None:
    assert str(parse_request({"input": ["s3://bucket/a", "s3://bucket/b", "s3://bucket/c"]}, "")) == (
        "s3://bucket/a and 2 more"
    )
    assert str(parse_request({"manifest": "s3://bucket/m"}, "")) == "s3://bucket/m"


@pytest.mark.parametrize("document", [{"replay": "run-1"}, {"replay": None, "x": 1}])
def test_a_replay_is_told_apart(document: object) -> None:
    assert is_replay(document)


@pytest.mark.parametrize("document", [{}, {"input": "s3://bucket/replay"}, ["replay"], "replay", None, event("replay")])
def test_what_is_no_replay(document: object) -> None:
    assert not is_replay(document)


def test_inputs_that_overlap() -> None:
    with pytest.raises(InputOverlapError):
        parse_request({"input": ["s3://bucket/in/a.csv", "s3://bucket/in/"]}, JOB_INPUT)


@pytest.mark.parametrize("folder", ["a b", 'it\'s "it"', "données/☃", "a+b%20c&d"])
def test_keys_of_events_are_not_decoded(folder: str) -> None:
    assert parse_request(event(f"{folder}/_SUCCESS"), JOB_INPUT).inputs == (S3Uri("bucket", f"{folder}/"),)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (None, "is null"),
        ([], "is a list"),
        ("s3://bucket/in/", "is a text"),
        (3, "is a number"),
        ({"inputs": "s3://bucket/in/"}, "the unknown key 'inputs' (did you mean 'input'?)"),
        ({"input": "s3://bucket/in/", "size": 3}, "the unknown key 'size'"),
        ({"input": "s3://bucket/in/", "manifest": "s3://bucket/m"}, "both 'input' and 'manifest'"),
        ({"manifests": "s3://bucket/m"}, "(did you mean 'manifest'?)"),
        ({"repaly": "run-1"}, "the unknown key 'repaly' (did you mean 'replay'?)"),
        ({"replay": "run-1", "input": "s3://bucket/in/"}, "the key 'replay', which only the input of an execution has"),
        ({"input": None}, "'input' is or holds null"),
        ({"input": []}, "'input' is an empty list"),
        ({"input": ["s3://bucket/in/", 3]}, "'input' is or holds a number"),
        ({"input": [["s3://bucket/in/"]]}, "'input' is or holds a list"),
        ({"input": "s3://bucket/in/[a"}, "the pattern 's3://bucket/in/[a' cannot be read"),
        ({"manifest": ["s3://bucket/m"]}, "'manifest' is or holds a list"),
        ({"manifest": "s3://bucket/m/"}, "the manifest s3://bucket/m/ is no object"),
        ({"manifest": "s3://bucket/m*"}, "the manifest s3://bucket/m* is no object"),
        ({"input": "https://bucket/in/"}, "only s3:// is read"),
        (event("x", source="aws.ec2"), "the event is 'Object Created' of 'aws.ec2'"),
        (event("x", **{"detail-type": "Object Deleted"}), "only 'Object Created' of 'aws.s3' starts a run"),
        (event("x", detail={}), "no text at detail.bucket.name"),
        (event("x", detail=None), "no text at detail.bucket.name"),
        (event(""), "no text at detail.object.key"),
        (event("x", detail={"bucket": {"name": "bucket"}, "object": {"key": "x"}}), "no number at detail.object.size"),
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
