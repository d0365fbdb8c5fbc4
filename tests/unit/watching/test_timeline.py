import io

import pytest
from rich.console import Console

from scripts.watching.follow import Observation
from scripts.watching.timeline import _line, clock


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3725, "62:05")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def shown(seen: Observation) -> str:
    out = io.StringIO()
    Console(file=out, width=100).print(_line(seen))
    return out.getvalue().rstrip()


def test_a_state_that_is_entered() -> None:
    line = shown(Observation("state", "Create cluster", "entered", 1.2, 420.0))
    assert line == "  0:01       7:00  machine  -> Create cluster"


def test_names_that_look_like_markup_stay_text() -> None:
    assert "[bold]x[/bold] FAILED" in shown(Observation("step", "[bold]x[/bold]", "FAILED", 0, 0))
