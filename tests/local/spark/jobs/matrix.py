"""What job code does with s3://, operation by operation; each asserts what it reads back."""

import sys
from pathlib import Path
from typing import Any

from helper import GREETING  # type: ignore[import-not-found]
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

data, other, odd = sys.argv[1:4]
spark = SparkSession.builder.getOrCreate()
rows = spark.range(100).select("id", (F.col("id") % 3).alias("third"), F.lit('x,é "q"').alias("text"))


def count(reader: DataFrame) -> int:
    return int(reader.count())


# settings and files that came with the command
assert spark.conf.get("spark.sql.shuffle.partitions") == "7"
assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
assert GREETING == "hello"
assert Path("settings.json").read_text() == "{}"
assert odd == "a b \"c\" 'd' é $HOME *", odd

# what the user put there, under odd names, from folder, file and pattern
assert count(spark.read.csv(f"{data}/landing/", header=True)) == 4
assert count(spark.read.csv(f"{data}/landing/part one é.csv", header=True)) == 2
assert count(spark.read.csv(f"{data}/land*/part*.csv", header=True)) == 4
assert count(spark.read.json(f"{data}/events/")) == 3
assert spark.sparkContext.textFile(f"{data}/landing/*.csv").count() == 6
names = {row[0] for row in spark.read.csv(f"{data}/landing/", header=True).select(F.input_file_name()).collect()}
assert names == {f"{data}/landing/part%20one%20é.csv", f"{data}/landing/part%25202.csv"}, names

assert count(spark.read.csv(f"{data}/colon/", header=True)) == 1

# csv, json.gz, parquet, across buckets and schemes
rows.write.csv(f"{other}/csv", header=True)
assert count(spark.read.csv(f"{other}/csv", header=True)) == 100
rows.write.json(f"{other}/json", compression="gzip")
assert count(spark.read.json(f"{other}/json")) == 100
rows.coalesce(1).write.parquet(f"{other}/plain")
assert count(spark.read.parquet(f"{other.replace('s3://', 's3a://')}/plain")) == 100
assert count(spark.read.parquet(f"{other.replace('s3://', 's3n://')}/plain")) == 100

# partitions: odd values, append, static and dynamic overwrite
target = f"{data}/parts"
named = rows.withColumn(
    "name", F.when(F.col("third") == 0, "a/b: 100%").when(F.col("third") == 1, "é x").otherwise("=z")
)
named.write.partitionBy("name").parquet(target)
assert count(spark.read.parquet(target).filter("name = 'a/b: 100%'")) == 34
named.filter("third = 1").write.partitionBy("name").parquet(target, mode="append")
assert count(spark.read.parquet(target)) == 133
spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
named.filter("third = 1").limit(5).write.partitionBy("name").parquet(target, mode="overwrite")
assert count(spark.read.parquet(target)) == 34 + 33 + 5
spark.conf.set("spark.sql.sources.partitionOverwriteMode", "static")
named.limit(7).write.partitionBy("name").parquet(f"{data}/static", mode="overwrite")
named.filter("third = 2").limit(4).write.partitionBy("name").parquet(f"{data}/static", mode="overwrite")
assert count(spark.read.parquet(f"{data}/static")) == 4
rows.limit(2).coalesce(1).write.parquet(f"{data}/replaced", mode="overwrite")
rows.write.parquet(target, mode="ignore")
assert count(spark.read.parquet(target)) == 34 + 33 + 5

# a shuffle with Python workers
doubled = spark.sparkContext.parallelize(range(10), 2).map(lambda n: (n % 2, n)).reduceByKey(lambda a, b: a + b)
assert dict(doubled.collect()) == {0: 20, 1: 25}

# Hadoop's own file system API
jvm = spark._jvm
root = jvm.org.apache.hadoop.fs.Path(f"{data}/")
files = root.getFileSystem(spark._jsc.hadoopConfiguration())


def at(name: str) -> Any:
    return jvm.org.apache.hadoop.fs.Path(f"{data}/{name}")


assert files.exists(at("api/rename me.txt"))
assert files.rename(at("api/rename me.txt"), at("api/renamed.txt"))
assert not files.exists(at("api/rename me.txt"))
assert files.delete(at("api/delete"), True)
assert files.getFileStatus(at("api/renamed.txt")).getLen() == 4
stream = files.create(at("api/made é.txt"))
stream.close()
assert not files.exists(at("nothing"))
assert "landing" in [each.getPath().getName() for each in files.listStatus(root)]

print("matrix passed")
spark.stop()
