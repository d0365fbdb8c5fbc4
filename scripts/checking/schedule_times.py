"""When a schedule of EventBridge Scheduler is due.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# Sunday is 1.
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_RATE = re.compile(r"rate\(\s*([0-9]+)\s+(minute|hour|day)s?\s*\)")
_AT = re.compile(r"at\((.+)\)")
_CRON = re.compile(r"cron\((.+)\)")
_UNITS = {
    "minute": datetime.timedelta(minutes=1),
    "hour": datetime.timedelta(hours=1),
    "day": datetime.timedelta(days=1),
}
_FRIDAY = 4
_SOME_DAY = datetime.date(2026, 1, 1)


@dataclass(frozen=True)
class Cron:
    """The fields of a cron expression; days as they are written, because L, W and # depend on the month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int] | None

    def is_due(self, day: datetime.date) -> bool:
        """Whether it is due at some time of a day."""
        if day.month not in self.months or (self.years is not None and day.year not in self.years):
            return False
        return self.is_day(day)

    def is_day(self, day: datetime.date) -> bool:
        """Whether a day is one of those it names, whatever the month."""
        return _is_day(self.days, day) if self.weekdays == "?" else _is_weekday(self.weekdays, day)


def parse_cron(expression: str) -> Cron | None:
    """Read ``cron(0 3 * * ? *)``; ``None`` when it is no cron expression."""
    found = _CRON.fullmatch(expression.strip())
    fields = found[1].upper().split() if found else []
    if len(fields) != 6:
        return None
    minutes, hours, days, months, weekdays, years = fields
    try:
        cron = Cron(
            tuple(sorted(_values(minutes, 0, 59))),
            tuple(sorted(_values(hours, 0, 23))),
            days,
            frozenset(_values(months, 1, 12, _MONTHS)),
            weekdays,
            None if years == "*" else frozenset(_values(years, 1970, 2199)),
        )
        # Days are read only when a day is asked for, and what they say is known to be right after one was.
        _ = cron.is_day(_SOME_DAY)
    except ValueError:
        return None
    return cron


def due(expression: str, start: datetime.date, days: int) -> Iterator[datetime.datetime]:
    """Yield the local times at which an ``at`` or ``cron`` expression is due, from a day on for so many days."""
    time = _parse_at(expression)
    if time is not None and start <= time.date():
        yield time
    if cron := parse_cron(expression):
        for number in range(days):
            day = start + datetime.timedelta(days=number)
            if cron.is_due(day):
                yield from _times(cron, day)


def _parse_at(expression: str) -> datetime.datetime | None:
    found = _AT.fullmatch(expression.strip())
    try:
        return datetime.datetime.fromisoformat(found[1].strip()) if found else None
    except ValueError:
        return None


def shortest_gap(expression: str, start: datetime.date, days: int) -> datetime.timedelta | None:
    """Return the shortest time between two times at which a schedule is due; ``None`` when there are no two."""
    if rate := _RATE.fullmatch(expression.strip()):
        return int(rate[1]) * _UNITS[rate[2]]
    last: datetime.datetime | None = None
    shortest: datetime.timedelta | None = None
    for time in due(expression, start, days):
        if last is not None:
            shortest = min(shortest or time - last, time - last)
        last = time
    return shortest


def skipped(expression: str, zone: str, start: datetime.date, days: int) -> Iterator[datetime.datetime]:
    """Yield the local times at which a schedule is due but which do not exist, because clocks are put forward then."""
    local = ZoneInfo(zone)
    for time in due(expression, start, days):
        there = time.replace(tzinfo=local)
        if there.astimezone(datetime.UTC).astimezone(local).replace(tzinfo=None) != time:
            yield time


def _times(cron: Cron, day: datetime.date) -> Iterator[datetime.datetime]:
    for hour in cron.hours:
        for minute in cron.minutes:
            yield datetime.datetime.combine(day, datetime.time(hour, minute))


def _values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span in ("*", "?"):
            first, last = low, high
        else:
            begin, _, end = span.partition("-")
            first = _value(begin, names)
            last = _value(end, names) if end else (high if step else first)
        values |= set(range(first, last + 1, int(step or 1)))
    return {value for value in values if low <= value <= high}


def _value(text: str, names: tuple[str, ...]) -> int:
    return names.index(text) + 1 if text in names else int(text)


def _is_day(field: str, day: datetime.date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    if field == "LW":
        return day == _nearest_weekday(day.replace(day=last))
    if field.endswith("W"):
        wanted = min(int(field[:-1]), last)
        return day == _nearest_weekday(day.replace(day=wanted))
    return day.day in _values(field, 1, 31)


def _nearest_weekday(day: datetime.date) -> datetime.date:
    """Return the Monday to Friday next to a day, in the same month."""
    if day.weekday() <= _FRIDAY:
        return day
    is_saturday = day.weekday() == _FRIDAY + 1
    moved = day + datetime.timedelta(days=-1 if is_saturday else 1)
    if moved.month == day.month:
        return moved
    return day + datetime.timedelta(days=2 if is_saturday else -2)


def _is_weekday(field: str, day: datetime.date) -> bool:
    number = (day.weekday() + 1) % 7 + 1
    last = calendar.monthrange(day.year, day.month)[1]
    if "#" in field:
        weekday, _, nth = field.partition("#")
        return number == _value(weekday, _WEEKDAYS) and (day.day - 1) // 7 + 1 == int(nth)
    if field == "L":
        return number == len(_WEEKDAYS)
    if field.endswith("L"):
        return number == _value(field[:-1], _WEEKDAYS) and day.day > last - 7
    return number in _values(field, 1, 7, _WEEKDAYS)
