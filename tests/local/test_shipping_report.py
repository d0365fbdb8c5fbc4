"""A job whose steps do not all need one another, from its start to its report, on the local cloud with real Spark."""

from pathlib import Path

import pytest

from lambdas import aws
from scripts.demo import data
from tests.local.spark.shipping import expected_report, report_in
from tests.local.support import Start, begin, clusters, ended


@pytest.mark.spark
def test_steps_that_need_the_same_run_at_the_same_time(start: Start, tmp_path: Path) -> None:
    _, deployed = start()
    lineitem = data.generate(tmp_path, 0.001, 1)[0].parents[1] / "lineitem"
    for file in lineitem.iterdir():
        aws.s3().upload_file(str(file), deployed.data_bucket, f"landing/tpch/lineitem/{file.name}")

    run = ended(begin(deployed, "shipping-report", {}))

    assert run["status"] == "SUCCEEDED", run.get("cause")
    ((cluster_id, state),) = clusters().items()
    assert state == "TERMINATED"
    steps = {step["Name"]: step["Status"] for step in aws.emr().list_steps(ClusterId=cluster_id)["Steps"]}
    assert {name: status["State"] for name, status in steps.items()} == dict.fromkeys(
        ("clean", "by-mode", "by-month", "report"), "COMPLETED"
    )
    begun = {name: status["Timeline"]["StartDateTime"] for name, status in steps.items()}
    over = {name: status["Timeline"]["EndDateTime"] for name, status in steps.items()}
    middle = ("by-mode", "by-month")
    assert over["clean"] <= min(begun[name] for name in middle)
    assert max(begun[name] for name in middle) < min(over[name] for name in middle)
    assert max(over[name] for name in middle) <= begun["report"]
    report = report_in(aws.s3(), deployed.data_bucket, "shipping/by-hand/report/")
    assert report == expected_report(lineitem)
