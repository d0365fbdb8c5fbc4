"""What a volume needs whatever the cluster: tasks, parallelism, and room on disks."""

import math
from dataclasses import dataclass

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement

MIB = 1024 * 1024

# How Spark packs files into tasks: spark.sql.files.maxPartitionBytes and spark.sql.files.openCostInBytes.
# https://spark.apache.org/docs/3.5.8/sql-performance-tuning.html
MAX_PARTITION_BYTES = 128 * MIB
OPEN_COST_BYTES = 4 * MIB

# What is shuffled and spilled lies on disks in Spark's own compressed form, about as big as compressed input; so a job
# that shuffles all it reads once writes this many bytes per byte of text it reads. A guess until a job's runs say more.
ASSUMED_SPILL_SHARE = 0.5

# What the disks have room for beyond what past runs needed.
SPILL_HEADROOM = 1.5

# Bytes of text per byte of file. Guesses from common logs and tables; columnar files are encoded and compressed inside.
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
CONTAINER_EXPANSION = {"avro": 1.5, "parquet": 3.0, "orc": 3.0}


@dataclass(frozen=True)
class Need:
    """What a volume needs.

    Attributes
    ----------
    tasks
        Parts one pass over the input has.
    max_tasks
        How many tasks can be of use at the same time: with cores to spare Spark cuts smaller parts, down to 4 MiB; but
        no pass ends before the largest file only one task can read.
    spill_bytes
        What the workers' disks should have room for, together.
    """

    tasks: int
    max_tasks: float
    spill_bytes: int


def expansion_of(kind: Kind) -> float:
    """Return bytes of text per byte in S3."""
    return CONTAINER_EXPANSION.get(kind.format, CODEC_EXPANSION[kind.codec])


def predict_need(measured: Measurement, spill_share: float | None = None) -> Need:
    """Predict what a measured input needs.

    Files are cut and packed into parts of 128 MiB, and opening a file counts as 4 MiB of it. Files only one task can
    read are packed when they are small but never cut, so they make one task each at most.

    Parameters
    ----------
    measured
        The input.
    spill_share
        Bytes that past runs shuffled and spilled per byte of input; assumed without.
    """
    splittable = _parts(measured.bytes - measured.unsplittable_bytes, measured.files - measured.unsplittable_files)
    whole = min(measured.unsplittable_files, _parts(measured.unsplittable_bytes, measured.unsplittable_files))
    tasks = max(1, splittable + whole)
    # https://github.com/apache/spark/blob/v3.5.8/sql/core/src/main/scala/org/apache/spark/sql/execution/datasources/FilePartition.scala
    smallest = -(-(measured.bytes - measured.unsplittable_bytes) // OPEN_COST_BYTES) + measured.unsplittable_files
    longest = measured.largest_unsplittable_bytes
    if spill_share is None:
        spill = ASSUMED_SPILL_SHARE * sum(expansion_of(kind) * size for kind, size in measured.kinds)
    else:
        spill = SPILL_HEADROOM * spill_share * measured.bytes
    return Need(
        tasks=tasks,
        max_tasks=min(smallest, measured.bytes / longest) if longest else smallest,
        spill_bytes=math.ceil(spill),
    )


def _parts(size: int, files: int) -> int:
    return -(-(size + files * OPEN_COST_BYTES) // MAX_PARTITION_BYTES)
