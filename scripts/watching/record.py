"""The record of a run that was followed."""

import json
from typing import Any

from lambdas import aws
from lambdas.inputs.uri import S3Uri


def read_record(execution: dict[str, Any]) -> dict[str, Any] | None:
    """Fetch the record ``record_run`` wrote of an execution, or ``None`` if the run ended before it had one."""
    if execution["status"] != "SUCCEEDED":
        return None
    uri = S3Uri.parse(json.loads(execution["output"])["record"])
    body = aws.s3().get_object(Bucket=uri.bucket, Key=uri.key)["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found
