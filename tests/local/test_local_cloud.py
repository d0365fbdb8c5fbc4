"""The local cloud beyond the demonstration: runs that fail, are refused, or are stopped."""

import os
import time
from pathlib import Path

import pytest

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry
from lambdas.ledger.store import read_entry
from scripts.deployment import Deployment
from scripts.diagnosing.past_run import diagnose_run, find_run
from scripts.local.cloud import local_cloud
from tests.local.support import Start, begin, clusters, ended, wait_for

JOB = "pricing-summary"


def entry_of(deployed: Deployment, run: str) -> LedgerEntry:
    entry = read_entry(aws.dynamodb(), deployed.outputs["RunTable"], JOB, run)
    assert entry is not None
    return entry


@pytest.mark.spark
def test_a_job_on_the_wrong_data_fails_says_why_and_leaves_no_cluster(start: Start) -> None:
    _, deployed = start()
    wrong = b"l_orderkey,l_partkey\nthis,is\nno,tpch\n"
    aws.s3().put_object(Bucket=deployed.data_bucket, Key="wrong/lineitem/lineitem.1.csv", Body=wrong)

    run = ended(begin(deployed, JOB, {"input": f"s3://{deployed.data_bucket}/wrong/"}))

    assert (run["status"], run["error"]) == ("FAILED", "ApplicationError")
    assert "NothingKeptError: no row" in run["cause"].split("The end of the log:")[1]
    log = run["cause"].split("Full log: s3://")[1].split()[0]
    bucket, _, key = log.partition("/")
    assert aws.s3().head_object(Bucket=bucket, Key=key)["ContentLength"] > 0
    assert list(clusters().values()) == ["TERMINATED_WITH_ERRORS"]
    entry = entry_of(deployed, "by-hand")
    assert entry.failure_class == "application_error"
    assert [(step.name, step.state) for step in entry.steps] == [("clean", "FAILED"), ("summarise", "CANCELLED")]
    past = find_run(deployed, "by-hand")
    shown = diagnose_run(past)
    assert (shown.error, shown.cause) == (run["error"], run["cause"])


def test_bad_input_creates_no_cluster(start: Start) -> None:
    _, deployed = start()

    run = ended(begin(deployed, JOB, {"input": "s3://no-such-bucket/x/"}))

    assert (run["status"], run["error"]) == ("FAILED", "InputBucketMissing")
    assert clusters() == {}


def test_a_run_that_is_stopped_stays_stopped_and_the_deployed_rule_ends_its_cluster(start: Start) -> None:
    cloud, deployed = start(scale=1.0)  # a cluster takes minutes to start, so the run can be stopped meanwhile
    aws.s3().put_object(Bucket=deployed.data_bucket, Key="data/a.csv", Body=b"1\n")
    arn = begin(deployed, JOB, {"input": f"s3://{deployed.data_bucket}/data/"})
    wait_for(lambda: list(clusters().values()) == ["STARTING"])

    aws.stepfunctions().stop_execution(executionArn=arn, error="Stopped", cause="by hand")
    time.sleep(6)  # more than the waiting task needs to notice

    assert ended(arn)["status"] == "ABORTED"
    wait_for(lambda: list(clusters().values()) in (["TERMINATING"], ["TERMINATED"]))
    assert "Unexpected error" not in cloud.log.read_text()
    wait_for(lambda: entry_of(deployed, "by-hand").record is not None)
    entry = entry_of(deployed, "by-hand")
    assert (entry.status, entry.error, entry.failed_state) == ("ABORTED", "Stopped", "Create cluster")
    assert [*entry.cluster_ids] == list(clusters())
    assert diagnose_run(find_run(deployed, arn)).cause


def test_only_the_loopback_interface_is_used(start: Start) -> None:
    cloud, _ = start()
    assert cloud.endpoint.startswith("http://127.0.0.1:")
    assert "0.0.0.0" not in cloud.log.read_text()


def test_it_ends_with_its_block(tmp_path: Path) -> None:
    with local_cloud(tmp_path) as cloud:
        os.kill(cloud.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(cloud.pid, 0)
