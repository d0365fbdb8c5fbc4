import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.inputs import frozen
from lambdas.inputs.errors import (
    InputArchivedError,
    InputBucketMissingError,
    InputDeniedError,
    InputEmptyError,
    InputMissingError,
    InputOverlapError,
    InputTooManyError,
)
from lambdas.inputs.events import Created
from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement, measure_input
from lambdas.inputs.pages import S3Object
from lambdas.inputs.request import Request, parse_request
from lambdas.inputs.uri import S3Uri
from tests.unit.lambdas.inputs.fake_s3 import FakeS3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def listed(key: str, size: int = 10, storage_class: str = "STANDARD", restored: bool = False) -> S3Object:
    return S3Object(key, size, "e", storage_class, restored)


def measure_all(s3: FakeS3, document: Any) -> tuple[list[str], Measurement, list[dict[str, Any]]]:
    manifest = io.BytesIO()
    addresses, measured = measure_input(s3.client(), parse_request(document, ""), manifest)
    frozen = json.loads(manifest.getvalue())
    assert frozen["inputs"] == list(addresses)
    return list(addresses), measured, sorted(frozen["objects"], key=lambda found: (found["bucket"], found["key"]))


def measure(s3: FakeS3, uri: str = "s3://bucket/in/") -> tuple[str, Measurement, list[dict[str, Any]]]:
    (address,), measured, objects = measure_all(s3, {"input": uri})
    return address, measured, objects


def test_totals_and_manifest() -> None:
    _, measured, objects = measure(
        FakeS3(listed("in/a.parquet", 100), listed("in/b/c.csv.gz", 30), listed("in/d.csv.gz", 70), listed("out/x", 5))
    )
    assert len(measured.version) == 64
    assert replace(measured, version="") == Measurement(
        bytes=200,
        files=3,
        largest_file_bytes=100,
        largest_unsplittable_bytes=70,
        unsplittable_bytes=100,
        unsplittable_files=2,
        kinds=((Kind("csv", "gzip"), 100), (Kind("parquet", "none"), 100)),
        small_files=3,
        partitions=0,
        storage_classes=(("STANDARD", 200),),
    )
    assert (measured.format, measured.codec) == ("mixed", "mixed")
    assert objects[0] == {"bucket": "bucket", "key": "in/a.parquet", "bytes": 100, "etag": "e"}


def test_a_version_is_of_what_is_read_in_whatever_order() -> None:
    def version(*objects: S3Object) -> str:
        return measure(FakeS3(*objects))[1].version

    one, two = listed("in/a.csv", 1), listed("in/b.csv", 2)
    assert version(one, two) == version(two, one, listed("in/_SUCCESS", 0), listed("in/_temporary/c.csv", 3))
    changes = [(one,), (one, listed("in/b.csv", 3)), (one, listed("in/c.csv", 2)), (one, two._replace(etag="f"))]
    assert len({version(one, two), *(version(*each) for each in changes)}) == len(changes) + 1


def test_what_spark_skips_does_not_count() -> None:
    keys = ["in/_temporary/0/x.csv", "in/.x.csv.crc", "in/_x.csv", "in/a/_b/c.csv", "in/a/.hidden/c.csv", "in/sub/"]
    _, measured, objects = measure(
        FakeS3(*map(listed, keys), listed("in/_SUCCESS", 0), listed("in/empty.csv", 0), listed("in/_p=1/x.csv", 7))
    )
    assert measured.files == 1
    assert [found["key"] for found in objects] == ["in/_p=1/x.csv"]


def test_hidden_folders_above_the_input_do_count() -> None:
    assert measure(FakeS3(listed("_x/in/a.csv")), "s3://bucket/_x/in/")[1].files == 1


def test_folder_without_slash_is_not_its_neighbour() -> None:
    s3 = FakeS3(listed("in/a.csv", 1), listed("in-old/a.csv", 2), listed("in.csv", 4))
    assert measure(s3, "s3://bucket/in")[:1] == ("s3://bucket/in/",)
    assert measure(s3, "s3://bucket/in")[1].bytes == 1


