"""Measure the local cloud: trigger, overhead over plain spark-submit, in-process executions, memory."""

import io
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from lambdas import aws
from lambdas.specs import SPECS
from scripts import deployment
from scripts.bench.memory import MemoryWatch
from scripts.demo import data
from scripts.demo.run import FILES_PER_TABLE, JOB, Demo
from scripts.local.cloud import DEFAULT_SCALE, STAGE, local_cloud
from scripts.local.in_process import DATA_BUCKET, in_process_cloud
from scripts.local.spark.java import java_home
from scripts.rendering.paths import BUILD

TRIGGERS = 5
EXECUTIONS = 30
POLL_SECONDS = 0.02
GIVE_UP_SECONDS = 60.0


class BenchError(RuntimeError):
    """What was to be measured did not work."""


def measure(scale: float, rounds: int) -> dict[str, Any]:
    """Measure everything.

    Parameters
    ----------
    scale
        TPC-H scale factor of the timed job.
    rounds
        How often the job is timed, by hand and on the local cloud in turn; overhead is between the medians.

    Returns
    -------
    dict
        Seconds, MiB and executions per second.
    """
    folder = BUILD / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    files = data.generate(BUILD / "data", scale, FILES_PER_TABLE)
    by_hand, ours = [], []
    for number in range(rounds):
        by_hand.append(_by_hand(files[0].parents[1], folder / f"by-hand-{number}"))
        ours.append(_on_local_cloud(files, folder / f"cloud-{number}"))
    plain = statistics.median(sum(steps.values()) for steps in by_hand)
    whole = statistics.median(run.seconds for run in ours)
    return {
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "scale": scale,
        "speed": DEFAULT_SCALE,
        "rounds": rounds,
        "trigger_seconds": _summary([seconds for run in ours for seconds in run.triggers]),
        "spark_submit_by_hand": by_hand,
        "local_cloud": [{"seconds": run.seconds, **run.steps} for run in ours],
        "overhead_seconds": round(whole - plain, 2),
        "overhead_percent": round(100 * (whole / plain - 1), 1),
        "in_process_executions_per_second": _executions_per_second(),
        "local_cloud_memory_mib": {
            "at_start": round(max(run.memory.first for run in ours)),
            "peak": round(max(run.memory.peak for run in ours)),
        },
    }


def _summary(values: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 3), "max": round(max(values), 3)}


@dataclass(frozen=True)
class _Run:
    """One run on the local cloud: seconds from the marker's upload to the cluster's end, and of each step."""

    seconds: float
    steps: dict[str, float]
    triggers: list[float]
    memory: MemoryWatch


def _on_local_cloud(files: list[Path], folder: Path) -> _Run:
    seen = Demo()
    with local_cloud(folder, DEFAULT_SCALE) as cloud:
        cloud.use()
        with MemoryWatch(cloud.pid) as memory:
            seen.run(cloud, files, Console(file=io.StringIO()))
        triggers = [_trigger(number) for number in range(TRIGGERS)]
    if seen.follower is None or seen.follower.execution["status"] != "SUCCEEDED":
        raise BenchError(f"the run on the local cloud did not succeed; see {cloud.log}")
    steps = {step["Name"]: _seconds(step["Status"]["Timeline"]) for step in seen.follower.steps}
    return _Run(round(seen.seconds["trigger"] + seen.seconds["run"], 2), steps, triggers, memory)


def _seconds(timeline: dict[str, Any]) -> float:
    seconds: float = (timeline["EndDateTime"] - timeline["StartDateTime"]).total_seconds()
    return round(seconds, 2)


def _by_hand(source: Path, folder: Path) -> dict[str, float]:
    """Run the job's two scripts with spark-submit on local files, as one would without any cloud."""
    code = SPECS / "jobs" / JOB
    clean, results = folder / "clean", folder / "results"
    return {
        "clean": _spark_submit(code / "clean.py", source, clean),
        "summarise": _spark_submit(code / "summarise.py", clean, results),
    }


def _spark_submit(script: Path, source: Path, target: Path) -> float:
    command = [str(Path(sys.executable).parent / "spark-submit"), "--master", "local[*]", str(script)]
    command += ["--input", f"{source.as_uri()}/", "--output", f"{target.as_uri()}/"]
    environment = {**os.environ, "JAVA_HOME": str(java_home()), "PYSPARK_PYTHON": sys.executable}
    started = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"spark-submit {script.name} failed:\n" + "\n".join(done.stderr.splitlines()[-15:]))
    return round(time.monotonic() - started, 2)


def _trigger(number: int) -> float:
    """Upload a marker beside some data; return seconds until its execution's start, and stop it there."""
    deployed = deployment.find(STAGE)
    machine = deployed.machine_arn(JOB)
    sfn = aws.stepfunctions()
    before = {run["executionArn"] for run in sfn.list_executions(stateMachineArn=machine)["executions"]}
    folder = f"landing/tpch/marked-{number}/"
    aws.s3().put_object(Bucket=deployed.data_bucket, Key=f"{folder}part-0.csv", Body=b"1,2\n")
    uploaded = time.time()
    aws.s3().put_object(Bucket=deployed.data_bucket, Key=f"{folder}{data.MARKER}", Body=b"")
    while time.time() < uploaded + GIVE_UP_SECONDS:
        for run in sfn.list_executions(stateMachineArn=machine)["executions"]:
            if run["executionArn"] not in before:
                sfn.stop_execution(executionArn=run["executionArn"])
                return max(0.0, run["startDate"].timestamp() - uploaded)
        time.sleep(POLL_SECONDS)
    raise BenchError(f"the marker object started no execution within {GIVE_UP_SECONDS:.0f} s")


def _executions_per_second() -> float:
    with in_process_cloud(JOB) as cloud:
        aws.s3().put_object(Bucket=DATA_BUCKET, Key="landing/tpch/lineitem/lineitem.1.csv", Body=b"1,2\n")
        started = time.monotonic()
        for _ in range(EXECUTIONS):
            ended = cloud.execute()
            if ended.status != "SUCCEEDED":
                raise BenchError(f"an execution in process failed: {ended.error}: {ended.cause}")
        return round(EXECUTIONS / (time.monotonic() - started), 2)
