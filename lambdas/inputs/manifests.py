"""Files that list the input of a run, object by object.

Two forms are read: addresses, one a line, as Hive's SymlinkTextInputFormat and Delta's symlink manifests have them; and
the JSON that Redshift writes and reads.

https://docs.delta.io/latest/presto-integration.html
https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.inputs.errors import InputMissingError, InputOverlapError, ManifestInvalidError
from lambdas.inputs.pages import S3Object
from lambdas.inputs.uri import S3Uri, UriError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A manifest is read as a whole, and its addresses are kept: some fifty thousand fit.
MAX_MANIFEST_BYTES = 8 * 1024 * 1024

# Objects whose size must be asked for, at a few hundred a second.
MAX_UNKNOWN_SIZES = 10_000

_HOW = 'list one s3:// address a line, or write {"entries": [{"url": "s3://...", "meta": {"content_length": n}}, ...]}'


@dataclass(frozen=True)
class Entry:
    """An object that a manifest lists, and its bytes if the manifest says so."""

    uri: S3Uri
    size: int | None = None


def read_manifest(s3: "S3Client", manifest: S3Uri) -> list[Entry]:
    """Fetch and read a manifest.

    Raises
    ------
    InputMissingError, ManifestInvalidError, InputOverlapError
        There is none, it is too large, or it does not list objects, each once; the message says what is wrong.
    """
    try:
        answer = s3.get_object(Bucket=manifest.bucket, Key=manifest.key)
    except s3.exceptions.NoSuchKey as error:
        raise InputMissingError(f"the manifest {manifest} does not exist; write it before the run starts") from error
    if answer["ContentLength"] > MAX_MANIFEST_BYTES:
        raise ManifestInvalidError(
            f"the manifest {manifest} has {answer['ContentLength']:,} bytes, more than {MAX_MANIFEST_BYTES:,}; "
            "name the folder of the objects, or split it over several runs"
        )
    return parse_manifest(answer["Body"].read(), manifest)


def parse_manifest(body: bytes, manifest: S3Uri) -> list[Entry]:
    """Read a manifest's text, see ``read_manifest``."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestInvalidError(f"the manifest {manifest} is no UTF-8 text; {_HOW}") from error
    is_json = text.lstrip().startswith("{")
    found = _json_entries(text, manifest) if is_json else _lines(text)
    entries: dict[S3Uri, Entry] = {}
    for place, url, size in found:
        entry = Entry(_object(url, place, manifest), size)
        if entry.uri in entries:
            raise InputOverlapError(f"the manifest {manifest} lists {entry.uri} twice; list each object once")
        entries[entry.uri] = entry
    unknown = sum(entry.size is None for entry in entries.values())
    if unknown > MAX_UNKNOWN_SIZES:
        raise ManifestInvalidError(
            f"the manifest {manifest} has {unknown:,} objects without their size, and at most {MAX_UNKNOWN_SIZES:,} "
            "are asked for one by one; write meta.content_length, or name the folder of the objects"
        )
    return sorted(entries.values(), key=lambda entry: (entry.uri.bucket, entry.uri.key))


def head_object(s3: "S3Client", entry: Entry) -> S3Object:
    """Ask S3 for an object that a manifest lists; its archive tier is known here, other than in a listing.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html

    Raises
    ------
    InputMissingError
        It does not exist.
    """
    try:
        answer = s3.head_object(Bucket=entry.uri.bucket, Key=entry.uri.key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey"}:
            raise InputMissingError(
                f"{entry.uri}, which the manifest lists, does not exist; write the manifest anew"
            ) from error
        raise
    # INTELLIGENT_TIERING has archive tiers of its own, which HeadObject shows and a listing does not.
    storage_class = "GLACIER" if "ArchiveStatus" in answer else answer.get("StorageClass", "STANDARD")
    restored = 'ongoing-request="false"' in answer.get("Restore", "")
    return S3Object(entry.uri.key, answer["ContentLength"], answer["ETag"].strip('"'), storage_class, restored)


def _lines(text: str) -> Iterable[tuple[str, str, None]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield f"line {number}", line.strip(), None


def _json_entries(text: str, manifest: S3Uri) -> Sequence[tuple[str, Any, int | None]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ManifestInvalidError(f"the manifest {manifest} is no JSON: {error}; {_HOW}") from error
    entries = document.get("entries")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ManifestInvalidError(f"the manifest {manifest} has no list of objects at 'entries'; {_HOW}")
    return [(f"entries[{number}]", entry.get("url"), _size(entry)) for number, entry in enumerate(entries)]


def _size(entry: Mapping[str, Any]) -> int | None:
    meta = entry.get("meta")
    size = meta.get("content_length") if isinstance(meta, dict) else None
    return size if isinstance(size, int) and size >= 0 else None


def _object(url: object, place: str, manifest: S3Uri) -> S3Uri:
    try:
        uri = S3Uri.parse(url if isinstance(url, str) else "")
    except UriError as error:
        raise ManifestInvalidError(f"the manifest {manifest} has no usable address at {place}: {error}") from error
    if uri.is_folder:
        raise ManifestInvalidError(f"the manifest {manifest} has a folder at {place}, {uri}; list the objects in it")
    return uri
