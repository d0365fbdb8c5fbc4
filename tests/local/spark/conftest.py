from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from scripts.local.cloud import local_cloud

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The S3 of a local cloud that lives as long as the tests."""
    with local_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud.endpoint


@pytest.fixture
def s3(endpoint: str) -> Iterator["S3Client"]:
    """A client of an S3 without buckets, before and after the test."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}),
    )
    yield client
    for bucket in client.list_buckets()["Buckets"]:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
            for each in page.get("Contents", []):
                client.delete_object(Bucket=bucket["Name"], Key=each["Key"])
        client.delete_bucket(Bucket=bucket["Name"])
