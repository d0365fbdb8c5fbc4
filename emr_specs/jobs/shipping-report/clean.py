"""Cleans TPC-H line items for the shipping report: the columns it needs, typed.

Rows that cannot be used are not lost: they go to `_rejected/` as they came, with the reason.
"""

import argparse

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (the name every Spark user knows it by)

REASON = "_reason"

# Each column's type, and what a value must look like before it is cast: a bare cast would take 1996 for a date.
DATE = r"^\d{4}-\d{2}-\d{2}$"
AMOUNT = r"^[+-]?\d+(\.\d{1,2})?$"
COLUMNS = {
    "l_shipmode": ("string", r"\S"),
    "l_shipdate": ("date", DATE),
    "l_commitdate": ("date", DATE),
    "l_receiptdate": ("date", DATE),
    "l_extendedprice": ("decimal(15,2)", AMOUNT),
    "l_discount": ("decimal(15,2)", AMOUNT),
}


class NothingKeptError(ValueError):
    """No row is good: these are no line items, and the report would be empty."""


def typed(name: str) -> Column:
    """Cast a column; what does not look like its type becomes null."""
    kind, pattern = COLUMNS[name]
    value = F.trim(F.col(name))
    return F.when(value.rlike(pattern), value.cast(kind))


def checked(rows: DataFrame) -> DataFrame:
    """Add the reason why a row is rejected, null for a good one."""
    reasons = [F.when(typed(name).isNull(), F.lit(f"{name} is no {kind}")) for name, (kind, _) in COLUMNS.items()]
    too_early = typed("l_receiptdate") < typed("l_shipdate")
    reasons.append(F.when(too_early, F.lit("l_receiptdate is before l_shipdate")))
    return rows.withColumn(REASON, F.coalesce(*reasons))


def clean(spark: SparkSession, sources: list[str], target: str) -> tuple[int, int]:
    """Clean the line items; give the number of rows kept and rejected."""
    # Else a file whose columns come in another order would be read under the names of the first file's.
    rows = checked(spark.read.csv(sources, header=True, escape='"', enforceSchema=False))
    kept = rows.filter(F.col(REASON).isNull()).select(*(typed(name).alias(name) for name in COLUMNS))
    kept.write.parquet(f"{target}/lineitem/", mode="overwrite")
    rows.filter(F.col(REASON).isNotNull()).write.json(f"{target}/_rejected/", mode="overwrite")
    good = spark.read.parquet(f"{target}/lineitem/").count()
    if good == 0:
        raise NothingKeptError(f"no row of {', '.join(sources)} is good; {target}/_rejected/ has the reasons")
    return good, spark.read.text(f"{target}/_rejected/").count()


def main() -> None:
    """Clean the line items of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True, nargs="+", help="folders with the line items as CSV")
    parser.add_argument("--output", required=True, help="folder for the cleaned line items and the rejected rows")
    options = parser.parse_args()

    spark = SparkSession.builder.appName("shipping-report: clean").getOrCreate()
    kept, rejected = clean(spark, options.input, options.output.rstrip("/"))
    print(f"lineitem: {kept} rows kept, {rejected} rejected")
    spark.stop()


if __name__ == "__main__":
    main()
