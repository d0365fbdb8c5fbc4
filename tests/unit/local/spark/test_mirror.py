import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.local.spark import mirror as mirror_module
from scripts.local.spark.mirror import BucketMirror, MissingObjectError, Transfer
from tests.unit.paging import in_pages_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ODD_KEYS = [
    "plain.csv",
    "deep/er/file name with spaces.csv",
    'quotes/it\'s "quoted".csv',
    "percent/a%2Fb=c%.csv",
    "year=2024/month=01/part-0.parquet",
    "non-ascii/é日本😀.txt",
    "plus+and&amp;<tag>.txt",
    "_SUCCESS",
    ".hidden",
]


@pytest.fixture
def mirror(s3: "S3Client", tmp_path: Path) -> BucketMirror:
    return BucketMirror(s3, tmp_path / "s3 mirror")


def put(s3: "S3Client", key: str, body: bytes = b"body") -> None:
    s3.put_object(Bucket="data", Key=key, Body=body)


def keys(s3: "S3Client") -> set[str]:
    return {each["Key"] for each in s3.list_objects_v2(Bucket="data").get("Contents", [])}


def test_odd_keys_come_and_go_unchanged(s3: "S3Client", mirror: BucketMirror) -> None:
    for key in ODD_KEYS:
        put(s3, key, key.encode())

    assert mirror.pull().objects == len(ODD_KEYS)
    for key in ODD_KEYS:
        assert mirror.locate(f"s3://data/{key}").read_bytes() == key.encode()
        (mirror.folder / "data" / key).write_text(f"new {key}")
    assert mirror.push().objects == len(ODD_KEYS)
    for key in ODD_KEYS:
        assert s3.get_object(Bucket="data", Key=key)["Body"].read().decode() == f"new {key}"
    assert keys(s3) == set(ODD_KEYS)

    for key in ODD_KEYS:
        (mirror.folder / "data" / key).unlink()
    assert mirror.push().deleted == len(ODD_KEYS)
    assert keys(s3) == set()


def test_what_is_there_already_is_not_moved_again(s3: "S3Client", mirror: BucketMirror) -> None:
    put(s3, "a")
    mirror.pull()
    (mirror.folder / "data" / "b").write_text("made by the job")
    mirror.push()
    nothing = Transfer(0, 0, 0)
    assert mirror.push() == nothing
    assert mirror.pull() == nothing


def test_a_changed_object_is_brought_again_and_a_deleted_one_removed(s3: "S3Client", mirror: BucketMirror) -> None:
    put(s3, "a/changes", b"old!")
    put(s3, "a/b/goes")
    mirror.pull()
    put(s3, "a/changes", b"new!")
    s3.delete_object(Bucket="data", Key="a/b/goes")
    assert mirror.pull() == Transfer(objects=1, bytes=4, deleted=1)
    assert mirror.locate("s3://data/a/changes").read_bytes() == b"new!"
    assert not (mirror.folder / "data/a/b").exists()
    with pytest.raises(MissingObjectError, match="s3://data/a/b/goes is not in the local S3"):
        mirror.locate("s3://data/a/b/goes")


def test_what_a_step_left_unpushed_does_not_outlive_the_next_pull(s3: "S3Client", mirror: BucketMirror) -> None:
    put(s3, "a", b"right")
    mirror.pull()
    (mirror.folder / "data/a").write_text("wrong")
    (mirror.folder / "data/new/deep").mkdir(parents=True)
    (mirror.folder / "data/new/deep/file").write_text("x")
    mirror.pull()
    assert mirror.locate("s3://data/a").read_bytes() == b"right"
    assert not (mirror.folder / "data/new").exists()


def test_keys_that_cannot_be_files_are_left_out_and_never_deleted(
    s3: "S3Client", mirror: BucketMirror, caplog: pytest.LogCaptureFixture
) -> None:
    impossible = {"../escape", "/absolute", "a//b", "a/./b", "a/../../b", "x" * 256, "both"}
    for key in impossible | {"both/child", "fine"}:
        put(s3, key)
    assert mirror.pull().objects == 2
    mirror.push()
    assert keys(s3) == impossible | {"both/child", "fine"}
    assert {record.args[1] for record in caplog.records if isinstance(record.args, tuple)} == impossible
    assert sorted(path.name for path in mirror.folder.parent.iterdir()) == [mirror.folder.name]


