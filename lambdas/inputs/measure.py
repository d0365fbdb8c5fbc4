"""What lies at an input: a listing of S3, page by page, and the manifest that freezes it."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.inputs.errors import InputArchivedError, InputBucketMissingError, InputDeniedError, InputEmptyError
from lambdas.inputs.formats import Kind, kind_of
from lambdas.inputs.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Objects in these classes cannot be read before they are restored.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
ARCHIVED_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})

# A manifest up to this size stays in memory, a larger one goes to the function's /tmp.
_MANIFEST_MEMORY_BYTES = 8 * 1024 * 1024

_MISSING = frozenset({"NoSuchBucket", "404"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "403"})


@dataclass(frozen=True)
class Measurement:
    """What lies at an input.

    Attributes
    ----------
    bytes, files
        Totals of the files that hold data.
    largest_file_bytes, largest_unsplittable_bytes
        The largest file, and the largest only one task can read.
    unsplittable_bytes, unsplittable_files
        Totals of the files only one task can read.
    kinds
        Bytes by format and codec, most bytes first.
    """

    bytes: int
    files: int
    largest_file_bytes: int
    largest_unsplittable_bytes: int
    unsplittable_bytes: int
    unsplittable_files: int
    kinds: tuple[tuple[Kind, int], ...]

    @property
    def format(self) -> str:
        """The format, or ``mixed``."""
        return _only({kind.format for kind, _ in self.kinds})

    @property
    def codec(self) -> str:
        """The codec, or ``mixed``."""
        return _only({kind.codec for kind, _ in self.kinds})


def measure_input(s3: "S3Client", uri: S3Uri, manifest: IO[bytes]) -> tuple[S3Uri, Measurement]:
    """List an input and write its manifest.

    Only what Spark would read counts: no empty objects, no folder markers, and no name that starts with ``_`` or ``.``
    (``_SUCCESS``, ``_temporary/``). Memory does not grow with the number of objects. Objects that
    INTELLIGENT_TIERING moved to its archive tiers look like any other in a listing, so they are not noticed here; the
    step that reads them fails.

    Parameters
    ----------
    s3
        The client.
    uri
        A folder, or one object. Without a slash at the end, an object of that very key comes first, else the folder.
    manifest
        Where the manifest goes: ``{"input": uri, "objects": [{"key", "bytes", "etag"}, ...]}``.

    Returns
    -------
    tuple of S3Uri and Measurement
        The address as a step reads it, a folder's with a slash at its end, and what lies there.

    Raises
    ------
    InputEmptyError, InputArchivedError, InputBucketMissingError, InputDeniedError
        The input cannot be read; the message says why and what to do.
    """
    try:
        uri = _resolve(s3, uri)
        return uri, _read(_listing(s3, uri), uri, manifest)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _MISSING:
            raise InputBucketMissingError(
                f"the bucket {uri.bucket!r} of {uri} does not exist; check its name and the account"
            ) from error
        if code in _DENIED:
            raise InputDeniedError(
                f"listing {uri} is denied; allow s3:ListBucket on {uri.bucket!r} to the role of the function plan_run, "
                "and reading it to the cluster's instance profile"
            ) from error
        raise


def open_manifest() -> IO[bytes]:
    """Return a temporary file for a manifest; it is gone when closed."""
    return tempfile.SpooledTemporaryFile(max_size=_MANIFEST_MEMORY_BYTES)


def _resolve(s3: "S3Client", uri: S3Uri) -> S3Uri:
    if uri.is_folder:
        return uri
    # Keys come in UTF-8 order, so an object of exactly this key is the first with this prefix.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    found = s3.list_objects_v2(Bucket=uri.bucket, Prefix=uri.key, MaxKeys=1).get("Contents", [])
    return uri if found and found[0]["Key"] == uri.key else uri.as_folder()


def _listing(s3: "S3Client", uri: S3Uri) -> Iterator[Mapping[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=uri.bucket, Prefix=uri.key, OptionalObjectAttributes=["RestoreStatus"]
    )
    for page in pages:
        for found in page.get("Contents", []):
            if uri.is_folder or found["Key"] == uri.key:
                yield found


def _read(listing: Iterator[Mapping[str, Any]], uri: S3Uri, manifest: IO[bytes]) -> Measurement:
    kinds: Counter[Kind] = Counter()
    files = largest = largest_unsplittable = unsplittable = unsplittable_files = 0
    ignored = archived = archived_bytes = 0
    example = ""
    manifest.write(b'{"input": ' + json.dumps(str(uri)).encode() + b', "objects": [')
    for found in listing:
        key, size = found["Key"], found["Size"]
        if size == 0 or _is_ignored(key, uri):
            ignored += 1
            continue
        if _is_archived(found):
            archived, archived_bytes, example = archived + 1, archived_bytes + size, example or key
            continue
        kind = kind_of(key)
        kinds[kind] += size
        largest = max(largest, size)
        if not kind.is_splittable:
            unsplittable, unsplittable_files = unsplittable + size, unsplittable_files + 1
            largest_unsplittable = max(largest_unsplittable, size)
        entry = {"key": key, "bytes": size, "etag": found.get("ETag", "").strip('"')}
        manifest.write((b",\n" if files else b"\n") + json.dumps(entry, ensure_ascii=False).encode())
        files += 1
    manifest.write(b"\n]}\n")
    if archived:
        raise InputArchivedError(
            f"{archived:,} of {archived + files:,} files at {uri} ({archived_bytes:,} bytes) are archived and cannot "
            f"be read, such as {example!r}; restore them, or move them out of the input"
        )
    if not files:
        also = f" but {ignored:,} empty or hidden objects, such as markers" if ignored else ""
        raise InputEmptyError(f"there is no data at {uri}{also}; write the data before the run starts")
    by_size = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    total = sum(kinds.values())
    return Measurement(total, files, largest, largest_unsplittable, unsplittable, unsplittable_files, tuple(by_size))


def _is_ignored(key: str, uri: S3Uri) -> bool:
    # The rule by which Spark skips files; names with "=" are partitions.
    # https://spark.apache.org/docs/3.5.8/sql-data-sources-generic-options.html
    inside = key.removeprefix(uri.key) if uri.is_folder else key.rsplit("/", 1)[-1]
    hidden = (part.startswith(".") or (part.startswith("_") and "=" not in part) for part in inside.split("/"))
    return key.endswith("/") or any(hidden)


def _is_archived(found: Mapping[str, Any]) -> bool:
    return found.get("StorageClass") in ARCHIVED_CLASSES and "RestoreExpiryDate" not in found.get("RestoreStatus", {})


def _only(names: set[str]) -> str:
    return names.pop() if len(names) == 1 else "mixed"
