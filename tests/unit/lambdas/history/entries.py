"""Entries of past runs."""

import datetime
from typing import Any

from lambdas.history.entry import HistoryEntry

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
CODE = "jobs/count/0123456789ab/"


def an_entry(run: str = "run-1", age_days: float = 0.0, **changes: Any) -> HistoryEntry:
    """Return a run of eight nodes over 100 GB that took 1,000 seconds."""
    values = {
        "job": "count",
        "run": run,
        "job_class": "scan",
        "started": NOW - datetime.timedelta(days=age_days),
        "data_bytes": 100 * 10**9,
        "instance_type": "m7g.2xlarge",
        "nodes": 8.0,
        "nodes_requested": 8,
        "vcpu": 8.0,
        "memory_gib": 32.0,
        "ebs_mbps": 312.5,
        "seconds": 1_000.0,
        "code": CODE,
        "usd": 1.5,
    }
    return HistoryEntry.model_validate({**values, **changes})