def test_folder_markers_are_folders(s3: "S3Client", mirror: BucketMirror) -> None:
    put(s3, "landing/", b"")
    put(s3, "gone/", b"")
    mirror.pull()
    assert (mirror.folder / "data/landing").is_dir()
    (mirror.folder / "data/landing/file").write_text("x")
    (mirror.folder / "data/gone").rmdir()
    mirror.push()
    assert keys(s3) == {"landing/", "landing/file"}


def test_leftovers_and_empty_folders_of_a_failed_job_are_no_objects(s3: "S3Client", mirror: BucketMirror) -> None:
    put(s3, "mine/_temporary/0/kept")
    mirror.pull()
    for folder in ("out/_temporary/0", "out/.spark-staging-1/a", "empty/folder"):
        (mirror.folder / "data" / folder).mkdir(parents=True)
    (mirror.folder / "data/out/_temporary/0/part").write_text("x")
    (mirror.folder / "data/out/.spark-staging-1/a/part").write_text("x")
    (mirror.folder / "data/_temporary").write_text("a file of this name is one like any other")
    mirror.push()
    assert keys(s3) == {"mine/_temporary/0/kept", "_temporary"}


def test_a_file_renamed_over_one_of_same_size_and_time_is_seen(s3: "S3Client", mirror: BucketMirror) -> None:
    put(s3, "a", b"1")
    put(s3, "b", b"2")
    mirror.pull()
    a, b = mirror.folder / "data/a", mirror.folder / "data/b"
    stat = a.stat()
    os.utime(b, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    b.rename(a)
    mirror.push()
    assert keys(s3) == {"a"}
    assert s3.get_object(Bucket="data", Key="a")["Body"].read() == b"2"


def test_the_marker_is_uploaded_last(s3: "S3Client", mirror: BucketMirror, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror.pull()
    out = mirror.folder / "data/out"
    out.mkdir()
    for name in ("_SUCCESS", "part-0", "part-1"):
        (out / name).write_text(name)
    uploaded: list[str] = []
    upload = mirror._upload

    def noted(bucket: str, key: str, file: mirror_module._File) -> mirror_module._Copy:
        uploaded.append(key)
        return upload(bucket, key, file)

    monkeypatch.setattr(mirror, "_upload", noted)
    mirror.push()
    assert sorted(uploaded[:-1]) == ["out/part-0", "out/part-1"]
    assert uploaded[-1] == "out/_SUCCESS"


def test_more_keys_than_a_page_and_than_one_deletion_takes(
    s3: "S3Client", mirror: BucketMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    assert mirror_module._DELETED_AT_ONCE == 1000
    monkeypatch.setattr(mirror_module, "_DELETED_AT_ONCE", 10)
    in_pages_of(10, s3, "ListObjectsV2", "MaxKeys")
    deletions: list[int] = []
    s3.meta.events.register(
        "provide-client-params.s3.DeleteObjects",
        lambda params, **_unused: deletions.append(len(params["Delete"]["Objects"])),
    )
    mirror.pull()
    for n in range(25):
        (mirror.folder / "data" / str(n)).write_text("")
    assert mirror.push().objects == 25
    assert mirror.pull().objects == 0
    for n in range(25):
        (mirror.folder / "data" / str(n)).unlink()
    assert mirror.push().deleted == 25
    assert deletions == [10, 10, 5]
    assert keys(s3) == set()


def test_a_bucket_that_is_gone_takes_its_folder_along(s3: "S3Client", mirror: BucketMirror) -> None:
    s3.create_bucket(Bucket="other")
    mirror.pull()
    assert mirror.buckets == ["data", "other"]
    s3.delete_bucket(Bucket="other")
    mirror.pull()
    assert mirror.buckets == ["data"]
    assert not (mirror.folder / "other").exists()


def test_where_case_does_not_tell_names_apart_only_one_is_taken(
    s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_module, "_folds_names", lambda folder: True)
    for key in ("Data/one", "data/two", "file", "FILE", "e\u0301", "\u00e9"):
        put(s3, key)
    mirror = BucketMirror(s3, tmp_path)
    assert mirror.pull().objects == 3
    mirror.push()
    assert len(keys(s3)) == 6
