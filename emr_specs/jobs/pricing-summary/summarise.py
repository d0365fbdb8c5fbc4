"""Summarises cleaned TPC-H orders: the pricing summary (TPC-H query 1) and the customers with the highest revenue.

Money stays decimal from end to end, so that a sum does not depend on the order of its parts.
"""

import argparse
import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (the name every Spark user knows it by)

TOP = 20
REVENUE = "l_extendedprice * (1 - l_discount)"


def pricing_summary(lineitem: DataFrame) -> DataFrame:
    """Sum up what was shipped until 90 days before 1 December 1998, by return flag and line status."""
    return (
        lineitem.filter("l_shipyear <= 1998 and l_shipdate <= date_sub(date'1998-12-01', 90)")
        .groupBy("l_returnflag", "l_linestatus")
        .agg(
            F.expr("sum(l_quantity) as sum_qty"),
            F.expr("sum(l_extendedprice) as sum_base_price"),
            F.expr(f"sum({REVENUE}) as sum_disc_price"),
            F.expr(f"sum({REVENUE} * (1 + l_tax)) as sum_charge"),
            F.expr("avg(l_quantity) as avg_qty"),
            F.expr("avg(l_extendedprice) as avg_price"),
            F.expr("avg(l_discount) as avg_disc"),
            F.expr("count(*) as count_order"),
        )
    )


def top_customers(lineitem: DataFrame, orders: DataFrame, customer: DataFrame) -> DataFrame:
    """Find the customers with the highest revenue; of equals, the one with the lower number comes first."""
    by_order = lineitem.groupBy("l_orderkey").agg(F.expr(f"sum({REVENUE}) as order_revenue"))
    by_customer = (
        by_order.join(orders, F.col("l_orderkey") == F.col("o_orderkey"))
        .groupBy("o_custkey")
        .agg(F.expr("count(*) as orders"), F.expr("sum(order_revenue) as revenue"))
    )
    return (
        by_customer.join(customer, F.col("o_custkey") == F.col("c_custkey"))
        .orderBy(F.desc("revenue"), "c_custkey")
        .limit(TOP)
        .select("c_custkey", F.col("c_name").alias("name"), "orders", "revenue")
    )


def write(rows: DataFrame, folder: str) -> None:
    """Write a small result as one CSV file with a header."""
    rows.write.csv(folder, header=True, mode="overwrite")


def point_to(spark: SparkSession, address: str, results: str) -> None:
    """Replace the object that says where the latest results lie, in one go: a reader has the old or the new address."""
    # Hadoop's own file systems, with what the cluster may do; PySpark has no other way to them.
    jvm = spark.sparkContext._jvm
    path = jvm.org.apache.hadoop.fs.Path(address)
    # S3 shows an object only when it is complete, so when it is closed, and S3 keeps the old one until then.
    stream = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).create(path, True)
    stream.write(bytearray(json.dumps({"results": results}).encode()))
    stream.close()


def main() -> None:
    """Write both results, then say that they are the latest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True, help="folder with the cleaned tables")
    parser.add_argument("--output", required=True, help="folder for the results")
    parser.add_argument("--latest", help="object that says where the latest results lie; none without it")
    options = parser.parse_args()
    source, target = options.input.rstrip("/"), options.output.rstrip("/")

    spark = SparkSession.builder.appName("pricing-summary: summarise").getOrCreate()
    lineitem, orders, customer = (
        spark.read.parquet(f"{source}/{name}/") for name in ("lineitem", "orders", "customer")
    )

    summary = pricing_summary(lineitem).repartition(1).sortWithinPartitions("l_returnflag", "l_linestatus")
    write(summary, f"{target}/pricing_summary/")
    ranked = top_customers(lineitem, orders, customer).repartition(1)
    write(ranked.sortWithinPartitions(F.desc("revenue"), "c_custkey").drop("c_custkey"), f"{target}/top_customers/")
    if options.latest:
        point_to(spark, options.latest, options.output)
    spark.stop()


if __name__ == "__main__":
    main()
