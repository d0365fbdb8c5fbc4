"""Measure how fast an input of many objects is measured, against one listing after another of the same fake S3.

S3 takes 0.2 to 0.3 s for a page of a thousand keys by those who measured it; the less is taken here, as it leaves our
own work the greater share.

https://github.com/aws/aws-sdk-cpp/issues/369
https://github.com/ClickHouse/ClickHouse/issues/65572
"""

import multiprocessing
import os
import platform
import re
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from lambdas import aws
from lambdas.inputs.frozen import open_manifest
from lambdas.inputs.listing import WORKERS
from lambdas.inputs.measure import measure_input
from lambdas.inputs.request import parse_request
from scripts.bench.fake_s3 import LAYOUTS, PREFIX, Layout, fake_s3
from scripts.bench.memory import resident_mib

KEYS = 1_000_000
LATENCY_SECONDS = 0.2

# How many times faster it should be, and the memory it may take.
GOALS: dict[Layout, float] = {"prefixes": 16.0, "flat": 8.0}
GOAL_MIB = 256

_BUCKET = "bench"


class BenchError(RuntimeError):
    """The two ways of listing did not find the same."""


@dataclass(frozen=True)
class Listed:
    """What a listing found and took: wall clock, CPU of the process, and growth of its resident memory."""

    files: int
    bytes: int
    seconds: float
    cpu_seconds: float
    memory_mib: float


def measure(keys: int = KEYS, latency: float = LATENCY_SECONDS) -> dict[str, Any]:
    """List so many keys in 64 folders and in one, in parallel and one page after the other.

    Parameters
    ----------
    keys
        Objects of each layout.
    latency
        Seconds the fake S3 takes for a page.

    Returns
    -------
    dict
        ``layouts`` has for each both ``Listed``, how many times faster ours was, and the goals.

    Raises
    ------
    BenchError
        They found different totals.
    """
    layouts: dict[str, Any] = {}
    for layout in LAYOUTS:
        with fake_s3(layout, keys, latency) as address:
            one = _in_own_process(_one_after_the_other, address)
            ours = _in_own_process(_in_parallel, address)
        if (one.files, one.bytes) != (ours.files, ours.bytes):
            raise BenchError(f"{layout}: {ours} in parallel, but {one} one after the other")
        layouts[layout] = {
            "sequential": asdict(one),
            "parallel": asdict(ours),
            "times_faster": round(one.seconds / ours.seconds, 1),
            "goal_times_faster": GOALS[layout],
            "goal_memory_mib": GOAL_MIB,
        }
    return {
        "machine": {"cpus": os.cpu_count(), "system": platform.system(), "python": platform.python_version()},
        "keys": keys,
        "latency_seconds": latency,
        "workers": WORKERS,
        "layouts": layouts,
    }


def table(measured: dict[str, Any]) -> Table:
    """Return what was measured for the terminal."""
    title = f"{measured['keys']:,} keys, {measured['latency_seconds']} s a page, {measured['workers']} workers"
    shown = Table("keys in", "one listing", "ours", "times faster", "goal", "CPU", "memory", title=title)
    for layout, found in measured["layouts"].items():
        ours = found["parallel"]
        shown.add_row(
            "64 prefixes" if layout == "prefixes" else "one prefix",
            f"{found['sequential']['seconds']:.1f} s",
            f"{ours['seconds']:.1f} s",
            f"{found['times_faster']:.1f}",
            f"{found['goal_times_faster']:.0f}",
            f"{ours['cpu_seconds']:.1f} s",
            f"{ours['memory_mib']:.0f} of {found['goal_memory_mib']} MiB",
        )
    return shown


def _in_own_process(listing: Callable[[], tuple[int, int]], address: str) -> Listed:
    # Memory once taken is not given back, so each listing has a process of its own.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_timed, listing, address).result()


def _timed(listing: Callable[[], tuple[int, int]], address: str) -> Listed:
    os.environ |= {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }
    aws.s3()
    before = resident_mib(os.getpid())
    started, cpu = time.monotonic(), time.process_time()
    files, size = listing()
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    return Listed(files, size, round(seconds, 2), round(cpu, 2), round(_peak_mib() - before, 1))


def _peak_mib() -> float:
    # On Linux ru_maxrss begins with what the parent of the process had.
    # https://man7.org/linux/man-pages/man2/getrusage.2.html
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _one_after_the_other() -> tuple[int, int]:
    files = size = 0
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=_BUCKET, Prefix=PREFIX):
        files += len(page["Contents"])
        size += sum(found["Size"] for found in page["Contents"])
    return files, size


def _in_parallel() -> tuple[int, int]:
    with open_manifest() as manifest:
        _, measured = measure_input(aws.s3(), parse_request({}, f"s3://{_BUCKET}/{PREFIX}"), manifest)
    return measured.files, measured.bytes
