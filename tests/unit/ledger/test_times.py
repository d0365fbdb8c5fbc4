import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.ledger.errors import MomentError
from scripts.ledger.times import clock_time, parse_moment, span
from tests.unit.ledger.support import NOW


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("90m", "2026-11-27T10:30:00+00:00"),
        ("24h", "2026-11-26T12:00:00+00:00"),
        ("7d", "2026-11-20T12:00:00+00:00"),
        ("2026-11-24", "2026-11-24T00:00:00+00:00"),
        ("2026-11-24T16:00", "2026-11-24T16:00:00+00:00"),
        ("2026-11-24T16:00+01:00", "2026-11-24T15:00:00+00:00"),
        ("2026-11-24T16:00:00Z", "2026-11-24T16:00:00+00:00"),
    ],
)
def test_a_moment(text: str, iso: str) -> None:
    assert parse_moment(text, NOW).isoformat() == iso


@pytest.mark.parametrize("text", ["", "24", "0h", "-1h", "yesterday", "1w", "999999d", "0001-01-01T00:00+23:00"])
def test_no_moment_is_said_in_words(text: str) -> None:
    with pytest.raises(MomentError, match=r"is no point in time|before all time"):
        parse_moment(text, NOW)


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    with contextlib.suppress(MomentError):
        assert parse_moment(text, NOW).tzinfo is datetime.UTC


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (3725, "1:02:05"), (90_000, "25:00:00"), (-5, "0:00:00")]
)
def test_a_span(seconds: float, text: str) -> None:
    assert span(datetime.timedelta(seconds=seconds)) == text


def test_what_is_not_known_is_not_written() -> None:
    assert (span(None), clock_time(None)) == ("", "")
