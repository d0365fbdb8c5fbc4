import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.bench.scaling.errors import TraceError
from scripts.bench.scaling.spark_log import read_event_logs
from scripts.local.emr.load import Phase
from tests.unit.bench.scaling.logs import line, stage, start

# Ten tasks of 60 s on five cores, then one of 30 s.
LINES = [
    *start(),
    *stage(0, 10, [(10, 70)] * 5 + [(70, 130)] * 5),
    *stage(1, 135, [(135, 165)]),
]
LOAD = (Phase(10, 0), Phase(60, 10), Phase(5, 0), Phase(30, 1))


def folder(path: Path, *parts: bytes, suffix: str = "") -> Path:
    path.mkdir(parents=True)
    (path / "appstatus_application_1_0001").touch()
    for number, part in enumerate(parts, 1):
        (path / f"events_{number}_application_1_0001{suffix}").write_bytes(part)
    return path


def test_one_file(tmp_path: Path) -> None:
    (tmp_path / "application_1_0001").write_bytes(b"".join(LINES))
    assert read_event_logs(tmp_path / "application_1_0001") == LOAD


def test_rolled_over_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    parts = [*LINES[:2], b"", *([b""] * 6), b"".join(LINES[2:5]), b"".join(LINES[5:])]
    assert len(parts) > 9
    assert read_event_logs(folder(tmp_path / "eventlog_v2_application_1_0001", *parts)) == LOAD


def test_the_applications_of_a_run_follow_one_another(tmp_path: Path) -> None:
    folder(tmp_path / "eventlog_v2_application_1_0001", b"".join(LINES))
    folder(tmp_path / "eventlog_v2_application_1_0002", b"".join([*start(), *stage(0, 0, [(0, 20)])]))
    assert read_event_logs(tmp_path) == (*LOAD, Phase(20, 1))


def test_packed_with_gzip(tmp_path: Path) -> None:
    (tmp_path / "log.gz").write_bytes(gzip.compress(b"".join(LINES)))
    assert read_event_logs(tmp_path / "log.gz") == LOAD


@pytest.mark.skipif(shutil.which("zstd") is None, reason="the program zstd is not installed")
def test_packed_with_zstd(tmp_path: Path) -> None:
    packed = subprocess.run(["zstd", "-c"], input=b"".join(LINES), capture_output=True, check=True).stdout
    log = folder(tmp_path / "eventlog_v2_application_1_0001", packed, suffix=".zstd")
    assert read_event_logs(log) == LOAD
    broken = folder(tmp_path / "eventlog_v2_application_1_0002", packed[: len(packed) // 2], suffix=".zstd")
    with pytest.raises(TraceError, match=r"events_1_application_1_0001\.zstd cannot be unpacked"):
        read_event_logs(broken)


def test_without_zstd_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    log = folder(tmp_path / "eventlog_v2_application_1_0001", b"packed", suffix=".zstd")
    with pytest.raises(TraceError, match="install the program zstd"):
        read_event_logs(log)


def test_cores_of_an_executor(tmp_path: Path) -> None:
    settings = {"Spark Properties": {"spark.executor.cores": "8", "spark.task.cpus": "2"}}
    lines = [LINES[0], line("EnvironmentUpdate", **settings), *stage(0, 0, [(0, 60)] * 10)]
    (tmp_path / "log").write_bytes(b"".join(lines))
    assert read_event_logs(tmp_path / "log") == (Phase(60, 3),)
    settings = {"Spark Properties": {"spark.executor.cores": "many", "spark.task.cpus": "0"}}
    lines = [LINES[0], line("EnvironmentUpdate", **settings), *stage(0, 0, [(0, 60)] * 10)]
    (tmp_path / "log").write_bytes(b"".join(lines))
    assert read_event_logs(tmp_path / "log") == (Phase(60, 3),)


def test_torn_lines_and_odd_values_are_skipped(tmp_path: Path) -> None:
    odd = [line("TaskEnd", **{"Stage ID": "x", "Task Info": {"Launch Time": None, "Finish Time": -1}})]
    torn = [LINES[0], *LINES[1:], *odd, b'{"Event":"SparkListenerTaskEnd","Stage ID":0,"Task', b"\nno event\n"]
    (tmp_path / "log").write_bytes(b"".join(torn))
    assert sum(each.seconds * each.containers for each in read_event_logs(tmp_path / "log")) == 630


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="has no event log"):
        read_event_logs(tmp_path)
    (tmp_path / "notes").write_text("nothing of Spark's\n")
    with pytest.raises(TraceError, match="is no Spark event log, or one in which no task ended"):
        read_event_logs(tmp_path / "notes")
    (tmp_path / "log.lz4").write_bytes(b"packed")
    with pytest.raises(TraceError, match="which only Spark reads; write logs with"):
        read_event_logs(tmp_path / "log.lz4")
    (tmp_path / "log.gz").write_bytes(b"no gzip")
    with pytest.raises(TraceError, match="cannot be read"):
        read_event_logs(tmp_path / "log.gz")
