import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.history import event_log
from lambdas.history.event_log import event_log_settings, read_applications, step_settings, with_event_log
from lambdas.history.metrics import read_metrics
from tests.unit.lambdas.history.logs import end, environment, log, start, task

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "s3://data/runs/count/run-1/"


def put(s3: "S3Client", application: str, *parts: bytes, suffix: str = "") -> None:
    folder = f"runs/count/run-1/eventlog_v2_{application}"
    s3.put_object(Bucket="data", Key=f"{folder}/appstatus_{application}", Body=b"")
    for number, part in enumerate(parts, start=1):
        s3.put_object(Bucket="data", Key=f"{folder}/events_{number}_{application}{suffix}", Body=part)


def test_each_application_once_whatever_else_lies_there(s3: "S3Client") -> None:
    for key in ("manifest.json", "record.json", "other/eventlog_v2_x/events_1_x", "eventlog_v2_y/other"):
        s3.put_object(Bucket="data", Key=f"runs/count/run-1/{key}", Body=log([task()]))
    s3.put_object(Bucket="data", Key="runs/count/run-10/eventlog_v2_z/events_1_z", Body=log([task()]))
    put(s3, "application_1_0002", log([task()] * 3, "application_1_0002", "summarise"))
    put(s3, "application_1_0001", log([task()] * 2, step="clean"))
    put(s3, "application_1_0003", b"packed", suffix=".zstd")
    found = read_applications(s3, FOLDER)
    assert [(one.application, one.step, one.tasks) for one in found] == [
        ("application_1_0001", "clean", 2),
        ("application_1_0002", "summarise", 3),
    ]
    assert all(one.read_bytes == one.log_bytes > 0 for one in found)
    assert read_applications(s3, "s3://data/runs/count/none/") == []


def test_parts_in_the_order_of_their_numbers(s3: "S3Client") -> None:
    put(s3, "a", start("a") + environment("count"), *[task(finish=1_000 * n) for n in range(2, 12)], end(99_000))
    (found,) = read_applications(s3, FOLDER)
    assert (found.tasks, found.seconds, found.finished) == (10, 98.0, True)


def test_long_logs_share_what_short_ones_leave(s3: "S3Client") -> None:
    short, long = log([task()]), log([task()] * 400)
    put(s3, "a", long[:50_000], long[50_000:])
    put(s3, "b", short)
    put(s3, "c", long)
    budget = 100_000
    a, b, c = read_applications(s3, FOLDER, budget)
    assert (b.read_bytes, b.log_bytes, b.finished) == (len(short), len(short), True)
    assert a.read_bytes + b.read_bytes + c.read_bytes == budget
    assert abs(a.read_bytes - c.read_bytes) <= 1
    assert a.log_bytes == c.log_bytes == len(long)
    assert 0 < a.tasks < 400
    assert not a.finished
    assert sum(one.tasks for one in read_applications(s3, FOLDER, 0)) == 0


@given(st.binary(max_size=300).map(lambda text: text.replace(b"x", b"\n")), st.integers(1, 50))
def test_lines_are_the_same_however_they_arrive(text: bytes, size: int) -> None:
    chunks = [text[place : place + size] for place in range(0, len(text), size)]
    expected = text.split(b"\n")
    assert list(event_log._lines(chunks)) == (expected if expected[-1] else expected[:-1])


def test_of_an_endless_line_only_the_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MAX_LINE_BYTES", 10)
    chunks = [b"first\n", b"abcdefgh", b"ijklmnop", b"q" * 50, b"r\nlast", b" one"]
    assert list(event_log._lines(chunks)) == [b"first", b"abcdefghij", b"last one"]


def test_memory_does_not_grow_with_the_log() -> None:
    block = task() * 500

    def read(blocks: int) -> int:
        tracemalloc.start()
        read_metrics(event_log._lines(block for _ in range(blocks)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    read(1)
    assert read(20) < 1.5 * read(5)


def test_the_settings_are_those_of_a_log_that_can_be_read_back() -> None:
    settings = event_log_settings(FOLDER)
    assert settings["spark.eventLog.dir"] == FOLDER
    assert (settings["spark.eventLog.compress"], settings["spark.eventLog.rolling.enabled"]) == ("false", "true")
    assert all(isinstance(value, str) for value in settings.values())
    assert step_settings("clean") == ["--conf", "spark.slowlambda.step=clean"]


def test_the_settings_join_those_of_the_cluster() -> None:
    yarn = {"Classification": "yarn-site", "Properties": {"a": "b"}}
    defaults = {"Classification": "spark-defaults", "Properties": {"x": "y", "spark.eventLog.dir": "hdfs:///elsewhere"}}
    settings = event_log_settings(FOLDER)
    first, *rest = with_event_log([yarn, defaults], FOLDER)
    assert first == {"Classification": "spark-defaults", "Properties": {"x": "y", **settings}}
    assert rest == [yarn]
    assert with_event_log([], FOLDER) == [{"Classification": "spark-defaults", "Properties": settings}]
    assert with_event_log([first, *rest], FOLDER) == [first, *rest]
