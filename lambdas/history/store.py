"""Where history is kept: items of their own in the run table, per job and per class of jobs, gone after a while."""

import datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lambdas.history.entry import HistoryEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Names of jobs have neither this character nor spaces, so no run shares a key, and no job one with a class.
_OF_JOB = "#history {}"
_OF_CLASS = "#history class {}"

# How long an entry is kept: a year, so that a job of every year finds its last run, and a month to be late in.
KEPT = datetime.timedelta(days=400)

# What is read at most. More runs than these hardly make a prediction better.
MAX_ENTRIES = 200


def put_history(dynamodb: "DynamoDBClient", table: str, entry: HistoryEntry) -> None:
    """Keep an entry, for its job and for its class; written again, it replaces itself."""
    partitions = [_OF_JOB.format(entry.job)]
    if entry.job_class:
        partitions.append(_OF_CLASS.format(entry.job_class))
    for partition in partitions:
        dynamodb.put_item(
            TableName=table,
            Item={
                "job": {"S": partition},
                "run": {"S": _sort_key(entry)},
                "entry": {"S": entry.model_dump_json(exclude_defaults=True)},
                "expires": {"N": str(int((entry.started + KEPT).timestamp()))},
            },
        )


def recent_history(dynamodb: "DynamoDBClient", table: str, job: str, limit: int = MAX_ENTRIES) -> list[HistoryEntry]:
    """Return the newest entries of a job, newest first."""
    return _newest(dynamodb, table, _OF_JOB.format(job), limit)


def class_history(
    dynamodb: "DynamoDBClient", table: str, job_class: str, limit: int = MAX_ENTRIES
) -> list[HistoryEntry]:
    """Return the newest entries of all jobs of a class, newest first."""
    return _newest(dynamodb, table, _OF_CLASS.format(job_class), limit)


def _sort_key(entry: HistoryEntry) -> str:
    """Order entries by time: that of the start, which is the same whenever the run is recorded."""
    moment = entry.started.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
    return f"{moment} {entry.job} {entry.run}"


def _newest(dynamodb: "DynamoDBClient", table: str, partition: str, limit: int) -> list[HistoryEntry]:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="job = :partition",
        ExpressionAttributeValues={":partition": {"S": partition}},
        ScanIndexForward=False,
        PaginationConfig={"MaxItems": limit, "PageSize": limit},
    )
    found = []
    for item in (item for page in pages for item in page["Items"]):
        try:
            found.append(HistoryEntry.model_validate_json(item["entry"]["S"]))
        except ValidationError:  # as another version of this code wrote it
            continue
    return found
