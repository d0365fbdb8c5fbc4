"""Where recent shortages are kept: items of their own in the run table, gone after some hours."""

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lambdas.recovery.shortages import Shortage
from lambdas.specs.cluster import Market

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Names of jobs have no such character, so no run shares the key.
_PARTITION = "#shortages"

# How long a shortage counts. Our choice: EC2 says nothing of when capacity is back; ours is to try later the same day.
REMEMBERED = datetime.timedelta(hours=6)


def put_shortages(
    dynamodb: "DynamoDBClient", table: str, shortages: Iterable[Shortage], now: datetime.datetime
) -> None:
    """Remember shortages seen at ``now``; the same one seen again counts from then."""
    for shortage in shortages:
        key = f"{shortage.instance_type} {shortage.subnet} {shortage.market}"
        dynamodb.put_item(
            TableName=table,
            Item={
                "job": {"S": _PARTITION},
                "run": {"S": key},
                "instance_type": {"S": shortage.instance_type},
                "subnet": {"S": shortage.subnet},
                "market": {"S": shortage.market},
                "expires": {"N": str(int((now + REMEMBERED).timestamp()))},
            },
        )


def recent_shortages(dynamodb: "DynamoDBClient", table: str, now: datetime.datetime) -> list[Shortage]:
    """Return the shortages that still count at ``now``.

    DynamoDB may delete an expired item days late, so its time is looked at here as well.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
    """
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="job = :partition",
        ExpressionAttributeValues={":partition": {"S": _PARTITION}},
    )
    found = []
    for item in (item for page in pages for item in page["Items"]):
        if float(item["expires"]["N"]) > now.timestamp():
            market: Market = "spot" if item["market"]["S"] == "spot" else "on_demand"
            found.append(Shortage(item["instance_type"]["S"], item["subnet"]["S"], market))
    return found
