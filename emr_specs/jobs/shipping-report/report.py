"""Reports for each month and ship mode how much came late, beside what is usual for the mode."""

import argparse

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (the name every Spark user knows it by)

SHARE = "cast(late_items / items as decimal(5,4))"


def report(months: DataFrame, modes: DataFrame) -> DataFrame:
    """Join the sums by month with those of the whole time; `excess` is a month's late share above the usual one."""
    usual = modes.select("mode", "median_days", F.expr(f"{SHARE} as usual_share"))
    return (
        months.withColumn("late_share", F.expr(SHARE))
        .join(usual, "mode")
        .select("month", "mode", "items", "late_items", "late_share", "usual_share", "median_days", "revenue")
        .withColumn("excess", F.expr("late_share - usual_share"))
    )


def main() -> None:
    """Write the report as one CSV file with a header."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", required=True, help="folder with the sums by month and mode")
    parser.add_argument("--modes", required=True, help="folder with the sums by mode")
    parser.add_argument("--output", required=True, help="folder for the report")
    options = parser.parse_args()

    spark = SparkSession.builder.appName("shipping-report: report").getOrCreate()
    rows = report(spark.read.parquet(options.months), spark.read.parquet(options.modes))
    ordered = rows.repartition(1).sortWithinPartitions("month", "mode")
    ordered.write.csv(options.output, header=True, mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main()
