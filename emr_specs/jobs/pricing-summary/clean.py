"""Cleans TPC-H orders: CSV as it landed becomes typed, partitioned Parquet.

Rows that break a rule are not lost: they go to `_rejected/<table>/` as they came, with the reason.
"""

import argparse
from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F  # noqa: N812  (the name every Spark user knows it by)

CORRUPT = "_corrupt"
REASON = "_reason"
TYPED = "typed"

# What a value must look like before it is cast: a bare cast would take 12.7 for the integer 12 and 1996 for a date.
PATTERNS = {
    "int": r"^[+-]?\d+$",
    "bigint": r"^[+-]?\d+$",
    "date": r"^\d{4}-\d{2}-\d{2}$",
    "decimal(15,2)": r"^[+-]?\d+(\.\d{1,2})?$",
}


@dataclass(frozen=True)
class Table:
    """A table as it lands: columns in the order of the files, and what must hold for a row."""

    name: str
    columns: dict[str, str]
    optional: frozenset[str]
    rules: dict[str, str]
    year_of: str | None = None
    year: str | None = None


LINEITEM = Table(
    name="lineitem",
    columns={
        "l_orderkey": "bigint",
        "l_partkey": "bigint",
        "l_suppkey": "bigint",
        "l_linenumber": "int",
        "l_quantity": "decimal(15,2)",
        "l_extendedprice": "decimal(15,2)",
        "l_discount": "decimal(15,2)",
        "l_tax": "decimal(15,2)",
        "l_returnflag": "string",
        "l_linestatus": "string",
        "l_shipdate": "date",
        "l_commitdate": "date",
        "l_receiptdate": "date",
        "l_shipinstruct": "string",
        "l_shipmode": "string",
        "l_comment": "string",
    },
    optional=frozenset({"l_comment"}),
    rules={
        "l_quantity is not positive": "typed.l_quantity > 0",
        "l_discount is not between 0 and 1": "typed.l_discount between 0 and 1",
        "l_receiptdate is before l_shipdate": "typed.l_receiptdate >= typed.l_shipdate",
    },
    year_of="l_shipdate",
    year="l_shipyear",
)
ORDERS = Table(
    name="orders",
    columns={
        "o_orderkey": "bigint",
        "o_custkey": "bigint",
        "o_orderstatus": "string",
        "o_totalprice": "decimal(15,2)",
        "o_orderdate": "date",
        "o_orderpriority": "string",
        "o_clerk": "string",
        "o_shippriority": "int",
        "o_comment": "string",
    },
    optional=frozenset({"o_comment"}),
    rules={"o_totalprice is negative": "typed.o_totalprice >= 0"},
    year_of="o_orderdate",
    year="o_orderyear",
)
CUSTOMER = Table(
    name="customer",
    columns={
        "c_custkey": "bigint",
        "c_name": "string",
        "c_address": "string",
        "c_nationkey": "int",
        "c_phone": "string",
        "c_acctbal": "decimal(15,2)",
        "c_mktsegment": "string",
        "c_comment": "string",
    },
    optional=frozenset({"c_comment"}),
    rules={},
)


def read(spark: SparkSession, folder: str, table: Table) -> DataFrame:
    """Read a table's CSV files as text, trimmed, empty values as nulls."""
    schema = ", ".join(f"{name} string" for name in [*table.columns, CORRUPT])
    raw = spark.read.csv(
        f"{folder}/{table.name}/", schema=schema, header=True, escape='"', columnNameOfCorruptRecord=CORRUPT
    )
    trimmed = [F.expr(f"nullif(trim({name}), '')").alias(name) for name in table.columns]
    return raw.select(*trimmed, CORRUPT)


def checked(rows: DataFrame, table: Table) -> DataFrame:
    """Add the typed values, and the reason why a row is rejected, null for a good one."""
    typed = F.struct(*(F.col(name).cast(kind).alias(name) for name, kind in table.columns.items()))
    reasons = [F.when(F.col(CORRUPT).isNotNull(), F.lit("not as many values as columns"))]
    for name, kind in table.columns.items():
        if name not in table.optional:
            reasons.append(F.when(F.col(name).isNull(), F.lit(f"{name} is missing")))
        if kind in PATTERNS:
            fits = F.col(name).rlike(PATTERNS[kind]) & F.col(f"{TYPED}.{name}").isNotNull()
            reasons.append(F.when(~fits, F.lit(f"{name} is no {kind}")))
    for reason, rule in table.rules.items():
        reasons.append(F.when(~F.expr(rule), F.lit(reason)))
    return rows.withColumn(TYPED, typed).withColumn(REASON, F.coalesce(*reasons))


def good(rows: DataFrame, table: Table) -> DataFrame:
    """Keep the rows without a reason against them, typed, with the year they are partitioned by."""
    kept = rows.filter(F.col(REASON).isNull()).select(f"{TYPED}.*")
    return kept.withColumn(table.year, F.year(table.year_of)) if table.year and table.year_of else kept


class NothingKeptError(ValueError):
    """No row of a table is good: it is not the table it should be, and what follows would sum up nothing."""


def clean(spark: SparkSession, source: str, target: str, table: Table) -> tuple[int, int]:
    """Clean one table; give the number of rows kept and rejected."""
    seen = Observation(table.name)
    rows = checked(read(spark, source, table), table).observe(
        seen, F.count(F.lit(1)).alias("rows"), F.count(REASON).alias("rejected")
    )
    kept = good(rows, table)
    if table.year:
        kept = spark.sql(f"select /*+ rebalance({table.year}) */ * from {{kept}}", kept=kept)  # noqa: S608
    writer = kept.write.partitionBy(table.year) if table.year else kept.write
    writer.parquet(f"{target}/{table.name}/", mode="overwrite")
    # When nothing is left to write, Spark leaves out the plan and with it what was to be observed.
    counts = seen.get or {"rows": None, "rejected": None}
    rejected = checked(read(spark, source, table), table).filter(F.col(REASON).isNotNull()).drop(TYPED)
    if counts["rejected"] == 0:
        rejected = rejected.limit(0)
    rejected.write.json(f"{target}/_rejected/{table.name}/", mode="overwrite")
    if counts["rows"] == counts["rejected"]:
        raise NothingKeptError(
            f"no row of {source}/{table.name}/ is good; {target}/_rejected/{table.name}/ has them with the reasons"
        )
    return counts["rows"] - counts["rejected"], counts["rejected"]


def main() -> None:
    """Clean all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True, help="folder with lineitem/, orders/ and customer/ as CSV")
    parser.add_argument("--output", required=True, help="folder for the cleaned tables")
    options = parser.parse_args()
    source, target = options.input.rstrip("/"), options.output.rstrip("/")

    spark = SparkSession.builder.appName("pricing-summary: clean").getOrCreate()
    for table in (LINEITEM, ORDERS, CUSTOMER):
        kept, rejected = clean(spark, source, target, table)
        print(f"{table.name}: {kept} rows kept, {rejected} rejected")
    spark.stop()


if __name__ == "__main__":
    main()
