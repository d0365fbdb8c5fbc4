import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from lambdas.inputs.errors import InputArchivedError, InputBucketMissingError, InputDeniedError, InputEmptyError
from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement, measure_input
from lambdas.inputs.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class FakeS3:
    """The two calls ``measure_input`` makes, over objects given as S3 lists them."""

    def __init__(self, *objects: dict[str, Any], page: int = 1000, error: str | None = None) -> None:
        self.objects = sorted(objects, key=lambda found: found["Key"].encode())
        self.page = page
        self.error = error

    def list_objects_v2(self, *, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803
        self._fail()
        return {"Contents": self._below(Prefix)[:MaxKeys]}

    def get_paginator(self, _name: str) -> "FakeS3":
        return self

    def paginate(self, *, Prefix: str, **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        self._fail()
        below = self._below(Prefix)
        for start in range(0, max(len(below), 1), self.page):
            yield {"Contents": below[start : start + self.page]} if below else {}

    def _below(self, prefix: str) -> list[dict[str, Any]]:
        return [found for found in self.objects if found["Key"].startswith(prefix)]

    def _fail(self) -> None:
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "ListObjectsV2")


def listed(key: str, size: int = 10, **more: Any) -> dict[str, Any]:
    return {"Key": key, "Size": size, "ETag": '"e"', **more}


def measure(s3: FakeS3, uri: str = "s3://bucket/in/") -> tuple[str, Measurement, list[dict[str, Any]]]:
    manifest = io.BytesIO()
    resolved, measured = measure_input(cast("S3Client", s3), S3Uri.parse(uri), manifest)
    document = json.loads(manifest.getvalue())
    assert document["input"] == str(resolved)
    return str(resolved), measured, document["objects"]


def test_totals_and_manifest() -> None:
    _, measured, objects = measure(
        FakeS3(listed("in/a.parquet", 100), listed("in/b/c.csv.gz", 30), listed("in/d.csv.gz", 70), listed("out/x", 5))
    )
    assert measured == Measurement(
        bytes=200,
        files=3,
        largest_file_bytes=100,
        largest_unsplittable_bytes=70,
        unsplittable_bytes=100,
        unsplittable_files=2,
        kinds=((Kind("csv", "gzip"), 100), (Kind("parquet", "none"), 100)),
    )
    assert (measured.format, measured.codec) == ("mixed", "mixed")
    assert objects[0] == {"key": "in/a.parquet", "bytes": 100, "etag": "e"}


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
def test_empty(objects: list[dict[str, Any]]) -> None:
    with pytest.raises(InputEmptyError, match=r"there is no data at s3://bucket/in/") as caught:
        measure(FakeS3(*objects))
    assert ("empty or hidden objects" in str(caught.value)) is bool(objects)


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_archived(storage_class: str) -> None:
    with pytest.raises(InputArchivedError) as caught:
        measure(
            FakeS3(
                listed("in/a.csv"),
                listed("in/b.csv", StorageClass=storage_class),
                listed("in/c.csv", StorageClass=storage_class, RestoreStatus={"IsRestoreInProgress": True}),
            )
        )
    assert "2 of 3 files at s3://bucket/in/ (20 bytes) are archived" in str(caught.value)
    assert "'in/b.csv'" in str(caught.value)


def test_restored_and_readable_classes() -> None:
    restored = {"IsRestoreInProgress": False, "RestoreExpiryDate": "2026-12-01"}
    _, measured, _ = measure(
        FakeS3(
            listed("in/a.csv", StorageClass="GLACIER", RestoreStatus=restored),
            listed("in/b.csv", StorageClass="GLACIER_IR"),
            listed("in/c.csv", StorageClass="INTELLIGENT_TIERING"),
        )
    )
    assert measured.files == 3


def test_errors_of_s3() -> None:
    with pytest.raises(InputBucketMissingError, match="the bucket 'bucket' of s3://bucket/in/ does not exist"):
        measure(FakeS3(error="NoSuchBucket"))
    with pytest.raises(InputDeniedError, match="allow s3:ListBucket on 'bucket'"):
        measure(FakeS3(error="AccessDenied"), "s3://bucket/in")
    with pytest.raises(ClientError):
        measure(FakeS3(error="SlowDown"))