def test_single_object() -> None:
    s3 = FakeS3(listed("in/a.csv", 1), listed("in/a.csv.gz", 2), listed("in/a.csv/b", 4))
    uri, measured, objects = measure(s3, "s3://bucket/in/a.csv")
    assert (uri, measured.bytes, len(objects)) == ("s3://bucket/in/a.csv", 1, 1)


@pytest.mark.parametrize("key", ["in/a b/c.csv", 'in/it\'s "it".csv', "in/données/☃.csv", "in/a\\b.csv"])
def test_odd_keys(key: str) -> None:
    assert measure(FakeS3(listed(key)))[2][0]["key"] == key


def test_every_page() -> None:
    _, measured, objects = measure(FakeS3(*(listed(f"in/{n:05}.csv") for n in range(2_501))))
    assert measured.files == len(objects) == 2_501


@pytest.mark.parametrize("objects", [[], [listed("in/_SUCCESS", 0)], [listed("in/_SUCCESS", 0), listed("in/x/", 0)]])
def test_empty(objects: list[S3Object]) -> None:
    with pytest.raises(InputEmptyError, match=r"there is no data at s3://bucket/in/") as caught:
        measure(FakeS3(*objects))
    assert ("empty or hidden objects" in str(caught.value)) is bool(objects)


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived(storage_class: str) -> None:
    with pytest.raises(InputArchivedError) as caught:
        measure(
            FakeS3(
                listed("in/a.csv"),
                listed("in/b.csv", storage_class=storage_class),
                listed("in/c.csv", storage_class=storage_class),
            )
        )
    assert "2 of 3 files at s3://bucket/in/ (20 bytes) are archived" in str(caught.value)
    assert "'in/b.csv'" in str(caught.value)


def test_restored_and_readable_classes() -> None:
    _, measured, _ = measure(
        FakeS3(
            listed("in/a.csv", 5, "GLACIER", restored=True),
            listed("in/b.csv", 7, "GLACIER_IR"),
            listed("in/c.csv", 9, "INTELLIGENT_TIERING"),
        )
    )
    assert measured.files == 3
    assert measured.storage_classes == (("INTELLIGENT_TIERING", 9), ("GLACIER_IR", 7), ("GLACIER", 5))


def test_errors_of_s3() -> None:
    with pytest.raises(InputBucketMissingError, match="the bucket 'no-such' of s3://no-such/in/ does not exist"):
        measure(FakeS3(), "s3://no-such/in/")
    s3 = FakeS3(listed("in/a"))
    s3.errors["bucket"] = "AccessDenied"
    with pytest.raises(
        InputDeniedError, match="ListObjectsV2 of s3://bucket/in is denied; allow s3:ListBucket on 'buc"
    ):
        measure(s3, "s3://bucket/in")
    with pytest.raises(InputDeniedError, match="allow s3:GetObject on 'bucket'"):
        measure_all(s3, {"manifest": "s3://bucket/list"})
    s3.errors["bucket"] = "SlowDown"
    with pytest.raises(ClientError):
        measure(s3)


def test_a_pattern() -> None:
    keys = ("in/2026-01-01/a.csv", "in/2026-02-01/b.csv", "in/2026-02-02", "in/2026-02-03/_x/c", "in/2025-01-01/d.csv")
    address, measured, objects = measure(FakeS3(*map(listed, keys)), "s3://bucket/in/2026-{02,03}-*")
    assert address == "s3://bucket/in/2026-{02,03}-*"
    assert [found["key"] for found in objects] == ["in/2026-02-01/b.csv", "in/2026-02-02"]
    assert measured.files == 2


def test_several_inputs() -> None:
    s3 = FakeS3(listed("a/1.csv"), listed("a/2.csv"), listed("b/1.json"), listed("b.csv"), listed("c/x/1.csv"))
    s3.buckets["other"] = {"z.csv": listed("z.csv", 5)}
    addresses, measured, objects = measure_all(
        s3, {"input": ["s3://other/z.csv", "s3://bucket/b", "s3://bucket/*/x/*", "s3://bucket/b.csv"]}
    )
    assert addresses == ["s3://other/z.csv", "s3://bucket/b/", "s3://bucket/*/x/*", "s3://bucket/b.csv"]
    assert [f"{found['bucket']}/{found['key']}" for found in objects] == [
        "bucket/b.csv",
        "bucket/b/1.json",
        "bucket/c/x/1.csv",
        "other/z.csv",
    ]
    assert (measured.files, measured.bytes) == (4, 35)


