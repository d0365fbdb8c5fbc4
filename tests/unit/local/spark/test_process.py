import os
import threading
import time
from pathlib import Path

import pytest

from scripts.local.spark import process as process_module
from scripts.local.spark.process import StepProcess


def in_background(process: StepProcess, folder: Path, script: str) -> tuple[threading.Thread, list[int | None]]:
    codes: list[int | None] = []
    environment = {"PATH": os.environ["PATH"]}

    def run() -> None:
        codes.append(process.run(["sh", "-c", script], folder, environment, folder))

    thread = threading.Thread(target=run)
    thread.start()
    return thread, codes


def wait_for(file: Path) -> int:
    deadline = time.monotonic() + 10
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(file.read_text())


def gone(pid: int) -> bool:
    for _ in range(300):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_exit_code_and_output(tmp_path: Path) -> None:
    thread, codes = in_background(StepProcess(), tmp_path, "echo out; echo err >&2; exit 3")
    thread.join(10)
    assert codes == [3]
    assert (tmp_path / "stdout").read_text() == "out\n"
    assert (tmp_path / "stderr").read_text() == "err\n"


def test_one_that_will_not_end_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "_GRACE", 0.2)
    process = StepProcess()
    thread, codes = in_background(process, tmp_path, "trap '' TERM; (echo $$ > child; sleep 60) & wait; sleep 60")
    child = wait_for(tmp_path / "child")
    process.stop()
    thread.join(10)
    assert codes == [137]
    assert gone(child)


def test_children_do_not_outlive_a_process_that_ends_by_itself(tmp_path: Path) -> None:
    thread, codes = in_background(StepProcess(), tmp_path, "sleep 60 & echo $! > child")
    child = wait_for(tmp_path / "child")
    thread.join(10)
    assert codes == [0]
    assert gone(child)


def test_one_that_was_stopped_before_never_starts(tmp_path: Path) -> None:
    process = StepProcess()
    process.stop()
    thread, codes = in_background(process, tmp_path, "touch started")
    thread.join(10)
    assert codes == [None]
    assert not (tmp_path / "started").exists()


def test_stopping_late_or_twice_does_nothing(tmp_path: Path) -> None:
    process = StepProcess()
    thread, codes = in_background(process, tmp_path, "true")
    thread.join(10)
    process.stop()
    process.stop()
    process.kill()
    assert codes == [0]
