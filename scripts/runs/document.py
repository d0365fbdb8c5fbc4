"""Runs as JSON."""

import datetime
from collections.abc import Sequence
from typing import Any

from lambdas.ledger.entry import LedgerEntry
from scripts.ledger.read import Found, input_of
from scripts.ledger.times import lasted
from scripts.runs.details import Details


def list_document(stage: str, found: Sequence[Found], torn: Sequence[str], now: datetime.datetime) -> dict[str, Any]:
    """Return a list of runs; ``torn`` has the sentences about entries that cannot be read."""
    return {
        "stage": stage,
        "count": len(found),
        "runs": [_run(each, now) for each in found],
        "unreadable": list(torn),
    }


def details_document(details: Details) -> dict[str, Any]:
    """Return all that is known of a run."""
    record = details.record or {}
    return {
        **entry_document(details.found.entry),
        "ledger": details.found.flaw.sentence if details.found.flaw else None,
        "plan": details.plan,
        "receipt": details.receipt,
        "states": details.states,
        "diagnosis": record.get("diagnosis"),
        "cost": record.get("cost"),
        "phases": record.get("phases"),
        "replay": details.replay,
        "problems": details.problems,
    }


def entry_document(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry of the ledger."""
    return entry.model_dump(mode="json", by_alias=True)


def _run(found: Found, now: datetime.datetime) -> dict[str, Any]:
    entry = found.entry
    duration = lasted(entry, now)
    return {
        "run": entry.run,
        "job": entry.job,
        "status": entry.status,
        "started": entry.started.isoformat(),
        "ended": entry.ended.isoformat() if entry.ended else None,
        "duration_seconds": round(duration.total_seconds(), 3) if duration is not None else None,
        "attempt": entry.attempt,
        "replays": entry.replays,
        "replayed_by": list(entry.replayed_by),
        "trigger": entry.trigger,
        "usd": entry.usd,
        "class": entry.failure_class,
        "error": entry.error,
        "input": input_of(entry) or None,
        "execution": entry.execution,
        "ledger": found.flaw.word if found.flaw else None,
    }
