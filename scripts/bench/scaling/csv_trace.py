"""Traces as CSV: ``seconds,running,pending`` and, if wanted, ``spot_lost``.

A row says what is wanted from its moment until that of the next; the last row only ends the trace. Running and pending
containers count alike, for both are wanted. So record on a cluster that is large enough: work that pended for long on a
small one is in such a recording twice, once pending and once running. Lines that begin with ``#`` are comments.
"""

import csv
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.scaling.errors import TraceError
from scripts.local.emr.load import Load, Phase

COLUMNS = ("seconds", "running", "pending")
OPTIONAL_COLUMN = "spot_lost"


@dataclass(frozen=True)
class _Row:
    seconds: float
    containers: int
    spot_lost: float


def read_csv(path: Path) -> Load:
    """Read a CSV file; neighbouring rows of one demand become one phase.

    Raises
    ------
    TraceError
        It is no such file; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from error
    rows = list(_rows(path, text))
    if len(rows) < 2:
        raise TraceError(f"{path} has {len(rows)} rows; a trace needs two at least, for the last one only ends it")
    return tuple(_phases(rows))


def _phases(rows: list[_Row]) -> Iterator[Phase]:
    start = rows[0]
    for row in rows[1:-1]:
        if row.containers != start.containers or row.spot_lost:
            yield Phase(row.seconds - start.seconds, start.containers, start.spot_lost)
            start = row
    yield Phase(rows[-1].seconds - start.seconds, start.containers, start.spot_lost)


def _rows(path: Path, text: str) -> Iterator[_Row]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
    places = [f"{path}, line {number}" for number, _ in lines]
    parsed = list(csv.reader(line for _, line in lines))
    header = tuple(name.strip() for name in parsed[0]) if parsed else ()
    if header not in {COLUMNS, (*COLUMNS, OPTIONAL_COLUMN)}:
        expected = ",".join(COLUMNS)
        raise TraceError(
            f"{places[0] if places else path}: expected the header {expected} or {expected},{OPTIONAL_COLUMN}, "
            f"found {','.join(header) or 'nothing'}"
        )
    rows = [_row(place, header, fields) for place, fields in zip(places[1:], parsed[1:], strict=True)]
    for place, (before, row) in zip(places[2:], itertools.pairwise(rows), strict=False):
        if row.seconds <= before.seconds:
            raise TraceError(f"{place}: seconds must rise from row to row; {row.seconds:g} follows {before.seconds:g}")
    yield from rows


def _row(place: str, header: tuple[str, ...], fields: list[str]) -> _Row:
    if len(fields) != len(header):
        raise TraceError(f"{place}: expected {len(header)} fields ({','.join(header)}), found {len(fields)}")
    numbers = {name: _number(place, name, text) for name, text in zip(header, fields, strict=True)}
    for name in ("running", "pending"):
        if not numbers[name].is_integer():
            raise TraceError(f"{place}: {name} counts containers, {numbers[name]:g} is no whole number")
    lost = numbers.get(OPTIONAL_COLUMN, 0.0)
    if lost > 1:
        raise TraceError(f"{place}: {OPTIONAL_COLUMN} is a share from 0 to 1, not {lost:g}")
    return _Row(numbers["seconds"], int(numbers["running"]) + int(numbers["pending"]), lost)


def _number(place: str, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise TraceError(f"{place}: {name} must be a number of 0 or more, not {text.strip()!r}")
    return number
