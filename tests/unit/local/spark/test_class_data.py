import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.local.spark.class_data import ClassData
from scripts.local.spark.java import java_home

# A Java whose second dump ends when the first one's archive is in its place.
TWO_DUMPS = """\
#!/bin/sh
target=${2#-XX:SharedArchiveFile=}
if mkdir "$0.first" 2>/dev/null; then
    while [ ! -e "$0.second" ]; do sleep 0.01; done
    echo first > "$target"
else
    touch "$0.second"
    while [ ! -e "$(dirname "$target")/../base.jsa" ]; do sleep 0.01; done
    echo second > "$target"
fi
"""


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


def test_steps_that_start_at_the_same_time_write_over_one_base(tmp_path: Path) -> None:
    java = tmp_path / "home" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(TWO_DUMPS)
    java.chmod(0o755)
    data = ClassData(tmp_path / "archives", tmp_path / "home")
    with ThreadPoolExecutor(2) as pool:
        options = list(pool.map(data.options, ["s-1", "s-2"]))
    assert all("-XX:ArchiveClassesAtExit=" in each for each in options)
    folder = written(tmp_path / "archives")
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("base.jsa", "first\n")]


def test_the_folder_on_the_class_path_stays_empty(tmp_path: Path) -> None:
    data = ClassData(tmp_path, java_home())
    assert data.conf() == data.conf()
    assert list(data.conf().iterdir()) == []