@pytest.mark.parametrize("other", ["s3://bucket/in/a.csv", "s3://bucket/in/a*", "s3://bucket/in/"])
def test_inputs_that_share_an_object(other: str) -> None:
    with pytest.raises(InputOverlapError, match=r"s3://bucket/in/a.csv"):
        measure_all(FakeS3(listed("in/a.csv")), {"input": ["s3://bucket/in/*.csv", other]})


def test_a_manifest() -> None:
    s3 = FakeS3(listed("in/d=1/a.csv", 3), listed("in/d=1/b.csv", 4), listed("in/c.csv", 5))
    s3.bodies["list"] = json.dumps(
        {
            "entries": [
                {"url": "s3://bucket/in/d=1/b.csv", "meta": {"content_length": 40}},
                {"url": "s3://bucket/in/c.csv"},
            ]
        }
    ).encode()
    addresses, measured, objects = measure_all(s3, {"manifest": "s3://bucket/list"})
    assert addresses == ["s3://bucket/in/c.csv", "s3://bucket/in/d=1/b.csv"]
    assert (measured.bytes, measured.files, measured.partitions) == (45, 2, 1)
    assert [found["bytes"] for found in objects] == [5, 40]
    assert s3.calls == [("GetObject", "bucket"), ("HeadObject", "bucket")]
    s3.bodies["list"] = b"\n".join(b"s3://bucket/in/%d.csv" % number for number in range(100))
    with pytest.raises(InputMissingError, match=r"s3://bucket/in/\d+.csv, which the manifest lists, does not exist"):
        measure_all(s3, {"manifest": "s3://bucket/list"})


def test_s3_may_ask_to_slow_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
    s3 = FakeS3(listed("in/a.csv"))
    s3.busy = 3
    aws.forget()
    s3.answer_to(aws.s3())
    _, measured = measure_input(aws.s3(), parse_request({"input": "s3://bucket/in/"}, ""), io.BytesIO())
    aws.forget()
    assert (measured.files, len(s3.calls)) == (1, 4)


def test_a_manifest_has_only_so_much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "MAX_BYTES", 1_000)
    with pytest.raises(InputTooManyError, match="more than 1,000 bytes"):
        measure(FakeS3(*(listed(f"in/{number}.csv") for number in range(20))))


class NoS3:
    """Fails whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"S3 was asked: {name}")


def test_an_event_is_enough() -> None:
    created = Created(S3Uri("bucket", "in/a.csv.gz"), S3Object("in/a.csv.gz", 10**10, "abc"))
    manifest = io.BytesIO()
    no_s3 = cast("S3Client", NoS3())
    addresses, measured = measure_input(no_s3, Request("object_created", created=created), manifest)
    assert addresses == ("s3://bucket/in/a.csv.gz",)
    assert (measured.bytes, measured.largest_unsplittable_bytes, measured.codec) == (10**10, 10**10, "gzip")
    assert json.loads(manifest.getvalue())["objects"] == [
        {"bucket": "bucket", "key": "in/a.csv.gz", "bytes": 10**10, "etag": "abc"}
    ]
    empty = Created(S3Uri("bucket", "in/_SUCCESS"), S3Object("in/_SUCCESS", 0))
    with pytest.raises(InputEmptyError, match="1 empty or hidden"):
        measure_input(no_s3, Request("object_created", created=empty), io.BytesIO())


def test_a_small_input_takes_few_calls() -> None:
    s3 = FakeS3(listed("in/a.csv"), listed("in/b/c.csv"))
    measure(s3, "s3://bucket/in/")
    measure(s3, "s3://bucket/in/a.csv")
    assert s3.calls == [("ListObjectsV2", "bucket")] * 2
