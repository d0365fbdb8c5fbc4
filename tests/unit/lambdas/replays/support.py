"""Jobs and entries of the ledger for tests of replays."""

import datetime
from collections.abc import Mapping
from typing import Any

from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.specs.job import Job

STARTED = datetime.datetime(2026, 11, 26, 3, 0, tzinfo=datetime.UTC)


def a_job(needs: Mapping[str, list[str] | None], submission: str | None = None, **steps: dict[str, Any]) -> Job:
    """Return a job with a step for each name, in order, which needs those; ``steps`` has more of one by its name."""
    return Job.model_validate(
        {
            "name": "count",
            "description": "Counts.",
            "cluster": "spark",
            "input": "s3://${data_bucket}/in/",
            "submission": submission,
            "limits": {"max_nodes": 10},
            "steps": [
                {
                    "name": name,
                    "script": "count.py",
                    "timeout": "1h",
                    "needs": needed,
                    "output": f"s3://${{data_bucket}}/out/<< run_id >>/{name}/",
                    **steps.get(name, {}),
                }
                for name, needed in needs.items()
            ],
        }
    )


def completed(name: str, **changes: Any) -> LedgerStep:
    """Return a step that is proven to be complete."""
    fields = {
        "name": name,
        "state": "COMPLETED",
        "outputs": (f"s3://the-data/out/run-1/{name}/",),
        "manifest": f"s3://the-logs/runs/count/run-1/outputs/{name}.json",
        "version": "1" * 64,
        "run": "run-1",
    }
    return LedgerStep.model_validate({**fields, **changes})


def an_entry(*steps: LedgerStep, **changes: Any) -> LedgerEntry:
    """Return the entry of a run that failed."""
    fields = {
        "job": "count",
        "run": "run-1",
        "status": "FAILED",
        "started": STARTED,
        "document": {},
        "version": "2" * 64,
        "manifest": "s3://the-logs/runs/count/run-1/manifest.json",
        "steps": steps,
    }
    return LedgerEntry.model_validate({**fields, **changes})
