"""The event logs of real Spark: they arrive in S3, and their sums are right."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.history.event_log import event_log_settings, read_applications, step_settings
from scripts.local.spark.runner import SparkRunner
from tests.local.spark.support import CLASS_DATA, CLUSTER, JOBS, a_step, keys, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "s3://log/runs/count/run-1/"
PREFIX = FOLDER.removeprefix("s3://log/")
LOGGED = {
    **CLUSTER,
    "Configurations": [{"Classification": "spark-defaults", "Properties": event_log_settings(FOLDER)}],
}


@pytest.fixture
def buckets(s3: "S3Client") -> "S3Client":
    for bucket in ("data", "code", "log"):
        s3.create_bucket(Bucket=bucket)
    for name in ("counts.py", "fails.py"):
        s3.upload_file(str(JOBS / name), "code", name)
    for part in range(3):
        lines = "\n".join(f"{number % 7}" for number in range(20_000))
        s3.put_object(Bucket="data", Key=f"words/part-{part}.csv", Body=f"word\n{lines}\n".encode())
    return s3


@pytest.mark.spark
def test_what_spark_did_is_in_the_runs_folder(buckets: "S3Client", endpoint: str, tmp_path: Path) -> None:
    buckets.put_object(Bucket="log", Key=f"{PREFIX}manifest.json", Body=b"{}")
    runner = SparkRunner(endpoint, tmp_path / "work", CLASS_DATA)
    args = ("s3://code/counts.py", "s3://data/words/", "s3://data/counts/")
    assert run(runner, a_step("s-COUNTS", *step_settings("count"), *args), LOGGED).succeeded
    assert not run(runner, a_step("s-FAILS", *step_settings("fail"), "s3://code/fails.py"), LOGGED).succeeded

    done, failed = read_applications(buckets, FOLDER)
    assert (done.step, done.name, done.finished, done.unreadable_lines) == ("count", "counts", True, 0)
    assert (failed.step, failed.finished) == ("fail", True)
    assert 1 < done.seconds < 120
    assert done.skew is not None
    assert done.skew >= 1

    ends = [event for event in _events(buckets, str(done.application)) if event["Event"] == "SparkListenerTaskEnd"]
    metrics = [event["Task Metrics"] for event in ends]
    assert (done.tasks, done.failed_tasks) == (len(ends), 0)
    assert done.tasks > 3
    assert done.input_records == sum(each["Input Metrics"]["Records Read"] for each in metrics)
    assert done.input_records >= 60_000
    assert done.input_bytes == sum(each["Input Metrics"]["Bytes Read"] for each in metrics) > 100_000
    assert done.output_bytes == sum(each["Output Metrics"]["Bytes Written"] for each in metrics) > 0
    shuffles = [each["Shuffle Read Metrics"] for each in metrics]
    assert done.shuffle_read_bytes == sum(each["Remote Bytes Read"] + each["Local Bytes Read"] for each in shuffles) > 0
    written = sum(each["Shuffle Write Metrics"]["Shuffle Bytes Written"] for each in metrics)
    assert done.shuffle_write_bytes == written == done.shuffle_read_bytes
    assert done.peak_execution_memory_bytes == max(each["Peak Execution Memory"] for each in metrics) > 0
    assert done.executor_run_seconds == sum(each["Executor Run Time"] for each in metrics) / 1e3
    assert done.executor_cpu_seconds == pytest.approx(sum(each["Executor CPU Time"] for each in metrics) / 1e9)

    cut = read_applications(buckets, FOLDER, done.log_bytes // 2)
    assert sum(one.read_bytes for one in cut) == done.log_bytes // 2
    assert all(one.tasks <= done.tasks for one in cut)


@pytest.mark.spark
def test_a_folder_without_a_manifest_is_none_as_on_emr(buckets: "S3Client", endpoint: str, tmp_path: Path) -> None:
    runner = SparkRunner(endpoint, tmp_path / "work", CLASS_DATA)
    outcome = run(runner, a_step("s-COUNTS", "s3://code/counts.py", "s3://data/words/", "s3://data/counts/"), LOGGED)
    assert "FileNotFoundException" in (outcome.message or "")
    assert not keys(buckets, "log", PREFIX)


def _events(s3: "S3Client", application: str) -> list[dict[str, Any]]:
    found = [key for key in keys(s3, "log", f"{PREFIX}eventlog_v2_{application}/") if "/events_" in key]
    text = "".join(s3.get_object(Bucket="log", Key=key)["Body"].read().decode() for key in found)
    return [json.loads(line) for line in text.splitlines()]
