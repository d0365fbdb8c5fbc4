import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.sizing.need import ASSUMED_SPILL_SHARE, SPILL_HEADROOM, predict_need
from tests.unit.lambdas.sizing.strategies import KINDS, PARTS, measurement

MIB = 1024 * 1024
Parts = list[tuple[Kind, int, int]]


def test_files_are_cut_into_parts() -> None:
    assert predict_need(measurement([(Kind("parquet", "none"), 1, 1_276 * MIB)])).tasks == 10


def test_small_files_are_packed() -> None:
    assert predict_need(measurement([(Kind("csv", "none"), 1_000, MIB)])).tasks == 40
    assert predict_need(measurement([(Kind("csv", "gzip"), 1_000, MIB)])).tasks == 40


def test_files_that_cannot_be_split_are_one_task_each() -> None:
    assert predict_need(measurement([(Kind("csv", "gzip"), 7, 1_000 * MIB)])).tasks == 7


def test_no_more_tasks_are_of_use_than_keep_the_longest_file_company() -> None:
    assert predict_need(measurement([(Kind("csv", "none"), 100, 128 * MIB)])).max_tasks == 3_200
    assert predict_need(measurement([(Kind("csv", "gzip"), 1, 1_000 * MIB)])).max_tasks == 1
    mixed = measurement([(Kind("csv", "gzip"), 1, 1_000 * MIB), (Kind("csv", "none"), 1, 500 * MIB)])
    assert predict_need(mixed).max_tasks == 1.5


@pytest.mark.parametrize(
    ("kind", "expansion"),
    [
        (Kind("csv", "none"), 1),
        (Kind("csv", "gzip"), 4),
        (Kind("json", "bzip2"), 5),
        # What Parquet compresses with is inside the file: its own factor counts.
        (Kind("parquet", "snappy"), 3),
    ],
)
def test_disks_are_for_the_text_that_is_shuffled(kind: Kind, expansion: float) -> None:
    need = predict_need(measurement([(kind, 10, 100 * MIB)]))
    assert need.spill_bytes == 1_000 * MIB * expansion * ASSUMED_SPILL_SHARE


@given(PARTS, st.floats(0, 10))
def test_what_past_runs_spilled_counts_instead_of_a_guess(parts: Parts, share: float) -> None:
    measured = measurement(parts)
    spill = predict_need(measured, share).spill_bytes
    assert spill >= share * measured.bytes
    assert spill == pytest.approx(SPILL_HEADROOM * share * measured.bytes, abs=1)


@given(PARTS)
def test_no_more_tasks_help_than_there_are_parts(parts: Parts) -> None:
    measured = measurement(parts)
    need = predict_need(measured)
    # Spark cuts no part smaller than 4 MiB but the last of a file.
    assert 0 < need.max_tasks <= measured.bytes / (4 * MIB) + measured.files
    assert need.spill_bytes > 0


@given(st.sampled_from(KINDS), st.integers(1, 5_000), st.integers(1, 10**10), st.integers(0, 5_000))
def test_more_files_never_need_less(kind: Kind, files: int, size: int, more: int) -> None:
    few, many = (predict_need(measurement([(kind, number, size)])) for number in (files, files + more))
    assert many.tasks >= few.tasks
    assert many.max_tasks >= few.max_tasks
    assert many.spill_bytes >= few.spill_bytes
