from pathlib import Path

from lambdas.specs import code_files, code_prefix


def test_prefix_names_job_and_content(specs: Path) -> None:
    first = code_prefix("count", specs)
    assert first.startswith("jobs/count/")
    assert len(first.split("/")[2]) == 12
    assert first == code_prefix("count", specs)


def test_prefix_changes_with_every_file(specs: Path) -> None:
    folder = specs / "jobs/count"
    seen = {code_prefix("count", specs)}
    (folder / "count.py").write_text("print(2)\n")
    seen.add(code_prefix("count", specs))
    (folder / "lib").mkdir()
    (folder / "lib/more.py").write_text("")
    seen.add(code_prefix("count", specs))
    (folder / "lib/more.py").rename(folder / "lib/most.py")
    seen.add(code_prefix("count", specs))
    assert len(seen) == 4


def test_content_does_not_move_between_files(specs: Path) -> None:
    folder = specs / "jobs/count"
    (folder / "a.py").write_text("ab")
    (folder / "b.py").write_text("c")
    first = code_prefix("count", specs)
    (folder / "a.py").write_text("a")
    (folder / "b.py").write_text("bc")
    assert code_prefix("count", specs) != first


def test_caches_are_left_out(specs: Path) -> None:
    folder = specs / "jobs/count"
    first = code_prefix("count", specs)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/count.cpython-313.pyc").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    assert code_prefix("count", specs) == first
    assert [path.name for path in code_files("count", specs)] == ["count.py", "job.yml"]
