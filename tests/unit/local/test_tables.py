"""The tables that are made without the template are those of the template."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from scripts.local.tables import create_run_table, create_start_table
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def dynamodb() -> "Iterator[DynamoDBClient]":
    with mock_aws():
        yield boto3.client("dynamodb", "us-east-1")


def keys(table: Any) -> dict[str, Any]:
    """What makes a table's items be found."""
    indexes = table.get("GlobalSecondaryIndexes", [])
    return {
        "keys": table["KeySchema"],
        "types": {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]},
        "indexes": {each["IndexName"]: (each["KeySchema"], each["Projection"]) for each in indexes},
    }


def test_they_have_the_same_keys_and_indexes(dynamodb: "DynamoDBClient") -> None:
    render_jobs()
    template = expand(Options("test"), CodeLocation("b", "k"))["Resources"]
    for resource, create in (("RunTable", create_run_table), ("StartTable", create_start_table)):
        create(dynamodb, resource)
        made = dynamodb.describe_table(TableName=resource)["Table"]
        assert keys(made) == keys(template[resource]["Properties"])
