"""Traces from Spark event logs: what their tasks would have wanted on a cluster without limits."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lambdas.documents import part, text
from lambdas.sizing.layout import CORES_PER_EXECUTOR
from scripts.bench.scaling.errors import TraceError
from scripts.bench.scaling.log_files import find_logs, read_lines
from scripts.bench.scaling.replay import Application, Stage, load_of
from scripts.local.emr.load import Load, Phase

_SETTINGS = "Spark Properties"
# What matters of a log; the rest, much of it long, is not even parsed.
_EVENTS = tuple(
    f'{{"Event":"SparkListener{name}"'.encode()
    for name in ("ApplicationStart", "EnvironmentUpdate", "StageSubmitted", "StageCompleted", "TaskEnd")
)


def read_event_logs(path: Path) -> Load:
    """Read the event logs of one application, or of several, which then follow one another.

    Parameters
    ----------
    path
        A log, the folder ``eventlog_v2_...`` of one that was rolled over, or a folder of such, as a run has.

    Raises
    ------
    TraceError
        There is no log, it cannot be unpacked, or it has no task.
    """
    load: list[Phase] = []
    for files in find_logs(path):
        application = _application(line for file in files for line in read_lines(file))
        if not any(stage.tasks for stage in application.stages):
            raise TraceError(f"{files[0]} is no Spark event log, or one in which no task ended")
        load += load_of(application)
    return tuple(load)


def _application(lines: Iterable[bytes]) -> Application:
    stages: dict[tuple[int, int], Stage] = {}
    started, tasks_per_executor = 0, CORES_PER_EXECUTOR
    for event in _events(lines):
        name = event["Event"]
        if name == "SparkListenerApplicationStart":
            started = _number(event, "Timestamp")
        elif name == "SparkListenerEnvironmentUpdate":
            tasks_per_executor = _tasks_per_executor(part(event, _SETTINGS))
        elif name == "SparkListenerTaskEnd":
            info = part(event, "Task Info")
            launched, finished = _number(info, "Launch Time"), _number(info, "Finish Time")
            stage = stages.setdefault(_key(event), Stage(submitted=launched))
            stage.tasks.append(max(finished - launched, 0))
            stage.completed = max(stage.completed, finished)
        else:
            info = part(event, "Stage Info")
            stage = stages.setdefault(_key(info), Stage(_number(info, "Submission Time")))
            stage.completed = max(stage.completed, _number(info, "Completion Time"))
    return Application(started, tasks_per_executor, list(stages.values()))


def _events(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Yield the events that matter; a torn line, as a driver that was killed leaves, is skipped."""
    for line in lines:
        if line.startswith(_EVENTS):
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue


def _tasks_per_executor(settings: Mapping[str, Any]) -> int:
    """Return ``spark.executor.cores`` by ``spark.task.cpus``; a local master sets neither.

    https://spark.apache.org/docs/3.5.8/configuration.html#execution-behavior
    """
    cores = _setting(settings, "spark.executor.cores") or CORES_PER_EXECUTOR
    return max(cores // (_setting(settings, "spark.task.cpus") or 1), 1)


def _setting(settings: Mapping[str, Any], name: str) -> int:
    found = text(settings, name)
    return int(found) if found.isdecimal() else 0


def _key(document: Mapping[str, Any]) -> tuple[int, int]:
    return _number(document, "Stage ID"), _number(document, "Stage Attempt ID")


def _number(document: Mapping[str, Any], key: str) -> int:
    found = document.get(key)
    return found if type(found) is int and found >= 0 else 0
