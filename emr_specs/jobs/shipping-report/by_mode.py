"""Sums up cleaned line items by ship mode: how many, how late, how long on their way."""

import argparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (the name every Spark user knows it by)


def by_mode(lineitem: DataFrame) -> DataFrame:
    """Give each ship mode's items, late ones and median days in transit; late is what came after the promised day."""
    return lineitem.groupBy(F.col("l_shipmode").alias("mode")).agg(
        F.expr("count(*) as items"),
        F.expr("count_if(l_receiptdate > l_commitdate) as late_items"),
        F.expr("percentile(datediff(l_receiptdate, l_shipdate), 0.5) as median_days"),
    )


def main() -> None:
    """Write the sums as Parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True, help="folder with the cleaned line items")
    parser.add_argument("--output", required=True, help="folder for the sums")
    options = parser.parse_args()

    spark = SparkSession.builder.appName("shipping-report: by-mode").getOrCreate()
    by_mode(spark.read.parquet(options.input)).write.parquet(options.output, mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main()
