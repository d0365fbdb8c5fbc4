"""Spark event logs made of what matters of them."""

import json
from collections.abc import Sequence
from typing import Any

START_MS = 1_000_000


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"Event": f"SparkListener{event}", **fields}, separators=(",", ":")).encode() + b"\n"


def start(cores: int = 1) -> list[bytes]:
    return [
        line("ApplicationStart", **{"App ID": "application_1_0001", "Timestamp": START_MS}),
        line("EnvironmentUpdate", **{"Spark Properties": {"spark.executor.cores": str(cores)}}),
    ]


def stage(number: int, submitted_s: float, tasks: Sequence[tuple[float, float]]) -> list[bytes]:
    """Return a stage whose tasks were launched and finished so many seconds after the application's start."""
    info = {"Stage ID": number, "Stage Attempt ID": 0, "Submission Time": START_MS + round(1000 * submitted_s)}
    completed = START_MS + round(1000 * max(finished for _, finished in tasks))
    return [
        line("StageSubmitted", **{"Stage Info": info | {"Number of Tasks": len(tasks)}}),
        *(_task(number, *task) for task in tasks),
        line("StageCompleted", **{"Stage Info": info | {"Completion Time": completed}}),
    ]


def _task(number: int, launched_s: float, finished_s: float) -> bytes:
    times = {"Launch Time": START_MS + round(1000 * launched_s), "Finish Time": START_MS + round(1000 * finished_s)}
    return line("TaskEnd", **{"Stage ID": number, "Stage Attempt ID": 0, "Task Info": times})
