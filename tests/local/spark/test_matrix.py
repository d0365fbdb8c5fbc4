import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.local.spark.runner import SparkRunner
from tests.local.spark.support import JOBS, a_step, keys, log_of, run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.spark
def test_job_code_reads_and_writes_s3_unchanged(s3: "S3Client", endpoint: str, tmp_path: Path) -> None:
    for bucket in ("data", "other-1", "code", "log", "not.mounted"):
        s3.create_bucket(Bucket=bucket)
    s3.upload_file(str(JOBS / "matrix.py"), "code", "jobs/matrix.py")
    for key, text in {"helper.py": "GREETING = 'hello'", "settings.json": "{}"}.items():
        s3.put_object(Bucket="code", Key=f"jobs/{key}", Body=text.encode())
    for key, text in {
        "landing/part one é.csv": "a,b\n1,2\n3,4\n",
        "landing/part%202.csv": "a,b\n5,6\n7,8\n",
        "landing/_SUCCESS": "",
        "colon/12:30.csv": "a\n1\n",
        "api/rename me.txt": "four",
        "api/delete/me.txt": "x",
        "replaced/part-old.parquet": "not a Parquet file",
        "untouched/a=1/x.txt": "x",
    }.items():
        s3.put_object(Bucket="data", Key=key, Body=text.encode())
    s3.put_object(Bucket="data", Key="events/e.json.gz", Body=gzip.compress(b'{"a": 1}\n{"a": 2}\n{"a": 3}\n'))
    runner = SparkRunner(endpoint, tmp_path / "work dir é", tmp_path / "class-data")  # as on a new machine

    outcome = run(
        runner,
        a_step(
            "s-MATRIX",
            *("--deploy-mode", "cluster", "--master", "yarn", "--num-executors", "50", "--executor-memory=90g"),
            *("--conf", "spark.sql.shuffle.partitions=7", "--conf=spark.dynamicAllocation.enabled=true"),
            *("--py-files", "s3://code/jobs/helper.py", "--files", "s3://code/jobs/settings.json"),
            *("s3://code/jobs/matrix.py", "s3://data", "s3://other-1", "a b \"c\" 'd' é $HOME *"),
        ),
    )

    assert outcome.succeeded, log_of(s3, "s-MATRIX", "stdout")
    assert log_of(s3, "s-MATRIX", "stdout") == "matrix passed\n"
    assert list((tmp_path / "class-data").rglob("spark.jsa")), "the first step writes the class data"
    written = keys(s3, "data")
    assert "api/renamed.txt" in written
    assert "api/made é.txt" in written
    assert "untouched/a=1/x.txt" in written
    assert not {"api/rename me.txt", "api/delete/me.txt", "replaced/part-old.parquet"} & set(written)
    assert {key.split("/")[1] for key in written if key.startswith("parts/name=")} == {
        "name=a%2Fb%3A 100%25",
        "name=é x",
        "name=%3Dz",
    }
    assert not [key for key in written + keys(s3, "other-1") if "_temporary" in key or key.endswith((".crc", "/"))]
    assert sorted({key.split("/")[0] for key in keys(s3, "other-1")}) == ["csv", "json", "plain"]
    assert keys(s3, "code") == ["jobs/helper.py", "jobs/matrix.py", "jobs/settings.json"]
    assert list((tmp_path / "work dir é" / "steps").iterdir()) == []
    assert len(list((tmp_path / "work dir é" / "events").iterdir())) == 1
