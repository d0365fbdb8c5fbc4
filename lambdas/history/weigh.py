"""How much each past run counts for the next prediction, and why one counts less."""

import datetime
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lambdas.history.entry import HistoryEntry

SPOT = "spot"
OTHER_CODE = "other code"
OLD = "old"
OUTLIER = "outlier"

# Our choices. Changed code mostly does the same work; data, prices and clusters drift over months, but the only run of
# a yearly job still says more than none.
OTHER_CODE_WEIGHT = 0.5
HALF_LIFE = datetime.timedelta(days=90)
LEAST_FOR_AGE = 0.25

# Runs are alike when their volumes and their vCPUs differ by no more than this factor; among fewer than so many peers
# nobody can tell which one is odd.
ALIKE = 1.25
MIN_PEERS = 4
_LOG_ALIKE = math.log(ALIKE)

# A modified z-score above this is an outlier (Iglewicz and Hoaglin), and a median absolute deviation so scaled is the
# standard deviation of normal data. https://www.itl.nist.gov/div898/handbook/eda/section3/eda35h.htm
MAX_Z = 3.5
_MAD_TO_DEVIATION = 1.4826

# A factor above this is not worth a word.
_MUCH = 0.75

# Log run times scatter at least so much: volumes and clusters that are alike still differ.
_LEAST_DEVIATION = 0.1


@dataclass(frozen=True)
class WeighedRun:
    """A past run, its weight from 0 to 1, and what lowers it most, in a word; ``None`` when nothing lowers it much."""

    entry: HistoryEntry
    weight: float
    reason: str | None


class _Point(NamedTuple):
    """What makes runs alike, and how long one took."""

    run: str
    work: tuple[str, str]
    log_bytes: float
    log_vcpus: float
    log_seconds: float


@dataclass(frozen=True)
class Weighing:
    """All past runs, weighed, in the order in which they were given."""

    runs: tuple[WeighedRun, ...]

    @property
    def used(self) -> list[WeighedRun]:
        """Those that count."""
        return [run for run in self.runs if run.weight > 0]

    @property
    def left_out(self) -> dict[str, int]:
        """How many do not count, by reason."""
        return dict(Counter(run.reason for run in self.runs if run.weight == 0 and run.reason))


def weigh(entries: Sequence[HistoryEntry], code: str, now: datetime.datetime) -> Weighing:
    """Weigh past runs.

    Parameters
    ----------
    entries
        The runs, of one job or of several.
    code
        The prefix of the code that is to run next, as ``code_prefix`` gives it; that of another job is never other
        code: it was compared with its own.
    now
        With a time zone.
    """
    points = [_point(entry) for entry in entries if not entry.unfit]
    return Weighing(tuple(_weigh(entry, points, code, now) for entry in entries))


def last_error(entries: Iterable[HistoryEntry]) -> float | None:
    """Return how far off the last prediction was, as a fraction of it: 0.2 when the run took a fifth longer."""
    predicted = [entry for entry in entries if entry.predicted_seconds and not entry.unfit]
    last = max(predicted, key=lambda entry: (entry.started, entry.run), default=None)
    return last.seconds / last.predicted_seconds - 1 if last and last.predicted_seconds else None


def _weigh(entry: HistoryEntry, points: Sequence[_Point], code: str, now: datetime.datetime) -> WeighedRun:
    if entry.unfit:
        return WeighedRun(entry, 0.0, entry.unfit)
    factors = {
        SPOT: 1 - min(entry.spot_lost / max(entry.nodes_requested, 1), 1.0),
        OTHER_CODE: OTHER_CODE_WEIGHT if _is_other_code(entry, code) else 1.0,
        OLD: _for_age(now - entry.started),
        OUTLIER: _for_oddness(_point(entry), points),
    }
    reason = min(factors, key=lambda name: factors[name])
    weight = math.prod(factors.values())
    return WeighedRun(entry, weight, reason if factors[reason] <= _MUCH else None)


def _is_other_code(entry: HistoryEntry, code: str) -> bool:
    return entry.code != code and code.startswith(f"jobs/{entry.job}/")


def _for_age(age: datetime.timedelta) -> float:
    return max(math.exp2(-max(age / HALF_LIFE, 0.0)), LEAST_FOR_AGE)


def _point(entry: HistoryEntry) -> _Point:
    figures = (max(entry.data_bytes, 1), entry.nodes * entry.vcpu, entry.seconds)
    return _Point(entry.run, (entry.job, entry.code), *map(math.log, figures))


def _are_alike(one: _Point, other: _Point) -> bool:
    return (
        abs(one.log_bytes - other.log_bytes) <= _LOG_ALIKE
        and abs(one.log_vcpus - other.log_vcpus) <= _LOG_ALIKE
        and one.work == other.work
    )


def _for_oddness(point: _Point, points: Sequence[_Point]) -> float:
    """Return 1 for a run that took about as long as those like it, and less the further it is off."""
    times = [other.log_seconds for other in points if _are_alike(point, other) and other.run != point.run]
    if len(times) < MIN_PEERS:
        return 1.0
    median = statistics.median(times)
    deviation = _MAD_TO_DEVIATION * statistics.median(abs(time - median) for time in times)
    z = abs(point.log_seconds - median) / max(deviation, _LEAST_DEVIATION)
    return min(MAX_Z / z, 1.0) if z else 1.0
