from typing import TYPE_CHECKING

import pytest

from lambdas import aws
from lambdas.slots.store import SlotTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "the-starts"


@pytest.fixture
def dynamodb(account: None) -> "DynamoDBClient":
    """The table of starts, empty; its client."""
    aws.dynamodb().create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "queue", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("queue", "item")],
        BillingMode="PAY_PER_REQUEST",
    )
    return aws.dynamodb()


@pytest.fixture
def table(dynamodb: "DynamoDBClient") -> SlotTable:
    return SlotTable(dynamodb, TABLE, "count")
