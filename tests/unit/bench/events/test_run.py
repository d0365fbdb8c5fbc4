from dataclasses import replace

import pytest

from scripts.bench.events.run import Outcome

EXACT = Outcome(
    events=300,
    objects=270,
    duplicates=30,
    runs=5,
    expected_runs=5,
    lost=0,
    twice=0,
    too_large=0,
    rejected=0,
    left=0,
    seconds=10.0,
    events_per_second=30.0,
    peak_rss_mb=200,
)


def test_exact_is_what_loses_nothing_and_takes_nothing_twice() -> None:
    assert EXACT.is_exact
    assert EXACT.document()["exact"]
    assert "5 runs, 5 expected" in str(EXACT)


@pytest.mark.parametrize(
    "wrong", [{"runs": 6}, {"runs": 4}, {"lost": 1}, {"twice": 1}, {"too_large": 1}, {"rejected": 1}, {"left": 1}]
)
def test_anything_else_is_not(wrong: dict[str, int]) -> None:
    assert not replace(EXACT, **wrong).is_exact
