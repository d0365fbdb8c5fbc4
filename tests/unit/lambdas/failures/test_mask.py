import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.failures.mask import MASK, mask_secrets

# AWS's documented examples, and others as obviously made up.
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEexample+made/up==\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.c2lnbmF0dXJlLWV4YW1wbGU"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"key {KEY_ID} denied", KEY_ID),
        (f"fs.s3a.secret.key={SECRET}", SECRET),
        (f"aws_secret_access_key = {SECRET}", SECRET),
        (f'"SecretAccessKey": "{SECRET}"', SECRET),
        (f"key pair {KEY_ID} {SECRET}", SECRET),
        ("AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ", "IQoJb3JpZ2luX2VjEXAMPLE"),
        ("token IQoJb3JpZ2luX2VjEXAMPLEwEaCXVzLWVhc3QtMSJH", "IQoJb3JpZ2luX2VjEXAMPLE"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Date=20200101T000000Z&X-Amz-Signature=0123456789abcdef",
            "0123456789abcdef",
        ),
        (
            "https://b.s3.amazonaws.com/k?AWSAccessKeyId=example&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D",
            "vjbyPxybdZaNm",
        ),
        ("Authorization: Basic dXNlcjpleGFtcGxl", "dXNlcjpleGFtcGxl"),
        ("authorization: Bearer abc.def-123456789012", "abc.def-123456789012"),
        ("curl -H 'X: Bearer 0123456789abcdefEXAMPLE'", "0123456789abcdefEXAMPLE"),
        (f"got {JWT} back", JWT),
        ("jdbc:mysql://db:3306/x?user=etl&password=ex4mple", "ex4mple"),
        ("jdbc:redshift://host:5439/dev;UID=x;PWD=ex4mple;", "ex4mple"),
        ("jdbc:oracle:thin:scott/ex4mple@//db:1521/x", "ex4mple"),
        ("postgresql://etl:ex4mple@db:5432/x", "ex4mple"),
        (f"s3a://{KEY_ID}:{SECRET}@bucket/path", SECRET),
        ("--password ex4mple --table t", "ex4mple"),
        ("db_password: ex4mple", "ex4mple"),
        ("{'password': 'ex4mple'}", "ex4mple"),
        ("api_key=ex4mple-0001", "ex4mple-0001"),
        (PEM, "MIIEexample+made/up=="),
        (PEM.partition("-----END")[0], "MIIEexample+made/up=="),
        ("ghp_EXAMPLEexampleEXAMPLEexample0000", "EXAMPLEexample"),
        ("xoxb-0000000000-EXAMPLEexample", "EXAMPLEexample"),
    ],
)
def test_masks(text: str, secret: str) -> None:
    masked = mask_secrets(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "22/01/01 00:00:00 INFO Client: Submitting application application_1640995200000_0001 to ResourceManager",
        "container_e02_1536151898211_0002_01_000001 on host: ip-172-31-44-2.us-east-2.compute.internal:8041",
        "FileNotFoundException: No such file or directory 's3://lake/dt=2020-05/0c376059-0279-4967-8002-70c3.parquet'",
        "at org.apache.spark.scheduler.DAGScheduler$$anonfun$abortStage$1.apply(DAGScheduler.scala:1738)",
        "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 is the code's hash",
        "s3://code/jobs/pricing-summary/4b825dc642cb6eb9a060e54bf8d69288fbee4904/clean.py",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org/apache/spark/sql/execution/datasources/v2/DataSourceV2Strategy",
        "\t client token: N/A",
        "password: None",
        "hdfs://ip-10-0-0-5.ec2.internal:8020/user/hadoop/a@b.csv",
        "mailto me@example.com: the ratio 10:20@30",
        "Request ID: FS3ZPMHVXR7A; S3 Extended Request ID: xJVRXk4gMuG2q+4s9Z/f14VYDebtjA+tYvWL6Depi4gG3KjEvOOKtz6i=",
        "pyspark.errors.exceptions.captured.AnalysisException: [PATH_NOT_FOUND] Path does not exist: s3a://lake/orders.",
        "the bearer of bad news; unexpected token: ')' at position 12",
        "java.util.concurrent.TimeoutException: Futures timed out after [300 seconds]",
        "arn:aws:states:us-east-1:111122223333:execution:pricing-summary:7a1c2f0e-0000-4000-8000-0123456789ab",
    ],
)
def test_keeps_ordinary_text(text: str) -> None:
    assert mask_secrets(text) == text


FRAGMENTS = st.sampled_from(
    (
        KEY_ID,
        SECRET,
        JWT,
        PEM,
        "password=",
        "password: ",
        "token=",
        "Bearer ",
        "Authorization: ",
        "://",
        "s3a://",
        "@",
        "AKIA",
        "***",
        "&Signature=",
        "secret_key",
        "-----BEGIN PRIVATE KEY-----",
        "\n",
        " ",
        "/",
        ":",
        "=",
        '"',
        "a1",
    )
)


@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=12).map("".join))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask_secrets(text)
    assert mask_secrets(once) == once


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz .,\n", max_size=200))
def test_prose_is_kept(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    "unit", ["token=", "://", "s3a://xyz:", "a.b-c+", "password", "Bearer ", "a1/", "AKIA", "eyJaaaaaaaaa."]
)
def test_long_texts_are_masked_quickly(unit: str) -> None:
    started = time.process_time()
    mask_secrets(unit * (200_000 // len(unit)))
    assert time.process_time() - started < 2.0
