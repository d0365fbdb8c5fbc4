"""Where manifests and records are stored: objects in the log bucket, whose names follow from job and run.

So writing one again replaces it. What is to be found without reading records is in the ledger (``lambdas/ledger``).
"""

import json
from typing import IO, TYPE_CHECKING

from lambdas.inputs.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from lambdas.runs.record import RunRecord


def run_folder(log_bucket: str, job: str, run: str) -> str:
    """Return where a run's documents lie, ``s3://<log>/runs/<job>/<run>/``."""
    return f"s3://{log_bucket}/runs/{job}/{run}/"


def put_manifest(s3: "S3Client", uri: str, manifest: IO[bytes]) -> None:
    """Write a manifest from its temporary file."""
    target = S3Uri.parse(uri)
    manifest.seek(0)
    s3.put_object(Bucket=target.bucket, Key=target.key, Body=manifest, ContentType="application/json")


def put_record(s3: "S3Client", log_bucket: str, record: "RunRecord") -> str:
    """Write a record to S3.

    Returns
    -------
    str
        The record's address.
    """
    target = S3Uri.parse(f"{run_folder(log_bucket, record.job, record.run)}record.json")
    body = json.dumps(record.as_document(), indent=2, ensure_ascii=False) + "\n"
    s3.put_object(Bucket=target.bucket, Key=target.key, Body=body.encode(), ContentType="application/json")
    return str(target)
