from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
spark.range(3).write.parquet("s3://data/written", mode="overwrite")
raise ValueError("the price 'x' is not a number")
