"""Entries of the ledger, as runs leave them."""

import datetime
from typing import Any

from lambdas.ledger.entry import LedgerEntry

NOW = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)
JOB = "pricing-summary"


def entry(run: str, **fields: Any) -> LedgerEntry:
    """Return a run that failed an hour ago for want of capacity, unless told otherwise."""
    given = {
        "job": JOB,
        "run": run,
        "status": "FAILED",
        "started": NOW - datetime.timedelta(hours=1),
        "failure_class": "capacity_shortage",
        "document": {},
        "usd_estimated": 1.5,
    }
    return LedgerEntry.model_validate({**given, **fields})


def replay_of(first: str, attempt: int, replayed: str | None = None, **fields: Any) -> LedgerEntry:
    """Return a replay, of the attempt before unless told otherwise."""
    before = replayed or (first if attempt == 2 else f"{first}-r{attempt - 1}")
    return entry(f"{first}-r{attempt}", **{"attempt": attempt, "origin": first, "replays": before, **fields})
