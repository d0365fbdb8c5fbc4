"""The tables of a deployment, made without the template; infra/storage.yml and starts.yml have the same."""

from typing import TYPE_CHECKING

from lambdas.ledger.store import STARTED_INDEX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeDefinitionTypeDef, KeySchemaElementTypeDef


def create_run_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create a run table."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=_texts("job", "run", "started"),
        KeySchema=_keys("job", "run"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": STARTED_INDEX,
                "KeySchema": _keys("job", "started"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def create_start_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create a table of starts."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=_texts("queue", "item"),
        KeySchema=_keys("queue", "item"),
    )


def _texts(*names: str) -> "list[AttributeDefinitionTypeDef]":
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _keys(partition: str, sort: str) -> "list[KeySchemaElementTypeDef]":
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
