"""The whole local cloud with real Spark, as a user runs it."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scripts.rendering.paths import BUILD

pytestmark = pytest.mark.spark

SCALE = "0.01"
STATES = ["STARTING", "BOOTSTRAPPING", "WAITING", "RUNNING", "TERMINATING", "TERMINATED"]


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    command = [str(Path(sys.executable).parent / "slow-lambda"), "demo", "--scale", SCALE, "--json"]
    # A user's own settings must not lead the demonstration elsewhere.
    environment = {
        **os.environ,
        "AWS_PROFILE": "no-such-profile",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_run_succeeded_and_left_nothing(said: dict[str, Any]) -> None:
    assert said["run"]["status"] == "SUCCEEDED"
    assert said["clusters_left"] == []
    assert said["run"]["input"].endswith("/landing/tpch/")


def test_the_plan_measured_what_was_uploaded(said: dict[str, Any]) -> None:
    files = list((BUILD / "data" / f"tpch-{SCALE}-4").rglob("*.csv"))
    assert said["plan"]["files"] == len(files)
    assert said["plan"]["bytes"] == sum(file.stat().st_size for file in files)
    assert said["plan"]["core"]["count"] >= 1


def test_the_cluster_lived_and_died(said: dict[str, Any]) -> None:
    cluster = said["cluster"]
    assert cluster["state"] == "TERMINATED"
    seen = [entry["state"] for entry in cluster["history"]]
    assert seen[-1] == "TERMINATED"
    assert set(seen) <= set(STATES)
    assert {"RUNNING", "TERMINATED"} <= set(seen)
    times = [entry["simulated_seconds"] for entry in cluster["history"]]
    assert times == sorted(times)


def test_every_step_was_run_by_the_spark_of_the_release(said: dict[str, Any]) -> None:
    assert [step["name"] for step in said["steps"]] == ["clean", "summarise"]
    for step in said["steps"]:
        assert (step["state"], step["engine"], step["engine_version"]) == ("COMPLETED", "spark", "3.5.8")
        assert step["seconds"] > 1


def test_the_result_is_right(said: dict[str, Any]) -> None:
    """TPC-H Q1, asked of another engine over the same files."""
    lineitem = BUILD / "data" / f"tpch-{SCALE}-4" / "lineitem" / "*.csv"
    relation = duckdb.sql(
        f"""
        SELECT l_returnflag, l_linestatus, sum(l_quantity)::DECIMAL(38, 2), count(*)
        FROM read_csv('{lineitem}', header = true, types = {{'l_quantity': 'DECIMAL(15, 2)'}})
        WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL 90 DAY
        GROUP BY ALL ORDER BY ALL
        """
    )
    assert relation is not None
    expected = relation.fetchall()
    (file,) = (BUILD / "demo" / "results" / "pricing_summary").glob("*.csv")
    header, *lines = [line.split(",") for line in file.read_text().splitlines()]
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    got = [(row["l_returnflag"], row["l_linestatus"], Decimal(row["sum_qty"]), int(row["count_order"])) for row in rows]
    assert got == expected
    assert said["output"]["tables"]["pricing_summary"] == len(rows)


def test_the_record_is_kept(said: dict[str, Any]) -> None:
    record = json.loads((BUILD / "demo" / "record.json").read_text())
    assert record["run"] == said["run"]["name"]
    assert record["cost"]["total"] > 0
