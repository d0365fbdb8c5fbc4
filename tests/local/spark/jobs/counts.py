import sys

from pyspark.sql import SparkSession

source, target = sys.argv[1:]
spark = SparkSession.builder.appName("counts").getOrCreate()
rows = spark.read.csv(source, header=True).repartition(5, "word")
rows.groupBy("word").count().write.parquet(target, mode="overwrite")
spark.stop()
