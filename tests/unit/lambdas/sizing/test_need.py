from lambdas.inputs.formats import Kind
from lambdas.sizing.need import MIN_MEMORY_MIB, predict_need
from tests.unit.lambdas.sizing.strategies import measurement

MIB = 1024 * 1024


def test_files_are_cut_into_parts() -> None:
    assert predict_need(measurement([(Kind("parquet", "none"), 1, 1_276 * MIB)])).tasks == 10


def test_small_files_are_packed() -> None:
    assert predict_need(measurement([(Kind("csv", "none"), 1_000, MIB)])).tasks == 40
    assert predict_need(measurement([(Kind("csv", "gzip"), 1_000, MIB)])).tasks == 40


def test_files_that_cannot_be_split_are_one_task_each() -> None:
    assert predict_need(measurement([(Kind("csv", "gzip"), 7, 1_000 * MIB)])).tasks == 7


def test_waves_and_memory() -> None:
    need = predict_need(measurement([(Kind("parquet", "none"), 1_000, 124 * MIB)]))
    assert (need.tasks, need.cores) == (1_000, 32)
    assert need.memory_mib == 124_000
    assert predict_need(measurement([(Kind("csv", "none"), 1, 1)])).memory_mib == MIN_MEMORY_MIB
