import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.sizing.words import count_of, human_bytes, human_mib, human_time, percent


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**3, "1.0 GiB"),
        (10**15, "909.5 TiB"),
        (1024**6, "1,024.0 PiB"),
    ],
)
def test_bytes(count: int, text: str) -> None:
    assert human_bytes(count) == text


def test_mib() -> None:
    assert human_mib(1536) == "1.5 GiB"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0.2, "1 min"),
        (1, "1 min"),
        (59.1, "1 h"),
        (60, "1 h"),
        (61, "1 h 01 min"),
        (124.5, "2 h 05 min"),
        (1440, "24 h"),
    ],
)
def test_time(minutes: float, text: str) -> None:
    assert human_time(minutes) == text


@given(st.floats(0.001, 10**6))
def test_a_time_is_never_shorter_than_it_is(minutes: float) -> None:
    words = human_time(minutes).split()
    told = dict(zip(words[1::2], map(int, words[::2]), strict=True))
    whole = 60 * told.get("h", 0) + told.get("min", 0)
    assert minutes <= whole < minutes + 1


@pytest.mark.parametrize(("number", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1_000, "1,000 files")])
def test_counts(number: int, text: str) -> None:
    assert count_of(number, "file") == text


def test_percent() -> None:
    assert [percent(share) for share in (0, 0.125, 0.9, 1)] == ["0 %", "12 %", "90 %", "100 %"]
