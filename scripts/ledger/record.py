"""The record of a run, as far as it is still there."""

import json
from typing import Any

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.inputs.uri import S3Uri
from lambdas.ledger.entry import LedgerEntry

KEPT_DAYS = 400
"""How long the log bucket keeps records: infra/storage.yml."""

_GONE = {"NoSuchKey", "NoSuchBucket"}


def record_of(entry: LedgerEntry, problems: list[str] | None = None) -> dict[str, Any] | None:
    """Fetch a run's record; ``None`` if it has none that can be read.

    Parameters
    ----------
    entry
        The run.
    problems
        Gets a sentence about a record that should be there and is not, or cannot be read.
    """
    if not entry.record:
        return None
    try:
        address = S3Uri.parse(entry.record)
        found = json.loads(aws.s3().get_object(Bucket=address.bucket, Key=address.key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        problem = f"the record {entry.record} is gone; the log bucket keeps records for {KEPT_DAYS} days"
    except ValueError as error:
        problem = f"the record {entry.record} cannot be read: {error}"
    else:
        if isinstance(found, dict):
            return found
        problem = f"the record {entry.record} cannot be read: it is no JSON object"
    if problems is not None:
        problems.append(problem)
    return None
