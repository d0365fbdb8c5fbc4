"""What an application did, from the lines of its event log; one pass, and memory that does not grow with the log.

Nothing in a log can make this fail: a line that is torn or no event is counted and skipped, and a value that is no
sensible number counts as none. The fields are those of Spark's JsonProtocol:
https://github.com/apache/spark/blob/v3.5.8/core/src/main/scala/org/apache/spark/util/JsonProtocol.scala
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from lambdas.documents import part, text
from lambdas.history.skew import Skew

STEP_SETTING = "spark.slowlambda.step"
"""The Spark setting that says which step of the job an application is; Spark passes on what it does not know."""

_EVENT = re.compile(rb'\s*\{\s*"Event"\s*:\s*"([^"]+)"')
_DRIVER = "driver"
_LARGEST = 2**63
_LONGEST_TEXT = 200

# What the driver asked to end, as when dynamic allocation finds an executor idle, is not lost.
# https://github.com/apache/spark/blob/v3.5.8/resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/YarnAllocator.scala
_ENDED_ON_PURPOSE = re.compile(r"killed by driver|explicit termination request", re.IGNORECASE)


class SparkTotals(BaseModel):
    """What Spark's tasks did and needed; times of tasks are sums over all of them.

    Attributes
    ----------
    shuffle_read_bytes
        From other nodes and from the task's own.
    memory_spilled_bytes, disk_spilled_bytes
        What was spilled, as it was in memory and as it was written.
    peak_execution_memory_bytes
        Of the task that used most.
    peak_heap_bytes
        The JVM heap of the executor that used most; 0 when Spark did not look.
    failed_tasks
        Among ``tasks``; what they used is in the sums, as it was used.
    skew
        Of the stage whose tasks took longest together: its slowest task over the median one.
    executors_lost
        Those that ended without the driver asking for it, as on a spot node that EC2 took back.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    input_bytes: int = 0
    input_records: int = 0
    output_bytes: int = 0
    shuffle_read_bytes: int = 0
    shuffle_write_bytes: int = 0
    memory_spilled_bytes: int = 0
    disk_spilled_bytes: int = 0
    peak_execution_memory_bytes: int = 0
    peak_heap_bytes: int = 0
    executor_run_seconds: float = 0.0
    executor_cpu_seconds: float = 0.0
    gc_seconds: float = 0.0
    tasks: int = 0
    failed_tasks: int = 0
    skew: float | None = None
    executors_added: int = 0
    executors_lost: int = 0


class SparkMetrics(SparkTotals):
    """One application: which it was, what it did, and how much of its log that is known from.

    Attributes
    ----------
    step
        The step of the job; ``None`` when the application was not started with ``STEP_SETTING``.
    seconds
        From the application's start to its end, or to the last task known of when the log does not reach the end.
    finished
        Whether the log reaches the application's end.
    unreadable_lines
        Torn or no events.
    read_bytes, log_bytes
        How much of the log was read, and how long it is; the sums are of what was read.
    """

    application: str | None = None
    attempt: str | None = None
    name: str | None = None
    step: str | None = None
    seconds: float = 0.0
    finished: bool = False
    unreadable_lines: int = 0
    read_bytes: int = 0
    log_bytes: int = 0


def read_metrics(lines: Iterable[bytes]) -> SparkMetrics:
    """Sum up an event log.

    Parameters
    ----------
    lines
        Of one application, in order, with or without their ends.
    """
    tally = _Tally()
    for line in lines:
        tally.take(line)
    return tally.metrics()


def total(applications: Iterable[SparkTotals]) -> SparkTotals:
    """Sum up the applications of a run; a peak is the highest of theirs, the skew that of the one with most work."""
    found = list(applications)
    heaviest = max(found, key=lambda one: one.executor_run_seconds, default=SparkTotals())
    peaks = ("peak_execution_memory_bytes", "peak_heap_bytes")
    sums = [name for name in SparkTotals.model_fields if name not in (*peaks, "skew")]
    values: dict[str, Any] = {name: sum(getattr(one, name) for one in found) for name in sums}
    values |= {name: max((getattr(one, name) for one in found), default=0) for name in peaks}
    return SparkTotals(**values, skew=heaviest.skew)


