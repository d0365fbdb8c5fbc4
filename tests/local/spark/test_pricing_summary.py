import csv
import io
import json
import shutil
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from scripts.demo import data
from scripts.local.spark.runner import SparkRunner
from tests.local.spark.support import CLASS_DATA, a_step, keys, log_of, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOB = Path(__file__).parents[3] / "emr_specs/jobs/pricing-summary"
LATEST = "s3://data/results/latest.json"
BAD_LINES = """\
7,1,1,9,17,100.00,0.04,0.02,N,O,1996-02-30,1996-02-12,1996-03-22,NONE,MAIL,no such day
7,1,1,9,-1,100.00,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22,NONE,MAIL,negative
7,1,1,9,17,100.001,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22,NONE,MAIL,a tenth of a cent
7,1,1,9
"""
QUERY_1 = """
select l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), sum(l_extendedprice * (1 - l_discount)),
       sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), sum(l_discount), count(*)
from lineitem where l_shipdate <= date '1998-12-01' - interval 90 day group by all order by all
"""
TOP_CUSTOMERS = """
select c_name, count(distinct o_orderkey), sum(l_extendedprice * (1 - l_discount)) as revenue
from lineitem join orders on l_orderkey = o_orderkey join customer on o_custkey = c_custkey
group by c_custkey, c_name order by revenue desc, c_custkey limit 20
"""
# narrow enough for the product of three to be exact
DECIMALS = {"l_quantity": "(9,2)", "l_extendedprice": "(12,2)", "l_discount": "(5,2)", "l_tax": "(5,2)"}
SUMMARY = (
    "l_returnflag,l_linestatus,sum_qty,sum_base_price,sum_disc_price,sum_charge,avg_qty,avg_price,avg_disc,count_order"
)


@pytest.mark.spark
def test_both_steps_give_what_another_engine_computes(s3: "S3Client", endpoint: str, tmp_path: Path) -> None:
    for bucket in ("data", "code", "log"):
        s3.create_bucket(Bucket=bucket)
    for script in ("clean.py", "summarise.py"):
        s3.upload_file(str(JOB / script), "code", f"jobs/pricing-summary/{script}")
    tables = data.generate(tmp_path / "cache", 0.001, 2)[0].parents[1]
    landing = shutil.copytree(tables, tmp_path / "landing")
    header = (tables / "lineitem/lineitem.1.csv").open().readline()
    (landing / "lineitem/lineitem.3.csv").write_text(header + BAD_LINES)
    data.upload(s3, landing, "data", "landing/today")
    runner = SparkRunner(endpoint, tmp_path / "work", CLASS_DATA)

    # What a run before this one has left.
    s3.put_object(Bucket="data", Key="results/latest.json", Body=b'{"results": "s3://data/results/run-0/ and so on"}')
    for script, source, target, *more in (
        ("clean.py", "s3://data/landing/today/", "s3://data/clean/run-1/"),
        ("summarise.py", "s3://data/clean/run-1/", "s3://data/results/run-1/", "--latest", LATEST),
    ):
        args = (f"s3://code/jobs/pricing-summary/{script}", "--input", source, "--output", target, *more)
        assert run(runner, a_step(f"s-{script}", "--deploy-mode", "cluster", *args)).succeeded
    assert "lineitem: 6005 rows kept, 4 rejected\n" in log_of(s3, "s-clean.py", "stdout")
    rejected = [key for key in keys(s3, "data", "clean/run-1/_rejected/lineitem/") if key.endswith(".json")]
    text = "".join(s3.get_object(Bucket="data", Key=key)["Body"].read().decode() for key in rejected)
    for reason in (
        "l_shipdate is no date",
        "l_quantity is not positive",
        "l_extendedprice is no decimal(15,2)",
        "not as many values as columns",
    ):
        assert f'"_reason":"{reason}"' in text

    expected = _answers(tables)
    assert _result(s3, "pricing_summary") == expected[0]
    assert _result(s3, "top_customers") == expected[1]
    latest = s3.get_object(Bucket="data", Key="results/latest.json")["Body"].read()
    assert json.loads(latest) == {"results": "s3://data/results/run-1/"}


def _result(s3: "S3Client", name: str) -> list[list[str]]:
    (key,) = [key for key in keys(s3, "data", f"results/run-1/{name}/") if key.endswith(".csv")]
    return list(csv.reader(io.StringIO(s3.get_object(Bucket="data", Key=key)["Body"].read().decode())))


def _answers(tables: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Both results as the job writes them, computed from the same CSV files by DuckDB and exact decimals."""
    types_of_lineitem = {name: f"decimal{size}" for name, size in DECIMALS.items()}
    with duckdb.connect() as db:
        for table in ("lineitem", "orders", "customer"):
            types = f", types = {types_of_lineitem}" if table == "lineitem" else ""
            db.execute(f"create view {table} as from read_csv('{tables / table}/*.csv', header = true{types})")
        summary = [SUMMARY.split(",")]
        for flag, status, qty, base, disc_price, charge, disc, count in db.execute(QUERY_1).fetchall():
            averages = [_average(total, count) for total in (qty, base, disc)]
            summary.append([flag, status, *(str(each) for each in (qty, base, disc_price, charge, *averages, count))])
        top = [["name", "orders", "revenue"]]
        top += [[str(value) for value in row] for row in db.execute(TOP_CUSTOMERS).fetchall()]
    return summary, top


def _average(total: Decimal, count: int) -> Decimal:
    return (total / count).quantize(Decimal("0.000001"), ROUND_HALF_UP)
