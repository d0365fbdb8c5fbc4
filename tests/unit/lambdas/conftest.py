"""A deployment in moto: buckets, table, settings, EMR; and a small copy of the specs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from lambdas import aws
from lambdas.specs import SPECS, Catalogue, Cluster, load_catalogue, load_cluster
from scripts.local.adapters.moto import installed
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.faults import Faults
from scripts.local.emr.runner import ScriptedRunner, ScriptedStep
from scripts.local.tables import create_run_table
from tests.unit.lambdas.emr import START, Emr

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
ENVIRONMENT = {
    "STAGE": "test",
    "DATA_BUCKET": "the-data",
    "CODE_BUCKET": "the-code",
    "LOG_BUCKET": "the-logs",
    "RUN_TABLE": "the-runs",
    "START_TABLE": "the-starts",
    "START_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/the-starts",
    "MACHINE_ARN_PREFIX": "arn:aws:states:us-east-1:123456789012:stateMachine:slow-lambda-test-",
    "SUBNET_IDS": "subnet-1,subnet-2",
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(REGION)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return load_cluster("spark")


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A copy of ``emr_specs`` whose only job, ``count``, can be changed."""
    root = tmp_path / "emr_specs"
    for folder in ("clusters", "instances"):
        shutil.copytree(SPECS / folder, root / folder)
    job = root / "jobs" / "count"
    job.mkdir(parents=True)
    (job / "count.py").write_text("print(1)\n")
    (job / "job.yml").write_text(JOB)
    return root


JOB = """\
name: count
description: Counts.
cluster: spark
input: s3://${data_bucket}/in/
triggers:
  - object_created: {suffix: _SUCCESS}
steps:
  - name: count
    script: count.py
    args: [--input, << input >>, --run, "<< run_id >>"]
    timeout: 90s
limits: {max_nodes: 10}
"""


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings, and an empty account."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.forget()
    with mock_aws():
        yield
    aws.forget()


@pytest.fixture
def deployment(account: None) -> "S3Client":
    """Buckets and the run table; the S3 client."""
    for bucket in ("the-data", "the-code", "the-logs"):
        aws.s3().create_bucket(Bucket=bucket)
    create_run_table(aws.dynamodb(), "the-runs")
    return aws.s3()


@pytest.fixture
def emr(account: None) -> Iterator[Emr]:
    """The account's EMR, whose clock stands at ``START``; its client is the one handlers get from ``aws``."""
    clock, faults = VirtualClock(START.timestamp()), Faults()
    script: dict[str, ScriptedStep] = {}
    engine = EmrEngine(clock, ScriptedRunner(clock, script), faults, region=REGION)
    with installed(engine, clock, {}):
        yield Emr(engine, clock, aws.emr(), faults, script)
