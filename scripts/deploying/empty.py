"""Emptying buckets, which CloudFormation does not delete while something is in them."""

from typing import TYPE_CHECKING

from scripts.deploying.errors import NotEmptiedError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

# As many as a list has, and as a call deletes.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
PAGE = 1000


def empty(s3: "S3Client", bucket: str) -> int:
    """Delete all that is in a bucket, with every earlier version.

    Parameters
    ----------
    s3
        The client.
    bucket
        Its name.

    Returns
    -------
    int
        How many versions and delete markers there were.

    Raises
    ------
    NotEmptiedError
        S3 did not delete something.
    """
    count = 0
    while entries := _first(s3, bucket):
        refused = s3.delete_objects(Bucket=bucket, Delete={"Objects": entries, "Quiet": True}).get("Errors", [])
        if refused:
            first = refused[0]
            raise NotEmptiedError(
                f"s3://{bucket}/{first.get('Key')} could not be deleted, nor {len(refused) - 1} others: "
                f"{first.get('Code')}: {first.get('Message')}"
            )
        count += len(entries)
    return count


def _first(s3: "S3Client", bucket: str) -> "list[ObjectIdentifierTypeDef]":
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=PAGE)
    versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
