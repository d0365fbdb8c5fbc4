"""Spark's event logs of a run: the settings by which its cluster writes them, and reading them back.

They lie beside the run's manifest, ``s3://<log>/runs/<job>/<run>/eventlog_v2_<application>[_<attempt>]/events_<n>_...``,
which is what makes them possible: Spark refuses to start when the directory does not exist, and in S3 that is one
without objects below it. https://spark.apache.org/docs/3.5.8/configuration.html#spark-ui
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.history.metrics import STEP_SETTING, SparkMetrics, read_metrics
from lambdas.inputs.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What is read of all logs of a run together: some 100,000 tasks. One core sums up 120 MiB a second (measured); 512 MB
# of memory give record_run 0.29 of a core, so this takes it some 20 seconds of its 120.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MAX_LOG_BYTES = 512 * 2**20

# A longer line is some query's plan; what is read has none nearly so long.
MAX_LINE_BYTES = 4 * 2**20

_CHUNK_BYTES = 2**20
_DEFAULTS = "spark-defaults"
_FOLDER = "eventlog_v2_"

# Not those with the suffix of a codec: the settings below write none.
_EVENTS_FILE = re.compile(r"(eventlog_v2_[^/]+)/events_(\d+)_[^/.]+")


@dataclass(frozen=True)
class _Log:
    """The event log of one application: bucket, keys and sizes of its files in order."""

    bucket: str
    files: tuple[tuple[str, int], ...]

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)


def event_log_settings(folder: str) -> dict[str, str]:
    """Return the ``spark-defaults`` by which a cluster writes its event logs to the run's folder.

    An object of S3 appears when it is closed, so a log in one piece would be lost with a driver that is killed; rolled
    over, only its last part is. Not compressed, because no codec of Spark's is in Python's standard library.
    https://spark.apache.org/docs/3.5.8/monitoring.html#applying-compaction-on-rolling-event-log-files

    Parameters
    ----------
    folder
        The run's folder, in which its manifest already lies.
    """
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": folder,
        "spark.eventLog.compress": "false",
        "spark.eventLog.logStageExecutorMetrics": "true",
        "spark.eventLog.rolling.enabled": "true",
        "spark.eventLog.rolling.maxFileSize": "16m",
    }


def with_event_log(configurations: Sequence[Mapping[str, Any]], folder: str) -> list[dict[str, Any]]:
    """Return a cluster's ``Configurations`` with the event log's settings among its ``spark-defaults``.

    Parameters
    ----------
    configurations
        As ``RunJobFlow`` takes them; what they say of the event log is replaced.
    folder
        The run's folder.
    """
    rest = [dict(each) for each in configurations if each["Classification"] != _DEFAULTS]
    said = [each.get("Properties", {}) for each in configurations if each["Classification"] == _DEFAULTS]
    properties = {name: value for each in said for name, value in each.items()} | event_log_settings(folder)
    return [{"Classification": _DEFAULTS, "Properties": properties}, *rest]


def step_settings(step: str) -> list[str]:
    """Return the arguments of ``spark-submit`` by which an application's event log names its step."""
    return ["--conf", f"{STEP_SETTING}={step}"]


def read_applications(s3: "S3Client", folder: str, most_bytes: int = MAX_LOG_BYTES) -> list[SparkMetrics]:
    """Sum up the event logs of a run, in the order of their names.

    Parameters
    ----------
    s3
        The client; it lists and reads below the folder.
    folder
        The run's folder.
    most_bytes
        What is read at most. Short logs are read whole, what is left is shared among the long ones, and each says how
        much of it was read.
    """
    logs = _find(s3, S3Uri.parse(folder))
    found: dict[str, SparkMetrics] = {}
    for left, name in zip(range(len(logs), 0, -1), sorted(logs, key=lambda name: logs[name].bytes), strict=True):
        log = logs[name]
        share = min(log.bytes, most_bytes // left)
        most_bytes -= share
        metrics = read_metrics(_lines(_chunks(s3, log, share)))
        found[name] = metrics.model_copy(update={"read_bytes": share, "log_bytes": log.bytes})
    return [found[name] for name in sorted(found)]


def _find(s3: "S3Client", folder: S3Uri) -> dict[str, _Log]:
    files: defaultdict[str, list[tuple[int, str, int]]] = defaultdict(list)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=f"{folder.key}{_FOLDER}")
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        if named := _EVENTS_FILE.fullmatch(entry["Key"].removeprefix(folder.key)):
            files[named[1]].append((int(named[2]), entry["Key"], entry["Size"]))
    return {
        name: _Log(folder.bucket, tuple((key, size) for _, key, size in sorted(each))) for name, each in files.items()
    }


def _chunks(s3: "S3Client", log: _Log, most_bytes: int) -> Iterator[bytes]:
    """Yield the beginning of a log, file after file."""
    for key, size in log.files:
        wanted = min(size, most_bytes)
        if wanted == 0:
            continue
        most_bytes -= wanted
        answer = s3.get_object(Bucket=log.bucket, Key=key, Range=f"bytes=0-{wanted - 1}")
        yield from answer["Body"].iter_chunks(_CHUNK_BYTES)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines; of one longer than ``MAX_LINE_BYTES`` only the beginning."""
    rest = b""
    is_cut = False
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        if not is_cut:
            rest += first
        if others:
            yield rest
            yield from others[:-1]
            rest, is_cut = others[-1], False
        if len(rest) > MAX_LINE_BYTES:
            rest, is_cut = rest[:MAX_LINE_BYTES], True
    if rest:
        yield rest
