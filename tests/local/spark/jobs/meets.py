"""Writes what it is called, and ends when the step it is to meet has done so too.

Arguments: a folder of this machine, its own name, the other's name, and the output folder.
"""

import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

SECONDS = 60

folder, own, other, target = sys.argv[1:]
spark = SparkSession.builder.appName(own).getOrCreate()
(Path(folder) / own).touch()
give_up = time.monotonic() + SECONDS
while not (Path(folder) / other).exists():
    if time.monotonic() > give_up:
        raise TimeoutError(f"{other} did not run within {SECONDS} seconds")
    time.sleep(0.05)
spark.sql(f"create table met using parquet as select '{other}' as other")
spark.table("met").write.csv(target, mode="overwrite")
spark.stop()
