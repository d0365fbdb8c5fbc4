"""When schedules are due: AWS's own examples, and the days on which clocks change."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.checking.schedule_times import due, parse_cron, shortest_gap, skipped

START = datetime.date(2026, 11, 26)


def times(expression: str, count: int = 3, days: int = 800) -> list[str]:
    return [f"{time:%Y-%m-%d %H:%M}" for time, _ in zip(due(expression, START, days), range(count), strict=False)]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("cron(0 3 * * ? *)", ["2026-11-26 03:00", "2026-11-27 03:00", "2026-11-28 03:00"]),
        ("cron(15 12 * * ? *)", ["2026-11-26 12:15", "2026-11-27 12:15", "2026-11-28 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-26 18:00", "2026-11-27 18:00", "2026-11-30 18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01 08:00", "2027-01-01 08:00", "2027-02-01 08:00"]),
        ("cron(0/30 9 ? * 5 *)", ["2026-11-26 09:00", "2026-11-26 09:30", "2026-12-03 09:00"]),
        ("cron(0 10 L * ? *)", ["2026-11-30 10:00", "2026-12-31 10:00", "2027-01-31 10:00"]),
        ("cron(0 10 LW * ? *)", ["2026-11-30 10:00", "2026-12-31 10:00", "2027-01-29 10:00"]),
        ("cron(0 10 1W * ? *)", ["2026-12-01 10:00", "2027-01-01 10:00", "2027-02-01 10:00"]),
        ("cron(0 10 ? * 2#1 *)", ["2026-12-07 10:00", "2027-01-04 10:00", "2027-02-01 10:00"]),
        ("cron(15 10 ? * 6L 2027)", ["2027-01-29 10:15", "2027-02-26 10:15", "2027-03-26 10:15"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29 00:00"]),
        ("cron(0 0 31 FEB ? *)", []),
        ("cron(0 0 1 1 ? 2020)", []),
        ("at(2027-01-02T03:04:05)", ["2027-01-02 03:04"]),
        ("at(2025-01-02T03:04:05)", []),
        ("at(2027-13-02T03:04:05)", []),
    ],
)
def test_when_it_is_due(expression: str, wanted: list[str]) -> None:
    assert times(expression) == wanted


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("rate(5 minutes)", 5),
        ("rate(1 hour)", 60),
        ("cron(0/10 * * * ? *)", 10),
        ("cron(0,7 3 * * ? *)", 7),
        ("cron(50 23,0 * * ? *)", 60),
        ("cron(0 0 1 1 ? 2030)", None),
        ("at(2027-01-02T03:04:05)", None),
    ],
)
def test_the_shortest_time_between_two(expression: str, minutes: int | None) -> None:
    gap = shortest_gap(expression, START, 400)
    assert gap == (None if minutes is None else datetime.timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("expression", "zone", "wanted"),
    [
        ("cron(30 2 * * ? *)", "Europe/Berlin", ["2027-03-28 02:30:00"]),
        ("cron(30 3 * * ? *)", "Europe/Berlin", []),
        ("cron(30 2 ? * MON-FRI *)", "Europe/Berlin", []),
        ("cron(30 2 * * ? *)", "America/New_York", ["2027-03-14 02:30:00"]),
        ("cron(30 2 * * ? *)", "UTC", []),
        ("cron(30 1 * * ? *)", "Europe/London", ["2027-03-28 01:30:00"]),
    ],
)
def test_times_that_do_not_exist(expression: str, zone: str, wanted: list[str]) -> None:
    assert [str(time) for time in skipped(expression, zone, START, 365)] == wanted


@pytest.mark.parametrize(
    "expression",
    ["cron(0 3 * * ?)", "cron(a 3 * * ? *)", "cron(0 3 ? * FOO *)", "cron(0 3 xW * ? *)", "every day", "cron()"],
)
def test_what_is_no_cron_expression(expression: str) -> None:
    assert parse_cron(expression) is None
    assert not times(expression)


@given(st.integers(0, 59), st.integers(0, 23), st.integers(1, 28), st.integers(1, 12))
def test_a_day_of_the_year_comes_once_a_year(minute: int, hour: int, day: int, month: int) -> None:
    (time,) = due(f"cron({minute} {hour} {day} {month} ? *)", datetime.date(2027, 1, 1), 365)
    assert (time.minute, time.hour, time.day, time.month) == (minute, hour, day, month)
