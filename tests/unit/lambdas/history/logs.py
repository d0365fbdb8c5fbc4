"""Event logs in the words of Spark's, made of what matters of them."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

MIB = 2**20


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"Event": event, **fields}, separators=(",", ":")).encode() + b"\n"


def start(application: str = "application_1_0001", **fields: Any) -> bytes:
    about = {"App Name": "count", "App ID": application, "Timestamp": 1_000, **fields}
    return line("SparkListenerApplicationStart", **about)


def environment(step: str) -> bytes:
    return line("SparkListenerEnvironmentUpdate", **{"Spark Properties": {"spark.slowlambda.step": step}})


def end(milliseconds: int = 61_000) -> bytes:
    return line("SparkListenerApplicationEnd", Timestamp=milliseconds)


def task(run_ms: int = 100, stage: int = 0, *, failed: bool = False, heap: int = 0, **metrics: int) -> bytes:
    """Return the end of a task; other figures by name, such as ``input=5``."""
    of = {name: metrics.get(name, 0) for name in ("input", "records", "output", "remote", "local", "written")}
    return line(
        "SparkListenerTaskEnd",
        **{
            "Stage ID": stage,
            "Stage Attempt ID": 0,
            "Task Info": {"Launch Time": 2_000, "Finish Time": metrics.get("finish", 2_000 + run_ms), "Failed": failed},
            "Task Executor Metrics": {"JVMHeapMemory": heap},
            "Task Metrics": {
                "Executor Run Time": run_ms,
                "Executor CPU Time": metrics.get("cpu", 0),
                "JVM GC Time": metrics.get("gc", 0),
                "Peak Execution Memory": metrics.get("peak", 0),
                "Memory Bytes Spilled": metrics.get("memory_spilled", 0),
                "Disk Bytes Spilled": metrics.get("disk_spilled", 0),
                "Shuffle Read Metrics": {"Remote Bytes Read": of["remote"], "Local Bytes Read": of["local"]},
                "Shuffle Write Metrics": {"Shuffle Bytes Written": of["written"]},
                "Input Metrics": {"Bytes Read": of["input"], "Records Read": of["records"]},
                "Output Metrics": {"Bytes Written": of["output"]},
            },
        },
    )


def stage_end(stage: int = 0) -> bytes:
    return line("SparkListenerStageCompleted", **{"Stage Info": {"Stage ID": stage, "Stage Attempt ID": 0}})


def log(tasks: Iterable[bytes], application: str = "application_1_0001", step: str = "count") -> bytes:
    """Return a whole log of one stage."""
    lines: Sequence[bytes] = [start(application), environment(step), *tasks, stage_end(), end()]
    return b"".join(lines)