class _Tally:
    """The sums so far."""

    def __init__(self) -> None:
        self._sums: dict[str, int] = {}
        self._about: dict[str, str | None] = {}
        self._skew = Skew()
        self._started: int | None = None
        self._latest = 0
        self._finished = False
        self._unreadable = 0
        self._takers: Mapping[bytes, Callable[[Mapping[str, Any]], None]] = {
            b"SparkListenerApplicationStart": self._application_start,
            b"SparkListenerApplicationEnd": self._application_end,
            b"SparkListenerEnvironmentUpdate": self._environment,
            b"SparkListenerExecutorAdded": self._executor_added,
            b"SparkListenerExecutorRemoved": self._executor_removed,
            b"SparkListenerStageCompleted": self._stage_completed,
            b"SparkListenerStageExecutorMetrics": self._stage_executor_metrics,
            b"SparkListenerTaskEnd": self._task_end,
        }

    def take(self, line: bytes) -> None:
        event = _EVENT.match(line)
        if event is None:
            self._unreadable += bool(line.strip())
            return
        taker = self._takers.get(event[1])
        if taker is None:
            return
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            self._unreadable += 1
            return
        taker(document)

    def metrics(self) -> SparkMetrics:
        sums = dict(self._sums)
        milliseconds = self._latest - self._started if self._started is not None else 0
        return SparkMetrics(
            **{name: sums.pop(name) for name in list(sums) if name in SparkTotals.model_fields},
            **self._about,
            executor_run_seconds=sums.get("run_ms", 0) / 1e3,
            executor_cpu_seconds=sums.get("cpu_ns", 0) / 1e9,
            gc_seconds=sums.get("gc_ms", 0) / 1e3,
            skew=self._skew.of_heaviest(),
            seconds=max(milliseconds, 0) / 1e3,
            finished=self._finished,
            unreadable_lines=self._unreadable,
        )

    def _add(self, name: str, value: int) -> None:
        self._sums[name] = self._sums.get(name, 0) + value

    def _peak(self, name: str, value: int) -> None:
        self._sums[name] = max(self._sums.get(name, 0), value)

    def _application_start(self, event: Mapping[str, Any]) -> None:
        self._started = _number(event, "Timestamp")
        self._about["application"] = _text(event, "App ID")
        self._about["attempt"] = _text(event, "App Attempt ID")
        self._about["name"] = _text(event, "App Name")

    def _application_end(self, event: Mapping[str, Any]) -> None:
        self._latest = max(self._latest, _number(event, "Timestamp"))
        self._finished = True

    def _environment(self, event: Mapping[str, Any]) -> None:
        self._about["step"] = _text(part(event, "Spark Properties"), STEP_SETTING)

    def _executor_added(self, event: Mapping[str, Any]) -> None:
        self._add("executors_added", text(event, "Executor ID") != _DRIVER)

    def _executor_removed(self, event: Mapping[str, Any]) -> None:
        self._add("executors_lost", _ENDED_ON_PURPOSE.search(text(event, "Removed Reason")) is None)

    def _stage_completed(self, event: Mapping[str, Any]) -> None:
        self._skew.settle(_stage(part(event, "Stage Info")))

    def _stage_executor_metrics(self, event: Mapping[str, Any]) -> None:
        if text(event, "Executor ID") != _DRIVER:
            self._peak("peak_heap_bytes", _number(part(event, "Executor Metrics"), "JVMHeapMemory"))

    def _task_end(self, event: Mapping[str, Any]) -> None:
        info, metrics = part(event, "Task Info"), part(event, "Task Metrics")
        shuffled = part(metrics, "Shuffle Read Metrics")
        run_ms = _number(metrics, "Executor Run Time")
        self._add("tasks", 1)
        self._add("failed_tasks", info.get("Failed") is True)
        self._add("run_ms", run_ms)
        self._add("cpu_ns", _number(metrics, "Executor CPU Time"))
        self._add("gc_ms", _number(metrics, "JVM GC Time"))
        self._add("memory_spilled_bytes", _number(metrics, "Memory Bytes Spilled"))
        self._add("disk_spilled_bytes", _number(metrics, "Disk Bytes Spilled"))
        self._add("input_bytes", _number(part(metrics, "Input Metrics"), "Bytes Read"))
        self._add("input_records", _number(part(metrics, "Input Metrics"), "Records Read"))
        self._add("output_bytes", _number(part(metrics, "Output Metrics"), "Bytes Written"))
        self._add("shuffle_read_bytes", _number(shuffled, "Remote Bytes Read") + _number(shuffled, "Local Bytes Read"))
        self._add("shuffle_write_bytes", _number(part(metrics, "Shuffle Write Metrics"), "Shuffle Bytes Written"))
        self._peak("peak_execution_memory_bytes", _number(metrics, "Peak Execution Memory"))
        self._peak("peak_heap_bytes", _number(part(event, "Task Executor Metrics"), "JVMHeapMemory"))
        self._skew.add(_stage(event), run_ms)
        self._latest = max(self._latest, _number(info, "Finish Time"))


def _stage(document: Mapping[str, Any]) -> tuple[int, int]:
    return _number(document, "Stage ID"), _number(document, "Stage Attempt ID")


def _number(document: Mapping[str, Any], key: str) -> int:
    found = document.get(key)
    return found if type(found) is int and 0 <= found < _LARGEST else 0


def _text(document: Mapping[str, Any], key: str) -> str | None:
    """Return a text that can be written as UTF-8, which half a surrogate pair cannot."""
    return text(document, key)[:_LONGEST_TEXT].encode("utf-8", "replace").decode() or None
