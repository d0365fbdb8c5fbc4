from pathlib import Path

import pytest

from scripts.bench.scaling.errors import TraceError
from scripts.bench.scaling.traces import Trace, read_trace, shipped_traces
from scripts.local.emr.load import Phase
from tests.unit.bench.scaling.logs import stage, start


def test_shipped() -> None:
    assert shipped_traces() == ["burst", "fan-out-in", "long-tail", "spot-loss", "steady"]


@pytest.mark.parametrize("name", shipped_traces())
def test_shipped_traces_are_of_a_size_that_scaling_is_for(name: str) -> None:
    trace = read_trace(name)
    assert trace.name == name
    assert 3_600 <= trace.seconds <= 10_800
    assert 20 <= trace.peak <= 300
    assert 0 < trace.mean < trace.peak
    assert any(phase.spot_lost for phase in trace.phases) is (name == "spot-loss")


def test_work_mean_and_peak() -> None:
    trace = Trace("two", (Phase(60, 10), Phase(120, 1)))
    assert (trace.container_seconds, trace.seconds, trace.peak, trace.mean) == (720, 180, 10, 4)


def test_files_are_named_after_themselves(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("seconds,running,pending\n0,1,0\n60,0,0\n")
    assert read_trace(str(tmp_path / "mine.csv")) == Trace("mine", (Phase(60, 1),))
    (tmp_path / "application_1_0001").write_bytes(b"".join([*start(), *stage(0, 0, [(0, 60)])]))
    assert read_trace(str(tmp_path / "application_1_0001")).phases == (Phase(60, 1),)


def test_what_cannot_be_played_is_said(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="nowhere is neither a file or folder nor a shipped trace; shipped are burst,"):
        read_trace("nowhere")
    (tmp_path / "idle.csv").write_text("seconds,running,pending\n0,0,0\n60,0,0\n")
    with pytest.raises(TraceError, match="never wants a container"):
        read_trace(str(tmp_path / "idle.csv"))
