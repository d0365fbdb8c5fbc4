"""Read the logs of what failed: the last part of each file that may say why, as far as they have arrived in S3."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from lambdas.inputs.uri import S3Uri
from lambdas.logs.layout import (
    STEP_FILES,
    application_in,
    bootstrap_folder,
    cluster_logs,
    container_folder,
    is_driver,
    step_folder,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What is kept of each file. A stack trace with all its causes has its end within this.
TAIL_BYTES = 64 * 1024
_CHUNK_BYTES = 256 * 1024

# Compressed logs cannot be read from their end; a larger one is left to the reader of the full log.
MAX_OBJECT_BYTES = 128 * 1024 * 1024

# Files of executors: the last ones to be written are those of the executors that were there when the run failed.
MAX_EXECUTOR_FILES = 4
MAX_BOOTSTRAP_FILES = 4


@dataclass(frozen=True)
class LogFile:
    """One file: its address, and its last part as text."""

    address: str
    tail: str


@dataclass(frozen=True)
class Logs:
    """The logs that say why something failed, the most telling file last.

    Attributes
    ----------
    has_arrived
        False while EMR has not yet shipped what is to be expected.
    """

    files: tuple[LogFile, ...] = ()
    has_arrived: bool = True

    @property
    def text(self) -> str:
        """All tails in one text."""
        return "\n".join(file.tail for file in self.files)


def read_step_logs(s3: "S3Client", log_uri: str, cluster_id: str, step_id: str) -> Logs:
    """Read the logs of a step: of spark-submit itself, and in cluster mode of the driver and some executors.

    In cluster mode a Python driver's traceback is in the container's stdout, everything else in stderr.

    Parameters
    ----------
    s3
        The client; it lists and reads below the log address.
    log_uri
        ``LogUri`` of the cluster.
    cluster_id, step_id
        Which step.
    """
    folder = cluster_logs(log_uri, cluster_id)
    if folder is None:
        return Logs()
    found = _list(s3, step_folder(folder, step_id))
    step = [file for name in STEP_FILES for file in _read_ending(s3, found, name) if file.tail]
    application = application_in("\n".join(file.tail for file in step))
    containers = _containers(s3, container_folder(folder, application)) if application else []
    has_arrived = any(key.endswith(STEP_FILES[0]) for key, _ in found.entries) and bool(containers or not application)
    return Logs((*step[::-1], *containers), has_arrived)


def read_bootstrap_logs(s3: "S3Client", log_uri: str, cluster_id: str) -> Logs:
    """Read what the bootstrap actions of a cluster's nodes wrote."""
    folder = cluster_logs(log_uri, cluster_id)
    if folder is None:
        return Logs()
    listing = _list(s3, bootstrap_folder(folder))
    found = _Listing(listing.bucket, [entry for entry in listing.entries if "/bootstrap-actions/" in entry[0]])
    files = [file for name in ("stdout.gz", "stderr.gz") for file in _read_ending(s3, found, name)]
    return Logs(tuple(file for file in files if file.tail)[-MAX_BOOTSTRAP_FILES:], bool(files))


def _containers(s3: "S3Client", folder: S3Uri) -> list[LogFile]:
    listing = _list(s3, folder)
    newest = _Listing(listing.bucket, [entry for entry in listing.entries if not is_driver(entry[0])])
    executors = _read_ending(s3, newest, "stderr.gz", MAX_EXECUTOR_FILES)
    drivers = _Listing(listing.bucket, [entry for entry in listing.entries if is_driver(entry[0])])
    driver = [file for name in ("stderr.gz", "stdout.gz") for file in _read_ending(s3, drivers, name)]
    return [file for file in (*executors, *driver) if file.tail]


@dataclass(frozen=True)
class _Listing:
    bucket: str
    entries: list[tuple[str, int]]


def _list(s3: "S3Client", folder: S3Uri) -> _Listing:
    """List a folder's objects with their sizes, oldest first."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=folder.bucket, Prefix=folder.key)
    objects = [found for page in pages for found in page.get("Contents", [])]
    objects.sort(key=lambda found: (found["LastModified"], found["Key"]))
    return _Listing(folder.bucket, [(found["Key"], found["Size"]) for found in objects])


def _read_ending(s3: "S3Client", listing: _Listing, name: str, most: int | None = None) -> list[LogFile]:
    keys = [key for key, size in listing.entries if key.endswith(f"/{name}") and size <= MAX_OBJECT_BYTES]
    return [_read(s3, S3Uri(listing.bucket, key)) for key in (keys if most is None else keys[-most:])]


def _read(s3: "S3Client", uri: S3Uri) -> LogFile:
    body = s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
    tail = b""
    for chunk in _decompressed(cast("IO[bytes]", body)):
        tail = (tail + chunk)[-TAIL_BYTES:]
    return LogFile(str(uri), tail.decode("utf-8", "replace").strip())


def _decompressed(body: IO[bytes]) -> Iterator[bytes]:
    """Yield a log piece by piece; of one that was cut off, as a killed node leaves it, all that can be read."""
    with gzip.GzipFile(fileobj=body) as stream:
        while True:
            try:
                chunk = stream.read1(_CHUNK_BYTES)
            except (EOFError, gzip.BadGzipFile, zlib.error):
                return
            if not chunk:
                return
            yield chunk
