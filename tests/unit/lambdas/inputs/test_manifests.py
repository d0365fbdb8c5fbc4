import json
from typing import Any

import pytest

from lambdas.inputs import manifests
from lambdas.inputs.errors import InputMissingError, InputOverlapError, ManifestInvalidError
from lambdas.inputs.manifests import Entry, head_object, parse_manifest, read_manifest
from lambdas.inputs.pages import S3Object
from lambdas.inputs.uri import S3Uri
from tests.unit.lambdas.inputs.fake_s3 import FakeS3

MANIFEST = S3Uri("bucket", "list")


def entries(*found: Any) -> bytes:
    return json.dumps({"entries": list(found)}).encode()


def test_lines() -> None:
    body = "\ufeffs3://bucket/b c.csv\r\n\n  s3://bucket/a,b.csv  \ns3://anna/é"
    assert parse_manifest(body.encode(), MANIFEST) == [
        Entry(S3Uri("anna", "é")),
        Entry(S3Uri("bucket", "a,b.csv")),
        Entry(S3Uri("bucket", "b c.csv")),
    ]


def test_redshift() -> None:
    body = entries(
        {"url": "s3://bucket/a", "mandatory": True, "meta": {"content_length": 5956875}},
        {"url": "s3://bucket/b"},
        {"url": "s3://bucket/c", "meta": {"content_length": "many"}},
    )
    assert [entry.size for entry in parse_manifest(b"  " + body, MANIFEST)] == [5956875, None, None]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xff\xfe", "is no UTF-8 text"),
        (b"{", "is no JSON"),
        (b"{}", "has no list of objects at 'entries'"),
        (entries("s3://bucket/a"), "has no list of objects at 'entries'"),
        (entries({"uri": "s3://bucket/a"}), "no usable address at entries[0]"),
        (b"s3://bucket/a\nbucket/b", "no usable address at line 2: 'bucket/b' has no scheme"),
        (b"s3://bucket/a*", "which Spark reads as a pattern"),
        (b"s3://bucket/a/", "has a folder at line 1, s3://bucket/a/"),
    ],
)
def test_refused(body: bytes, words: str) -> None:
    with pytest.raises(ManifestInvalidError) as caught:
        parse_manifest(body, MANIFEST)
    assert words in str(caught.value)
    assert "s3://bucket/list" in str(caught.value)


def test_each_object_once() -> None:
    with pytest.raises(InputOverlapError, match="lists s3://bucket/a twice"):
        parse_manifest(b"s3://bucket/a\ns3://bucket/b\ns3://bucket/a\n", MANIFEST)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = FakeS3()
    s3.bodies["list"] = entries(*({"url": f"s3://bucket/{number}"} for number in range(4)))
    monkeypatch.setattr(manifests, "MAX_UNKNOWN_SIZES", 3)
    with pytest.raises(ManifestInvalidError, match="4 objects without their size, and at most 3"):
        read_manifest(s3.client(), MANIFEST)
    monkeypatch.setattr(manifests, "MAX_MANIFEST_BYTES", 50)
    with pytest.raises(ManifestInvalidError, match="bytes, more than 50"):
        read_manifest(s3.client(), MANIFEST)


def test_a_manifest_that_is_not_there() -> None:
    with pytest.raises(InputMissingError, match="the manifest s3://bucket/list does not exist"):
        read_manifest(FakeS3().client(), MANIFEST)


def test_what_is_not_known_is_asked_for() -> None:
    s3 = FakeS3(S3Object("a", 7, "e"), S3Object("tiered", 7), S3Object("old", 7), S3Object("back", 7))
    s3.headers["tiered"] = {"x-amz-storage-class": "INTELLIGENT_TIERING", "x-amz-archive-status": "ARCHIVE_ACCESS"}
    s3.headers["old"] = {"x-amz-storage-class": "DEEP_ARCHIVE", "x-amz-restore": 'ongoing-request="true"'}
    s3.headers["back"] = {
        "x-amz-storage-class": "GLACIER",
        "x-amz-restore": 'ongoing-request="false", expiry-date="Fri, 25 Dec 2026 00:00:00 GMT"',
    }
    found = {key: head_object(s3.client(), Entry(S3Uri("bucket", key))) for key in ("a", "tiered", "old", "back")}
    assert found["a"] == S3Object("a", 7, "e")
    assert [(each.storage_class, each.restored) for each in found.values()] == [
        ("STANDARD", False),
        ("GLACIER", False),
        ("DEEP_ARCHIVE", False),
        ("GLACIER", True),
    ]
    with pytest.raises(InputMissingError, match="s3://bucket/b, which the manifest lists, does not exist"):
        head_object(s3.client(), Entry(S3Uri("bucket", "b")))
