import threading
from pathlib import Path

import pytest

from scripts.files import appearing, write_whole


def test_a_file_is_replaced_at_the_end_of_the_block(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    write_whole(target, "first")
    with appearing(target) as fresh:
        fresh.write_text("second")
        assert target.read_text() == "first"
    assert target.read_text() == "second"
    assert list(target.parent.iterdir()) == [target]


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        with appearing(tmp_path / "file") as fresh:
            fresh.write_text("half")
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_make_a_folder_the_first_one_stays(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    together = threading.Barrier(2)
    failed: list[BaseException] = []

    def make(content: str) -> None:
        try:
            with appearing(target) as fresh:
                fresh.mkdir()
                (fresh / "content").write_text(content)
                together.wait(10)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=make, args=(content,)) for content in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert (target / "content").read_text() in {"one", "two"}
    assert list(tmp_path.iterdir()) == [target]
