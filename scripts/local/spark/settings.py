"""The Spark of this environment, and the settings and environment a local `spark-submit` gets."""

import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.local.spark.command import is_cluster_setting

_VIEWFS = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
_MIRROR_SCHEME = "mirror"
_SCHEMES = ("s3", "s3a", "s3n")
_MOUNTABLE = re.compile(r"[a-z0-9][a-z0-9-]*")
_MIB = 2**20

SHUFFLE_PARTITIONS = 4
"""Enough for what one machine holds; Spark's own 200 cost seconds per shuffle of small data."""

SMALL_BYTES = 64 * _MIB
"""Up to here a step ends before the JVM's second compiler pays off.

Measured once on 2 cores, without it: six steps over 10 MB of TPC-H took 42 % less CPU time together; four over 100 MB
took 16 % less, but one of them 13 % more.
"""

_FIRST_COMPILER_ONLY = "-XX:TieredStopAtLevel=1"

_SIZED_TO_THE_CLUSTER = frozenset({"spark.default.parallelism", "spark.sql.shuffle.partitions"})
_KEPT_ENVIRONMENT = ("PATH", "HOME", "USER", "LOGNAME", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy")


class SparkNotFoundError(RuntimeError):
    """PySpark is not installed; the message says how to get it."""


def spark_home() -> Path:
    """Find the Spark that came with the installed `pyspark` package.

    Raises
    ------
    SparkNotFoundError
        If there is no such package.
    """
    spec = importlib.util.find_spec("pyspark")
    if not spec or not spec.origin:
        raise SparkNotFoundError("PySpark is not installed: run `pip install 'slow-lambda[local]'`.")
    return Path(spec.origin).parent


def spark_version() -> str:
    """Give the version of the installed Spark, such as `3.5.8`; a release label must ship the same.

    Raises
    ------
    SparkNotFoundError
        If PySpark is not installed.
    """
    spark_home()
    return importlib.metadata.version("pyspark")


def driver_memory_mib(concurrent_steps: int) -> int:
    """Memory for one step's JVM heap in MiB: 4 GiB at most, all steps together at most half of the machine's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MIB
    return max(1024, min(4096, machine // 2 // concurrent_steps))


def compiler_options(stored_bytes: int) -> str:
    """Give the JVM options of a step that can read no more than so many bytes; none where the compiler pays off."""
    return _FIRST_COMPILER_ONLY if stored_bytes <= SMALL_BYTES else ""


def is_mountable(bucket: str) -> bool:
    """Tell whether Spark can see a bucket as `s3://bucket/`.

    A dot in a mount table's name would mix it up with the table of another bucket, and Java takes names with
    an underscore (which S3 allows no more) for no host at all.
    """
    return _MOUNTABLE.fullmatch(bucket) is not None


def cluster_defaults(configurations: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Pick from a cluster's `Configurations` the `spark-defaults` that hold on one machine too."""
    return {
        str(name): str(value)
        for each in configurations
        if each.get("Classification") == "spark-defaults"
        for name, value in (each.get("Properties") or {}).items()
        if not is_cluster_setting(name) and name not in _SIZED_TO_THE_CLUSTER
    }


def defaults(events: Path) -> dict[str, str]:
    """Give the settings that a cluster's or a job's own replace.

    Parameters
    ----------
    events
        Folder for the event log of a step whose cluster does not say where to write it.
    """
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.logStageExecutorMetrics": "true",
        "spark.sql.shuffle.partitions": str(SHUFFLE_PARTITIONS),
    }


def local_settings(
    buckets: Iterable[str], mirror: Path, scratch: Path, memory_mib: int, java_options: str
) -> dict[str, str]:
    """Give the settings that make a run local; they win over the job's.

    Parameters
    ----------
    buckets
        Names to mount; each must be mountable.
    mirror
        Folder in which each bucket is a folder.
    scratch
        Folder of this step for what dies with it.
    memory_mib
        Heap of the one JVM.
    java_options
        More options of the JVM.
    """
    mounts = {
        f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback": _mount_target(mirror / bucket) for bucket in buckets
    }
    schemes = {f"spark.hadoop.fs.{scheme}.impl": _VIEWFS for scheme in _SCHEMES}
    return {
        "spark.master": "local[*]",
        "spark.driver.memory": f"{memory_mib}m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.defaultJavaOptions": f'"-Djava.io.tmpdir={scratch}" -XX:-UsePerfData {java_options}'.rstrip(),
        f"spark.hadoop.fs.{_MIRROR_SCHEME}.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.local.dir": str(scratch),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": (scratch / "warehouse").as_uri(),
        "spark.ui.enabled": "false",
        **schemes,
        **mounts,
    }


def _mount_target(folder: Path) -> str:
    """Give the address of a bucket's folder.

    It has a scheme of its own, because `file:` writes a `.crc` beside each file, and Hadoop wants `file:` to stay so.
    """
    return folder.as_uri().replace("file:", f"{_MIRROR_SCHEME}:", 1)


def environment(java_home: Path, scratch: Path, conf: Path, endpoint_url: str) -> dict[str, str]:
    """Give the environment of a step's process.

    Nothing of the user's Spark, Hadoop, Java or AWS settings gets in. A job that uses boto3 reaches the local
    cloud and never AWS; clocks show UTC as on EMR's nodes; file names are UTF-8 whatever the user's locale.
    """
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "JAVA_HOME": str(java_home),
        "LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8",
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONUNBUFFERED": "1",
        "SPARK_CONF_DIR": str(conf),
        "SPARK_HOME": str(spark_home()),
        # The launcher, a JVM of its own, only puts the command together.
        "SPARK_LAUNCHER_OPTS": f"{_FIRST_COMPILER_ONLY} -XX:+UseSerialGC",
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TMPDIR": str(scratch),
        "TZ": "UTC",
    }
