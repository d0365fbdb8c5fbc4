"""The objects of a trigger in the table of starts, and the lists of its batches in S3.

``waiting#<time>#<identity>`` waits, ``closed`` counts, ``closing`` names; ``object`` remembers, each in its own queue,
because DynamoDB takes a thousand writes a second to one.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
"""

import contextlib
import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lambdas.inputs.uri import S3Uri
from lambdas.starts.batches import Closing, Waiting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

# How long a second announcement of an object is known for one: as long as Step Functions remembers names.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MEMORY = datetime.timedelta(days=90)

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
MAX_BATCH_WRITES = 25

# What DynamoDB did not get to is sent again after a pause that grows.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html#Programming.Errors.RetryAndBackoff
FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 2.0

# Why a transaction was cancelled: a condition does not hold; another's writes one of its items at this moment.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_FAILED = "ConditionalCheckFailed"
_CONFLICT = "TransactionConflict"

_KNOWN = "object"
_WAITING = "waiting#"
_CLOSED = "closed"
_CLOSING = "closing"
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
_NAMES = {"#queue": "queue", "#item": "item"}


@dataclass(frozen=True)
class BatchTable:
    """The objects of one trigger of one job.

    Attributes
    ----------
    dynamodb, table
        The client and the table of starts.
    s3, folder
        The client, and where the lists go.
    queue
        What tells this trigger from others.
    """

    dynamodb: "DynamoDBClient"
    table: str
    s3: "S3Client"
    folder: S3Uri
    queue: str

    def add(self, identity: str, uri: str, size: int, now: datetime.datetime) -> bool:
        """Let an object wait; false if it has been announced before."""
        moment = now.astimezone(datetime.UTC).strftime(_MOMENT)
        of_object = replace(self, queue=f"{self.queue}#{identity}")
        known = of_object._item(_KNOWN, expires={"N": str(int((now + MEMORY).timestamp()))})
        waits = self._item(f"{_WAITING}{moment}#{identity}", uri={"S": uri}, size={"N": str(size)}, since={"S": moment})
        return self._write({"Put": {**known, **_ABSENT}}, {"Put": waits}, lost={_FAILED})

    def first(self, limit: int) -> list[Waiting]:
        """Return those that have waited longest."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression="#queue = :queue AND begins_with(#item, :waiting)",
            ExpressionAttributeNames=_NAMES,
            ExpressionAttributeValues={":queue": {"S": self.queue}, ":waiting": {"S": _WAITING}},
            # Without a page's size each of them would be a megabyte, however few are wanted of it.
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )
        return [_waiting(item) for page in pages for item in page["Items"]]

    def closed(self) -> int:
        """Return how many batches have been closed."""
        item = self._get(_CLOSED)
        return int(item["count"]["N"]) if item else 0

    def closing(self) -> Closing | None:
        """Return the batch that is being closed."""
        item = self._get(_CLOSING)
        return Closing(item["batch"]["S"], item["manifest"]["S"]) if item else None

    def write(self, batch: str, document: str) -> str:
        """Write a batch's list, and return its address."""
        uri = S3Uri(self.folder.bucket, f"{self.folder.key}{batch}.json")
        self.s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=document.encode())
        return str(uri)

    def read(self, manifest: str) -> str:
        """Return a batch's list."""
        uri = S3Uri.parse(manifest)
        return self.s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read().decode()

    def close(self, closing: Closing, closed: int) -> bool:
        """Close a batch, if none is being closed and no more have been closed than were."""
        named = self._item(_CLOSING, batch={"S": closing.batch}, manifest={"S": closing.manifest})
        counted = self._item(_CLOSED, count={"N": str(closed + 1)})
        still: dict[str, Any] = _ABSENT
        if closed:
            still = {
                "ConditionExpression": "#count = :closed",
                "ExpressionAttributeNames": {"#count": "count"},
                "ExpressionAttributeValues": {":closed": {"N": str(closed)}},
            }
        # Of two who close at the same moment the first one has it. Of two who add an object so, the other has to come
        # again: only then is it sure that the object is known.
        return self._write({"Put": {**named, **_ABSENT}}, {"Put": {**counted, **still}}, lost={_FAILED, _CONFLICT})

    def remove(self, items: Sequence[str]) -> None:
        """Let objects wait no more."""
        for begin in range(0, len(items), MAX_BATCH_WRITES):
            some = items[begin : begin + MAX_BATCH_WRITES]
            left: dict[str, Any] = {self.table: [{"DeleteRequest": {"Key": self._key(item)}} for item in some]}
            pause = FIRST_PAUSE_SECONDS
            while left := dict(self.dynamodb.batch_write_item(RequestItems=left)["UnprocessedItems"]):
                time.sleep(pause)
                pause = min(2 * pause, MAX_PAUSE_SECONDS)

    def finish(self, closing: Closing) -> None:
        """Forget that a batch is being closed, if it still is; somebody may be just looking for that."""
        with contextlib.suppress(
            self.dynamodb.exceptions.ConditionalCheckFailedException,
            self.dynamodb.exceptions.TransactionConflictException,
        ):
            self.dynamodb.delete_item(
                TableName=self.table,
                Key=self._key(_CLOSING),
                ConditionExpression="#batch = :batch",
                ExpressionAttributeNames={"#batch": "batch"},
                ExpressionAttributeValues={":batch": {"S": closing.batch}},
            )

    def _write(self, *writes: Any, lost: set[str]) -> bool:
        """Make all of some writes; false if they were cancelled for one of those reasons."""
        try:
            self.dynamodb.transact_write_items(TransactItems=writes)
        except self.dynamodb.exceptions.TransactionCanceledException as error:
            codes = {reason["Code"] for reason in error.response["CancellationReasons"]}
            if codes & lost:
                return False
            raise
        return True

    def _get(self, item: str) -> dict[str, Any] | None:
        return self.dynamodb.get_item(TableName=self.table, Key=self._key(item), ConsistentRead=True).get("Item")

    def _item(self, item: str, **attributes: Any) -> dict[str, Any]:
        return {"TableName": self.table, "Item": {**self._key(item), **attributes}}

    def _key(self, item: str) -> dict[str, Any]:
        return {"queue": {"S": self.queue}, "item": {"S": item}}


_ABSENT = {"ConditionExpression": "attribute_not_exists(#item)", "ExpressionAttributeNames": {"#item": "item"}}


def _waiting(item: dict[str, Any]) -> Waiting:
    since = datetime.datetime.strptime(item["since"]["S"], _MOMENT).replace(tzinfo=datetime.UTC)
    return Waiting(item["item"]["S"], item["uri"]["S"], int(item["size"]["N"]), since)
