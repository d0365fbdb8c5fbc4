import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.local.emr.runner import StepOutcome
from scripts.local.spark import settings
from scripts.local.spark.runner import SparkRunner
from tests.local.spark.support import CLASS_DATA, CLUSTER, JOBS, a_step, begin, keys, log_of, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class NotingClock:
    def __init__(self) -> None:
        self.held = 0
        self.entered = 0

    @contextlib.contextmanager
    def real_time(self) -> Iterator[None]:
        self.held += 1
        self.entered += 1
        yield
        self.held -= 1


@pytest.fixture
def buckets(s3: "S3Client") -> "S3Client":
    for bucket in ("data", "code", "log", "my.bucket"):
        s3.create_bucket(Bucket=bucket)
    for name in ("fails.py", "hangs.py", "meets.py"):
        s3.upload_file(str(JOBS / name), "code", name)
    return s3


@pytest.fixture
def clock() -> NotingClock:
    return NotingClock()


@pytest.fixture
def runner(endpoint: str, tmp_path: Path, clock: NotingClock) -> Iterator[SparkRunner]:
    made = SparkRunner(endpoint, tmp_path / "work", CLASS_DATA, clock)
    yield made
    made.close()


@pytest.mark.spark
def test_a_failing_script_says_why_and_leaves_its_logs(
    buckets: "S3Client", runner: SparkRunner, clock: NotingClock
) -> None:
    outcome = run(runner, a_step("s-FAILS", "--deploy-mode", "cluster", "s3://code/fails.py"))
    assert outcome == StepOutcome(
        succeeded=False,
        reason="Unknown Error.",
        message="Exit code 1: ValueError: the price 'x' is not a number",
        log_file="s3://log/emr/j-TEST/steps/s-FAILS/stderr.gz",
    )
    assert "ValueError: the price" in log_of(buckets, "s-FAILS", "stdout")
    assert "INFO SparkContext: Running Spark version 3.5" in log_of(buckets, "s-FAILS", "stderr")
    controller = log_of(buckets, "s-FAILS", "controller")
    assert "Step failed with exitCode 1" in controller
    assert settings.compiler_options(0) in controller, "on little data the JVM has no time for its second compiler"
    assert "written/_SUCCESS" in keys(buckets, "data")
    assert (clock.held, clock.entered) == (0, 1)


@pytest.mark.spark
@pytest.mark.parametrize("way", ["cancel", "close"])
def test_cancel_ends_every_process_of_the_step(
    buckets: "S3Client", runner: SparkRunner, tmp_path: Path, way: str
) -> None:
    note = tmp_path / "pids"
    outcomes: list[StepOutcome] = []
    cancel = runner.start(CLUSTER, a_step("s-HANGS", "s3://code/hangs.py", str(note)), outcomes.append)
    _until(lambda: note.exists() and len(note.read_text().split()) == 4, 120)
    pids = [int(pid) for pid in note.read_text().split()]
    assert all(_lives(pid) for pid in pids)

    started = time.monotonic()
    cancel() if way == "cancel" else runner.close()
    assert way == "close" or time.monotonic() - started < 0.5
    _until(lambda: not any(_lives(pid) for pid in pids), 15)
    _until(lambda: not any(each.name == "step s-HANGS" for each in threading.enumerate()), 15)
    assert outcomes == []
    assert list((tmp_path / "work" / "steps").iterdir()) == []
    assert "INFO waitProcessCompletion ended with exit code" in log_of(buckets, "s-HANGS", "controller")


@pytest.mark.spark
def test_two_steps_of_a_cluster_run_at_the_same_time(
    buckets: "S3Client", runner: SparkRunner, tmp_path: Path, clock: NotingClock
) -> None:
    steps = {"s-LEFT": "s-RIGHT", "s-RIGHT": "s-LEFT"}
    waiting = [
        begin(runner, a_step(own, "s3://code/meets.py", str(tmp_path), own, other, f"s3://data/met/{own}"))
        for own, other in steps.items()
    ]
    assert [outcome() for outcome in waiting] == [StepOutcome(succeeded=True)] * 2
    for own, other in steps.items():
        (part,) = [key for key in keys(buckets, "data", f"met/{own}/") if key.endswith(".csv")]
        assert buckets.get_object(Bucket="data", Key=part)["Body"].read() == f"{other}\n".encode()
        assert f"INFO SparkContext: Submitted application: {own}" in log_of(buckets, own, "stderr")
    assert (clock.held, clock.entered) == (0, 2)


@pytest.mark.parametrize(
    ("args", "reason", "says"),
    [
        (["s3://code/absent.py"], "MissingObjectError", "s3://code/absent.py is not in the local S3"),
        (["s3://code/fails.py", "s3://my.bucket/x"], "UnsupportedStepError", "'my.bucket' cannot be mounted"),
        (["--nonsense"], "UnsupportedStepError", "'--nonsense' is not supported"),
    ],
)
def test_what_cannot_run_fails_at_once_with_the_reason(
    buckets: "S3Client", runner: SparkRunner, args: list[str], reason: str, says: str
) -> None:
    outcome = run(runner, a_step("s-REFUSED", *args))
    assert (outcome.succeeded, outcome.reason) == (False, reason)
    assert says in (outcome.message or "")
    assert says in log_of(buckets, "s-REFUSED", "controller")


def test_without_a_log_bucket_the_outcome_still_comes(s3: "S3Client", runner: SparkRunner) -> None:
    outcome = run(runner, a_step("s-NOLOG", "s3://code/absent.py"))
    assert (outcome.succeeded, outcome.log_file) == (False, None)


def test_an_emulator_that_is_gone_fails_the_step(tmp_path: Path) -> None:
    outcome = run(SparkRunner("http://127.0.0.1:9", tmp_path, CLASS_DATA), a_step("s-GONE", "s3://code/fails.py"))
    assert "The local cloud could not run the step: EndpointConnectionError" in (outcome.message or "")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
