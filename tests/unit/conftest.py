"""What several packages' tests need."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.unit.ledger.support import Stage, a_stage, clients

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    """Return a client of moto's S3 with one empty bucket, `data`."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="data")
        yield client


@pytest.fixture(scope="module")
def stage_clients() -> Iterator[None]:
    """Keep the clients of ``stage`` for a module."""
    with clients():
        yield


@pytest.fixture
def stage(stage_clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Return an empty stage with its tables and machines."""
    with a_stage(monkeypatch) as made:
        yield made
