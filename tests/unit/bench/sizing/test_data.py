from pathlib import Path

import numpy as np
import pytest

from scripts.bench.sizing.data import load_measurements, scrambled
from scripts.bench.sizing.errors import MeasurementsError
from scripts.bench.sizing.synthetic import own_measurements
from tests.unit.bench.sizing.tiny import HEAD, INSTANCES, RUNS, tiny, write


def test_contexts(tmp_path: Path) -> None:
    measured = tiny(tmp_path)
    assert list(measured.contexts) == ["count|a|10", "count|a|20", "lone|5"]  # bytes unknown: left out
    context = measured.contexts["count|a|10"]
    clusters = list(zip(context.instance_types, context.nodes, strict=True))
    assert clusters == [("big", 4), ("small", 1), ("small", 3)]
    assert context.seconds.tolist() == [480, 3180, 1100]
    assert context.usd_per_hour == pytest.approx([2.0, 0.36, 0.60])
    assert context.usd == pytest.approx([0.50, 0.36, 1520 * 0.60 / 3600])
    assert (context.cloud, measured.contexts["lone|5"].cloud) == ("aws", "gcp")


def test_scrambling_keeps_shapes(tmp_path: Path) -> None:
    measured = tiny(tmp_path)
    other = scrambled(measured, "salt")
    for name in ("count|a|10", "count|a|20"):
        before, after = measured.contexts[name], other.contexts[name]
        factors = after.seconds / before.seconds
        assert factors == pytest.approx(factors[0])
        assert after.data_bytes / before.data_bytes == pytest.approx(
            other.contexts["count|a|10"].data_bytes / measured.contexts["count|a|10"].data_bytes
        )
        assert after.seconds[0] != before.seconds[0]
    assert scrambled(measured, "salt").contexts["lone|5"].data_bytes == other.contexts["lone|5"].data_bytes
    assert scrambled(measured, "pepper").contexts["lone|5"].data_bytes != other.contexts["lone|5"].data_bytes


@pytest.mark.parametrize(
    ("instances", "runs", "says"),
    [
        (INSTANCES.replace("ebs_mbps", "disk"), HEAD + RUNS, "no column ebs_mbps"),
        (INSTANCES.replace("16,0.08", "?,0.08"), HEAD + RUNS, "instances.csv: small: "),
        (INSTANCES, HEAD.replace("family", "kind") + RUNS, "no column family"),
        (INSTANCES, HEAD + RUNS.replace("big,2", "huge,2"), "is on 'huge', which instances.csv does not have"),
        (INSTANCES, HEAD + RUNS.replace("3180", "-3"), "a run of 'count|a|10' needs runtime_s"),
        (INSTANCES, HEAD + RUNS.replace("3180", "long"), "a run of 'count|a|10' needs runtime_s"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, instances: str, runs: str, says: str) -> None:
    write(tmp_path, instances, runs)
    with pytest.raises(MeasurementsError) as caught:
        load_measurements(tmp_path)
    assert says in str(caught.value)


def test_no_folder_and_no_instances(tmp_path: Path) -> None:
    with pytest.raises(MeasurementsError, match=r"no folder with files \*_runs\.csv.*not part of this project"):
        load_measurements(tmp_path / "nowhere")
    write(tmp_path)
    (tmp_path / "instances.csv").unlink()
    with pytest.raises(MeasurementsError, match=r"instances\.csv is missing"):
        load_measurements(tmp_path)


def test_own_set_is_always_the_same_and_has_something_to_choose() -> None:
    first, second = own_measurements(), own_measurements()
    assert len(first.contexts) == 30
    for name, context in first.contexts.items():
        assert np.array_equal(context.seconds, second.contexts[name].seconds)
        assert int(np.argmin(context.seconds)) != int(np.argmin(context.usd))
        assert context.usd.max() > 1.5 * context.usd.min()
