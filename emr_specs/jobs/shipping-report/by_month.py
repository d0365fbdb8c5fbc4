"""Sums up cleaned line items by ship month and mode: how many, how late, and what they brought in."""

import argparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (the name every Spark user knows it by)


def by_month(lineitem: DataFrame) -> DataFrame:
    """Give items, late ones and revenue of each month and ship mode; late is what came after the promised day."""
    return lineitem.groupBy(
        F.date_format("l_shipdate", "yyyy-MM").alias("month"), F.col("l_shipmode").alias("mode")
    ).agg(
        F.expr("count(*) as items"),
        F.expr("count_if(l_receiptdate > l_commitdate) as late_items"),
        F.expr("sum(l_extendedprice * (1 - l_discount)) as revenue"),
    )


def main() -> None:
    """Write the sums as Parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True, help="folder with the cleaned line items")
    parser.add_argument("--output", required=True, help="folder for the sums")
    options = parser.parse_args()

    spark = SparkSession.builder.appName("shipping-report: by-month").getOrCreate()
    by_month(spark.read.parquet(options.input)).write.parquet(options.output, mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main()
