"""Where plans and records are stored: objects in the log bucket, one item per run in the run table.

Everything is written under a name that follows from job and run, so writing it again replaces it.
"""

import json
from decimal import Decimal
from typing import IO, TYPE_CHECKING

from lambdas.inputs.uri import S3Uri
from lambdas.runs.record import RunRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_s3 import S3Client

# An item holds 400 KB; a long cause is in the record, the item has its beginning.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
_CAUSE_CHARACTERS = 2_000


def run_folder(log_bucket: str, job: str, run: str) -> str:
    """Return where a run's documents lie, ``s3://<log>/runs/<job>/<run>/``."""
    return f"s3://{log_bucket}/runs/{job}/{run}/"


def put_manifest(s3: "S3Client", uri: str, manifest: IO[bytes]) -> None:
    """Write a manifest from its temporary file."""
    target = S3Uri.parse(uri)
    manifest.seek(0)
    s3.put_object(Bucket=target.bucket, Key=target.key, Body=manifest, ContentType="application/json")


def put_record(s3: "S3Client", dynamodb: "DynamoDBClient", log_bucket: str, table: str, record: RunRecord) -> str:
    """Write a record to S3 and to the run table.

    Returns
    -------
    str
        The record's address.
    """
    target = S3Uri.parse(f"{run_folder(log_bucket, record.job, record.run)}record.json")
    body = json.dumps(record.as_document(), indent=2, ensure_ascii=False) + "\n"
    s3.put_object(Bucket=target.bucket, Key=target.key, Body=body.encode(), ContentType="application/json")
    dynamodb.put_item(TableName=table, Item=_item(record, str(target)))
    return str(target)


def _item(record: RunRecord, address: str) -> dict[str, "AttributeValueTypeDef"]:
    texts = {
        "run": record.run,
        "job": record.job,
        "status": record.status,
        "started": record.started.isoformat(),
        "ended": record.ended.isoformat(),
        "input": record.input,
        "cluster_id": record.cluster_id,
        "record": address,
        "failure_class": (record.diagnosis or {}).get("failure_class"),
        "error": record.error,
        "cause": record.cause[:_CAUSE_CHARACTERS] if record.cause else None,
    }
    item: dict[str, AttributeValueTypeDef] = {name: {"S": text} for name, text in texts.items() if text is not None}
    return {**item, "usd": {"N": f"{Decimal(str(record.cost.total)).normalize():f}"}}
