"""Say how a run ended that is over, from the ledger."""

from collections.abc import Mapping
from typing import Any

from lambdas.ledger.entry import LedgerEntry
from scripts.ledger.times import clock_time, span
from scripts.watching.summary import summary


def end_lines(entry: LedgerEntry, record: Mapping[str, Any] | None) -> list[str]:
    """Return how a run ended: when, why its size, where its time went, what it cost, why it failed.

    Parameters
    ----------
    entry
        A run that is over.
    record
        Its record, if it has one.
    """
    known = dict(record or {})
    after = f", after {span(entry.ended - entry.started)}" if entry.ended else ""
    lines = [f"{entry.run}: {entry.status} {clock_time(entry.ended)}{after}"]
    lines += (known.get("plan") or {}).get("receipt", [])
    lines += summary(known)
    if entry.usd is not None:
        lines.append(f"Cost: ${entry.usd:.2f}.")
    if entry.status != "SUCCEEDED":
        lines += [entry.error or "no error given", *str(known.get("cause") or entry.cause or "").splitlines()]
    return lines
