from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo import data
from scripts.demo.data import DataError, generate, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_tables_are_generated_once_per_scale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = generate(tmp_path, 0.001, 2)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == [
        f"tpch-0.001-2/{table}/{table}.{part}.csv" for table in ("customer", "lineitem", "orders") for part in (1, 2)
    ]
    monkeypatch.setattr(data, "_run_generator", lambda *args: pytest.fail("generated again"))
    assert generate(tmp_path, 0.0010, 2) == files


def test_a_failed_generation_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    false = tmp_path / "tpchgen"
    false.write_text("#!/bin/sh\necho no space left >&2\nexit 3\n")
    false.chmod(0o755)
    monkeypatch.setattr(data, "_generator", lambda: false)
    with pytest.raises(DataError, match="exit code 3: no space left"):
        generate(tmp_path / "cache", 1, 1)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), "1", True])
def test_a_scale_that_makes_no_sense_is_refused(tmp_path: Path, scale: Any) -> None:
    with pytest.raises(DataError, match="is not a positive number"):
        generate(tmp_path, scale, 1)


@pytest.mark.parametrize("parts", [0, 1.5])
def test_so_is_a_number_of_parts(tmp_path: Path, parts: Any) -> None:
    with pytest.raises(DataError, match="parts"):
        generate(tmp_path, 1, parts)


def test_the_marker_comes_last(s3: "S3Client", tmp_path: Path) -> None:
    for name in ("a/1.csv", "b/2.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("12345")
    put: list[str] = []
    s3.meta.events.register("provide-client-params.s3.PutObject", lambda params, **_: put.append(params["Key"]))
    sent: list[tuple[str, int]] = []
    total = upload(s3, tmp_path, "data", "/landing/", lambda file, count: sent.append((file.name, count)))
    assert total == 10
    assert sent == [("1.csv", 5), ("2.csv", 5)]
    assert put == ["landing/a/1.csv", "landing/b/2.csv", "landing/_SUCCESS"]
