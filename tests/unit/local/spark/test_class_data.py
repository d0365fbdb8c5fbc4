import subprocess
from pathlib import Path

from scripts.local.spark.class_data import ClassData
from scripts.local.spark.java import java_home


def written(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir())
    return found


def test_the_first_step_writes_what_the_next_one_uses(tmp_path: Path) -> None:
    data = ClassData(tmp_path, java_home())
    first = data.options("s-1")
    assert "-XX:ArchiveClassesAtExit=" in first
    options = [option.strip('"') for option in first.split('" "')]
    subprocess.run([java_home() / "bin" / "java", *options, "-version"], check=True, capture_output=True)
    data.keep("s-1")

    second = ClassData(tmp_path, java_home()).options("s-2")

    assert "ArchiveClassesAtExit" not in second
    assert "spark.jsa" in second
    assert sorted(path.name for path in written(tmp_path).iterdir()) == ["base.jsa", "spark.jsa"]


def test_what_a_failed_step_wrote_is_not_used(tmp_path: Path) -> None:
    data = ClassData(tmp_path, java_home())
    data.options("s-1")
    (written(tmp_path) / "s-1.part").write_text("half an archive")
    data.discard("s-1")
    data.keep("s-1")
    assert "-XX:ArchiveClassesAtExit=" in data.options("s-2")


def test_without_an_archive_spark_starts_all_the_same(tmp_path: Path) -> None:
    assert ClassData(tmp_path, tmp_path / "no-java").options("s-1") == ""


def test_the_folder_on_the_class_path_stays_empty(tmp_path: Path) -> None:
    data = ClassData(tmp_path, java_home())
    assert data.conf() == data.conf()
    assert list(data.conf().iterdir()) == []
