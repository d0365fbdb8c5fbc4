"""The files of Spark's event logs on disk, rolled over or not, packed or not.

https://spark.apache.org/docs/3.5.8/monitoring.html#applying-compaction-on-rolling-event-log-files
"""

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripts.bench.scaling.errors import TraceError

_PART = re.compile(r"events_(\d+)_.+")
# The codecs of spark.eventLog.compression.codec; Spark's own streams of the others are no files their tools can read.
# https://spark.apache.org/docs/3.5.8/configuration.html#spark-ui
_ZSTD = (".zstd", ".zst")
_UNREADABLE = (".lz4", ".lzf", ".snappy")


def find_logs(path: Path) -> Sequence[Sequence[Path]]:
    """Return the files of each log at a path, in order.

    Parameters
    ----------
    path
        A file; the folder of a log that was rolled over; or a folder of such folders.

    Raises
    ------
    TraceError
        There is none.
    """
    if path.is_file():
        return [[path]]
    if parts := _parts(path):
        return [parts]
    logs = [parts for folder in sorted(path.glob("eventlog_v2_*")) if (parts := _parts(folder))]
    if not logs:
        raise TraceError(f"{path} has no event log: neither files events_<n>_... nor folders eventlog_v2_... with such")
    return logs


def _parts(folder: Path) -> list[Path]:
    numbered = [(int(match[1]), file) for file in folder.iterdir() if (match := _PART.fullmatch(file.name))]
    return [file for _, file in sorted(numbered)]


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of one file, unpacked.

    Raises
    ------
    TraceError
        It is packed in a way that cannot be read, or is damaged.
    """
    if path.suffix in _UNREADABLE:
        raise TraceError(
            f"{path} is packed with {path.suffix[1:]}, which only Spark reads; "
            "write logs with spark.eventLog.compress=false, or with spark.eventLog.compression.codec=zstd"
        )
    with _open(path) as file:
        try:
            yield from file
        except (OSError, EOFError) as error:
            raise TraceError(f"{path} cannot be read: {error}") from error


@contextmanager
def _open(path: Path) -> Iterator[Iterable[bytes]]:
    if path.suffix in _ZSTD:
        with _unpacked(path) as file:
            yield file
    else:
        with gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file


@contextmanager
def _unpacked(path: Path) -> Iterator[Iterable[bytes]]:
    """Read through the program ``zstd``: Python's standard library has no such codec before 3.14."""
    program = shutil.which("zstd")
    if program is None:
        raise TraceError(f"{path} is packed with zstd: install the program zstd, or unpack it")
    with subprocess.Popen([program, "-dc", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        stdout, stderr = process.stdout, process.stderr
        if stdout is None or stderr is None:
            raise TraceError(f"{path}: zstd has no output")
        yield stdout
        problem = stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise TraceError(f"{path} cannot be unpacked: {problem}")
