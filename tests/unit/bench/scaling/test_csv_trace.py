import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.bench.scaling.csv_trace import read_csv
from scripts.bench.scaling.errors import TraceError
from scripts.local.emr.load import Load, Phase

PHASES = st.lists(
    st.builds(Phase, st.integers(1, 5_000).map(float), st.integers(0, 500), st.sampled_from((0.0, 0.0, 0.25, 1.0))),
    min_size=1,
    max_size=20,
)


def write(path: Path, load: list[Phase]) -> Path:
    """Write a load with a row a phase; a part of each demand runs and the rest pends."""
    starts = itertools.accumulate((phase.seconds for phase in load), initial=0.0)
    rows = [
        f"{at},{phase.containers // 3},{phase.containers - phase.containers // 3},{phase.spot_lost}"
        for at, phase in zip(starts, load, strict=False)
    ]
    end = sum(phase.seconds for phase in load)
    path.write_text("\n".join(["# a comment", "seconds,running,pending,spot_lost", *rows, f"{end},0,0,0"]))
    return path


def merged(load: list[Phase]) -> Load:
    """Join neighbours that want the same, unless spot nodes are lost between them."""
    joined: list[Phase] = []
    for phase in load:
        if joined and joined[-1].containers == phase.containers and not phase.spot_lost:
            last = joined.pop()
            joined.append(Phase(last.seconds + phase.seconds, last.containers, last.spot_lost))
        else:
            joined.append(phase)
    return tuple(joined)


@given(PHASES)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, load: list[Phase]) -> None:
    assert read_csv(write(tmp_path_factory.mktemp("trace") / "a.csv", load)) == merged(load)


def test_seconds_may_start_anywhere_and_running_and_pending_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("seconds,running,pending\n100,2,3\n160.5,5,0\n200,1,0\n260,9,9\n")
    assert read_csv(path) == (Phase(100, 5), Phase(60, 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected the header seconds,running,pending or .*, found nothing"),
        ("seconds,containers\n0,1\n", "line 1: expected the header .* found seconds,containers"),
        ("seconds,running,pending\n0,1,0\n", "has 1 rows; a trace needs two"),
        ("# about\n\nseconds,running,pending\n0,1,0\n60,1\n", "line 5: expected 3 fields .* found 2"),
        ("seconds,running,pending\n0,1,0\n60,x,0\n", "line 3: running must be a number of 0 or more, not 'x'"),
        ("seconds,running,pending\n0,1,-1\n60,0,0\n", "line 2: pending must be a number of 0 or more, not '-1'"),
        ("seconds,running,pending\n0,nan,0\n60,0,0\n", "line 2: running must be a number"),
        ("seconds,running,pending\n0,1.5,0\n60,0,0\n", "line 2: running counts containers, 1.5 is no whole number"),
        ("seconds,running,pending\n0,1,0\n60,1,0\n# late\n60,0,0\n", "line 5: seconds must rise .* 60 follows 60"),
        ("seconds,running,pending,spot_lost\n0,1,0,1.5\n60,0,0,0\n", "line 2: spot_lost is a share from 0 to 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(TraceError, match=problem):
        read_csv(path)


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TraceError, match="cannot be read"):
        read_csv(path)
