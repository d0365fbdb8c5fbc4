"""What a volume needs: tasks, cores and memory."""

import math
from dataclasses import dataclass

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement

MIB = 1024 * 1024

# How Spark packs files into tasks: spark.sql.files.maxPartitionBytes and spark.sql.files.openCostInBytes.
# https://spark.apache.org/docs/3.5.8/sql-performance-tuning.html
MAX_PARTITION_BYTES = 128 * MIB
OPEN_COST_BYTES = 4 * MIB

# Tasks each core runs one after the other. A guess: at ASSUMED_BYTES_PER_CORE_SECOND (estimate.py) a pass over the
# input takes about as long as the cluster needs to start, so neither dominates the bill.
WAVES = 32

# The part of the data a job holds at once, in joins, sorts and caches; the rest streams through. A guess.
WORKING_SET_SHARE = 0.25

# What one executor of four cores needs to run at all without spilling every split. A guess.
MIN_MEMORY_MIB = 8 * 1024

# Bytes in memory per byte of the format, uncompressed for texts. Java objects take 2 to 5 times the raw data
# (https://spark.apache.org/docs/3.5.8/tuning.html); texts are put at the low end, columnar files, which are encoded
# and compressed inside, at the upper half. A guess until a job's own runs say better.
FORMAT_EXPANSION = {"csv": 2.0, "json": 2.0, "text": 2.0, "xml": 2.0, "avro": 3.0, "parquet": 4.0, "orc": 4.0}
UNKNOWN_EXPANSION = 3.0

# Bytes of text per compressed byte. Guesses from common logs and tables; containers have theirs in FORMAT_EXPANSION.
CODEC_EXPANSION = {
    "none": 1.0,
    "snappy": 2.5,
    "lz4": 2.5,
    "lzo": 2.5,
    "gzip": 4.0,
    "deflate": 4.0,
    "zlib": 4.0,
    "zip": 4.0,
    "bzip2": 5.0,
    "zstd": 5.0,
    "xz": 5.0,
    "brotli": 5.0,
}

_CONTAINERS = frozenset({"avro", "parquet", "orc"})


@dataclass(frozen=True)
class Need:
    """What a volume needs.

    Attributes
    ----------
    tasks
        Parts one pass over the input has.
    cores
        Cores that run these tasks in ``WAVES`` waves.
    memory_mib
        Memory for executors in all, heap and overhead.
    expanded_bytes
        The data in memory, were all of it there at once.
    """

    tasks: int
    cores: int
    memory_mib: int
    expanded_bytes: int


def expansion_of(kind: Kind) -> float:
    """Return bytes in memory per byte in S3."""
    codec = 1.0 if kind.format in _CONTAINERS else CODEC_EXPANSION[kind.codec]
    return FORMAT_EXPANSION.get(kind.format, UNKNOWN_EXPANSION) * codec


def predict_need(measured: Measurement) -> Need:
    """Predict what a measured input needs.

    Files are cut and packed into parts of 128 MiB, and opening a file counts as 4 MiB of it. Files only one task can
    read are packed when they are small but never cut, so they make one task each at most.
    """
    splittable = _parts(measured.bytes - measured.unsplittable_bytes, measured.files - measured.unsplittable_files)
    whole = min(measured.unsplittable_files, _parts(measured.unsplittable_bytes, measured.unsplittable_files))
    tasks = max(1, splittable + whole)
    expanded = math.ceil(sum(expansion_of(kind) * size for kind, size in measured.kinds))
    return Need(
        tasks=tasks,
        cores=math.ceil(tasks / WAVES),
        memory_mib=max(MIN_MEMORY_MIB, math.ceil(expanded * WORKING_SET_SHARE / MIB)),
        expanded_bytes=expanded,
    )


def _parts(size: int, files: int) -> int:
    return -(-(size + files * OPEN_COST_BYTES) // MAX_PARTITION_BYTES)
