import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.uri import S3Uri, UriError

KEYS = ["a b/c'd\"e/", "données/été ☃/x.csv", "dt=2026-01-01/part-0.parquet", "100%/a+b&c=d/", "a%20b/"]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_kept_as_they_are(key: str) -> None:
    uri = S3Uri.parse(f"s3://bucket/{key}")
    assert uri == S3Uri("bucket", key)
    assert str(uri) == f"s3://bucket/{key}"


@pytest.mark.parametrize("text", ["s3://bucket", "s3://bucket/"])
def test_whole_bucket(text: str) -> None:
    assert S3Uri.parse(text) == S3Uri("bucket", "")
    assert S3Uri.parse(text).is_folder


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no scheme"),
        ("bucket/key", "has no scheme"),
        ("https://bucket.s3.amazonaws.com/key", "starts with https://"),
        ("s3a://bucket/key", "starts with s3a://"),
        ("S3://bucket/key", "starts with S3://"),
        ("s3:/bucket/key", "starts with s3:/;"),
        ("hdfs:///x", "starts with hdfs:///"),
        ("s3://", "names no bucket"),
        ("s3:///key", "names no bucket"),
        ("s3://Bucket/key", "cannot be a bucket"),
        ("s3://ab/key", "cannot be a bucket"),
        ("s3://under_score/key", "cannot be a bucket"),
        ("s3://192.168.0.1/key", "cannot be a bucket"),
        ("s3://b--use1-az4--x-s3/key", "is a directory bucket"),
        ("s3://a..b/key", "cannot be a bucket"),
        ("s3://bucket name/key", "cannot be a bucket"),
        ("s3://bucket/a//b", "empty, '.' or '..' part"),
        ("s3://bucket//", "empty, '.' or '..' part"),
        ("s3://bucket/../b", "empty, '.' or '..' part"),
        ("s3://bucket/a*/", "which Spark reads as a pattern"),
        ("s3://bucket/{a,b}/", "which Spark reads as a pattern"),
        ("s3://bucket/a\nb", "control character"),
        ("s3://bucket/" + "k" * 1025, "has 1025 bytes"),
        ("s3://bucket/" + "é" * 513, "has 1026 bytes"),
    ],
)
def test_refused(text: str, words: str) -> None:
    with pytest.raises(UriError, match=r"bucket|s3://|key|folder") as caught:
        S3Uri.parse(text)
    assert words in str(caught.value)


@given(st.text(max_size=50))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        uri = S3Uri.parse(f"s3://bucket/{text}")
    except UriError:
        return
    assert S3Uri.parse(str(uri)) == uri
    assert uri.key == text


def test_parent_and_folder() -> None:
    assert str(S3Uri.parse("s3://bucket/a/b/_SUCCESS").parent) == "s3://bucket/a/b/"
    assert str(S3Uri.parse("s3://bucket/_SUCCESS").parent) == "s3://bucket/"
    assert str(S3Uri.parse("s3://bucket/a").as_folder()) == "s3://bucket/a/"
