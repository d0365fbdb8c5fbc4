"""Leaves the process ids of the driver and a Python worker at argv[1] and never ends."""

import os
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

note = sys.argv[1]


def hang(_: int) -> int:
    Path(note).write_text(f"{driver} {os.getppid()} {os.getpid()}")
    time.sleep(600)
    return 0


driver = f"{os.getppid()} {os.getpid()}"
spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(1), 1).map(hang).collect()
