"""Points in time as a user writes them, and spans as a user reads them."""

import datetime
import re

from lambdas.ledger.entry import LedgerEntry
from scripts.ledger.errors import MomentError

_AGO = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_moment(text: str, now: datetime.datetime) -> datetime.datetime:
    """Read a point in time.

    Parameters
    ----------
    text
        How long ago (``90m``, ``24h``, ``7d``), or a date or time of ISO 8601, in UTC where it names no zone.
    now
        With a time zone.

    Returns
    -------
    datetime.datetime
        In UTC.

    Raises
    ------
    MomentError
        It is neither.
    """
    if ago := _AGO.fullmatch(text):
        try:
            return now.astimezone(datetime.UTC) - datetime.timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError:
            raise MomentError(f"{text!r} is before all time") from None
    try:
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise MomentError(
            f"{text!r} is no point in time; write how long ago, such as 90m, 24h or 7d, or a date or time such as "
            "2026-11-24 or 2026-11-24T16:00+01:00"
        ) from None


def clock_time(moment: datetime.datetime | None) -> str:
    """Write a point in time to the second, in UTC; nothing for none."""
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S}" if moment else ""


def span(duration: datetime.timedelta | None) -> str:
    """Write a duration as ``h:mm:ss``; nothing for none, and never less than 0, as clocks may differ."""
    if duration is None:
        return ""
    minutes, seconds = divmod(max(round(duration.total_seconds()), 0), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def lasted(entry: LedgerEntry, now: datetime.datetime) -> datetime.timedelta | None:
    """Return how long a run took, or has taken until now; ``None`` if it is over and nobody knows since when."""
    end = now if entry.status == "RUNNING" else entry.ended
    return end - entry.started if end else None
