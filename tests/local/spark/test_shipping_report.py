import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lambdas.specs.paths import SPECS, job_folder
from scripts.demo import data
from scripts.local.spark.runner import SparkRunner
from tests.local.spark.support import CLASS_DATA, a_step, keys, log_of, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOB = job_folder("shipping-report", SPECS)
CODE = "s3://code/jobs/shipping-report"
HEADER = (
    "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,l_linestatus,"
    "l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment\n"
)
BAD_LINES = """\
7,1,1,9,17,100.00,0.04,0.02,N,O,1996-02-30,1996-02-12,1996-03-22,NONE,MAIL,no such day
7,1,1,9,17,100.00,0.04,0.02,N,O,1996,1996-02-12,1996-03-22,NONE,MAIL,a year is no day
7,1,1,9,17,100.001,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-22,NONE,MAIL,a tenth of a cent
7,1,1,9,17,100.00,0.04,0.02,N,O,1996-03-13,1996-02-12,1996-03-12,NONE,MAIL,there before it left
7,1,1,9
"""


@pytest.fixture
def landed(s3: "S3Client") -> "S3Client":
    for bucket in ("data", "code", "log"):
        s3.create_bucket(Bucket=bucket)
    for script in JOB.glob("*.py"):
        s3.upload_file(str(script), "code", f"jobs/shipping-report/{script.name}")
    return s3


@pytest.fixture
def runner(endpoint: str, tmp_path: Path) -> Iterator[SparkRunner]:
    made = SparkRunner(endpoint, tmp_path / "work", CLASS_DATA)
    yield made
    made.close()


@pytest.mark.spark
def test_bad_rows_are_set_aside_with_their_reasons(landed: "S3Client", runner: SparkRunner, tmp_path: Path) -> None:
    lineitem = data.generate(tmp_path / "cache", 0.001, 2)[0].parents[1] / "lineitem"
    landing = shutil.copytree(lineitem, tmp_path / "landing")
    (landing / "bad.csv").write_text(HEADER + BAD_LINES)
    data.upload(landed, landing, "data", "landing/lineitem")
    run_1 = "s3://data/shipping/run-1"
    landed.put_object(Bucket="data", Key="shipping/run-0/report/part-0.csv", Body=b"of another run")
    landed.put_object(
        Bucket="data", Key="shipping/run-1/clean/lineitem/attempt-1.parquet", Body=b"of an attempt that failed"
    )

    clean = a_step(
        "s-CLEAN", f"{CODE}/clean.py", "--input", "s3://data/landing/lineitem/", "--output", f"{run_1}/clean/"
    )
    assert run(runner, clean).succeeded

    assert "lineitem: 6005 rows kept, 5 rejected\n" in log_of(landed, "s-CLEAN", "stdout")
    parts = [key for key in keys(landed, "data", "shipping/run-1/clean/_rejected/") if key.endswith(".json")]
    rejected = "".join(landed.get_object(Bucket="data", Key=key)["Body"].read().decode() for key in parts)
    for reason, times in {
        "l_shipdate is no date": 2,
        "l_extendedprice is no decimal(15,2)": 1,
        "l_receiptdate is before l_shipdate": 1,
        "l_shipmode is no string": 1,
    }.items():
        assert rejected.count(f'"_reason":"{reason}"') == times
    assert not [key for key in keys(landed, "data", "shipping/run-1/clean/lineitem/") if "attempt" in key]
    assert keys(landed, "data", "shipping/run-0/") == ["shipping/run-0/report/part-0.csv"]


@pytest.mark.spark
def test_what_is_no_line_item_fails_the_first_step(landed: "S3Client", runner: SparkRunner) -> None:
    landed.put_object(Bucket="data", Key="landing/lineitem/a.csv", Body=(HEADER + BAD_LINES).encode())
    folders = ("--input", "s3://data/landing/lineitem/", "--output", "s3://data/shipping/run-1/clean/")
    outcome = run(runner, a_step("s-CLEAN", f"{CODE}/clean.py", *folders))
    assert "NothingKeptError: no row of s3://data/landing/lineitem/ is good" in (outcome.message or "")
    assert [key for key in keys(landed, "data", "shipping/run-1/clean/_rejected/") if key.endswith(".json")]
