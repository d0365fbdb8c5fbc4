import gzip
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from scripts.local.spark.logs import Controller, last_error, upload

SPARK_LOG = "26/01/01 00:00:00 INFO ShutdownHookManager: Shutdown hook called\n"
TRACEBACK = """Traceback (most recent call last):
  File "clean.py", line 3, in <module>
    main()
ValueError: the price 'x' is not a number
"""
PY4J = """Traceback (most recent call last):
  File "clean.py", line 3, in <module>
py4j.protocol.Py4JJavaError: An error occurred while calling o40.parquet.
: org.apache.spark.SparkException: Job aborted.
\tat org.apache.spark.Some.method(Some.scala:1)
"""
JAVA = """Exception in thread "main" org.apache.spark.SparkException: Failed to get main class
\tat org.apache.spark.deploy.SparkSubmit.error(SparkSubmit.scala:1)
Caused by: java.lang.ClassNotFoundException: org.x.Main
"""


@pytest.mark.parametrize(
    ("stdout", "stderr", "error"),
    [
        (TRACEBACK, SPARK_LOG, "ValueError: the price 'x' is not a number"),
        ("", TRACEBACK + SPARK_LOG, "ValueError: the price 'x' is not a number"),
        (
            PY4J,
            "",
            "py4j.protocol.Py4JJavaError: An error occurred while calling o40.parquet. "
            "org.apache.spark.SparkException: Job aborted.",
        ),
        ("", JAVA + SPARK_LOG, "java.lang.ClassNotFoundException: org.x.Main"),
        ("", "Error: no such file\n" + SPARK_LOG, "Error: no such file"),
        ("rows: 3\n", SPARK_LOG, None),
        (None, None, None),
    ],
)
def test_the_line_that_says_why(tmp_path: Path, stdout: str | None, stderr: str | None, error: str | None) -> None:
    for name, text in (("stdout", stdout), ("stderr", stderr)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert last_error(tmp_path) == error


@pytest.mark.parametrize(
    ("log_uri", "prefix"),
    [("s3://log/emr/", "emr/"), ("s3n://log/emr", "emr/"), ("s3://log", ""), ("s3://log/", ""), (None, None)],
)
def test_logs_lie_where_emr_puts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_uri: str | None, prefix: str | None
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    (tmp_path / "stderr").write_text("wrong")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="log")
        address = upload(s3, tmp_path, log_uri, "j-1", "s-1")
        found = [each["Key"] for each in s3.list_objects_v2(Bucket="log").get("Contents", [])]
        if prefix is None:
            assert (address, found) == (None, [])
            return
        assert address == f"s3://log/{prefix}j-1/steps/s-1/stderr.gz"
        assert found == [f"{prefix}j-1/steps/s-1/{name}.gz" for name in ("controller", "stderr", "stdout")]
        body = s3.get_object(Bucket="log", Key=found[1])["Body"].read()
        assert gzip.decompress(body) == b"wrong"


def test_the_controller_tells_both_commands_and_the_end(tmp_path: Path) -> None:
    controller = Controller(tmp_path / "controller")
    controller.starts("s-1", ["spark-submit", "--master", "yarn", "a b"], ["/x/spark-submit"], ["--master yarn"])
    controller.ends(1, 42.3)
    text = (tmp_path / "controller").read_text()
    assert "INFO startExec 'hadoop jar command-runner.jar spark-submit --master yarn 'a b''" in text
    assert "left out: --master yarn" in text
    assert text.endswith("WARN Step failed with exitCode 1 and took 42 seconds\n")
