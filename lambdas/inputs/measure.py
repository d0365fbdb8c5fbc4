"""What lies at the input of a run, and the manifest that freezes it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import IO, TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from lambdas.inputs.areas import Address, Area, group, refuse_object_in
from lambdas.inputs.errors import InputArchivedError, InputBucketMissingError, InputDeniedError, InputEmptyError
from lambdas.inputs.formats import Kind
from lambdas.inputs.frozen import FrozenManifest
from lambdas.inputs.globs import S3Glob
from lambdas.inputs.listing import WORKERS, list_areas
from lambdas.inputs.manifests import Entry, head_object, read_manifest
from lambdas.inputs.pages import Page, S3Object, list_page
from lambdas.inputs.request import Request
from lambdas.inputs.tally import Tally
from lambdas.inputs.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"NoSuchBucket", "404"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "403"})

A = TypeVar("A")
B = TypeVar("B")


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
    small_files
        Files below 4 MiB, which Spark takes longer to open than to read.
    partitions
        Folders ``k=v/`` with files, of several within each other the innermost.
    storage_classes
        Bytes by storage class, most bytes first; what an event or a manifest tells of is taken to be ``STANDARD``.
    version
        What tells this input from any other: made of every object's address, size and ETag.
    newest
        When something was last written there; ``None`` where no folder was listed. The same input may have been written
        again, so it tells no two apart.
    """

    bytes: int
    files: int
    largest_file_bytes: int
    largest_unsplittable_bytes: int
    unsplittable_bytes: int
    unsplittable_files: int
    kinds: tuple[tuple[Kind, int], ...]
    small_files: int = 0
    partitions: int = 0
    storage_classes: tuple[tuple[str, int], ...] = ()
    version: str = ""
    newest: datetime | None = field(default=None, compare=False)

    @property
    def format(self) -> str:
        """The format, or ``mixed``."""
        return _only({kind.format for kind, _ in self.kinds})

    @property
    def codec(self) -> str:
        """The codec, or ``mixed``."""
        return _only({kind.codec for kind, _ in self.kinds})


def measure_input(s3: "S3Client", request: Request, manifest: IO[bytes]) -> tuple[tuple[str, ...], Measurement]:
    """Find out what a run would read, and write its manifest.

    Only what Spark would read counts: no empty objects, no folder markers, and no name that starts with ``_`` or ``.``
    (``_SUCCESS``, ``_temporary/``). Memory does not grow with the number of objects listed. Objects that
    INTELLIGENT_TIERING moved to its archive tiers look like any other in a listing, so they are not noticed there; the
    step that reads them fails. An object that its event tells of, or whose size a manifest has, is not looked at.

    Parameters
    ----------
    s3
        The client; it should allow ``listing.WORKERS`` connections.
    request
        What to read. An address without a slash at its end is the object of that very key, if there is one, else the
        folder.
    manifest
        Where the manifest goes: ``{"inputs": [...], "objects": [{"bucket", "key", "bytes", "etag"}, ...]}``, the
        objects in no order.

    Returns
    -------
    tuple of str, and Measurement
        The addresses as a step reads them, a folder's with a slash at its end, and what lies there.

    Raises
    ------
    RejectionError
        The input cannot be read; the message says why and what to do.
    """
    with _explained(request):
        objects, inputs = _find(s3, request)
        addresses = tuple(map(str, inputs)) or tuple(f"s3://{bucket}/{found.key}" for bucket, found in objects)
        frozen = FrozenManifest(manifest, addresses)
        tally = _count(objects, frozen)
        areas = group([each for each in inputs if isinstance(each, S3Glob) or each.is_folder])
        pages = _Pages(s3)
        for part in list_areas(pages.fetch, areas, partial(_Part, frozen)):
            tally.follow_with(part.tally)
        frozen.end()
    _refuse(tally, request)
    return addresses, _measurement(tally, frozen.version, pages.newest)


class _Pages:
    """Lists pages for several threads, and remembers when the object modified last was."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3
        self._lock = threading.Lock()
        self.newest: datetime | None = None

    def fetch(self, bucket: str, prefix: str, after: str = "", token: str = "", delimiter: str = "") -> Page:
        page = list_page(self._s3, bucket, prefix, after, token, delimiter)
        with self._lock:
            if page.newest is not None:
                self.newest = max(self.newest or page.newest, page.newest)
        return page


class _Part:
    """What one thread counts and writes of an area."""

    def __init__(self, frozen: FrozenManifest, area: Area) -> None:
        self._frozen, self._area = frozen, area
        self.tally = Tally()

    def add(self, objects: Sequence[S3Object]) -> None:
        bucket = self._area.bucket
        self._frozen.write(bucket, self.tally.add(bucket, objects, self._area.inside))


def _find(s3: "S3Client", request: Request) -> tuple[list[tuple[str, S3Object]], list[Address]]:
    """Return the objects known one by one, and the addresses asked for, which are theirs where there are none."""
    if request.created:
        return [(request.created.uri.bucket, request.created.object)], []
    if request.manifest:
        entries = read_manifest(s3, request.manifest)
        sized = _in_parallel(partial(_object_of, s3), entries)
        return [(entry.uri.bucket, found) for entry, found in zip(entries, sized, strict=True)], []
    resolved = _in_parallel(partial(_resolve, s3), request.inputs)
    patterns = [each for each in request.inputs if isinstance(each, S3Glob)]
    objects = [(address, found) for address, found in resolved if isinstance(address, S3Uri) and found]
    for uri, _ in objects:
        refuse_object_in(uri, patterns)
    return sorted((uri.bucket, found) for uri, found in objects), [address for address, _ in resolved]


def _object_of(s3: "S3Client", entry: Entry) -> S3Object:
    return head_object(s3, entry) if entry.size is None else S3Object(entry.uri.key, entry.size)


def _resolve(s3: "S3Client", address: Address) -> tuple[Address, S3Object | None]:
    """Return the address of a folder with its slash, that of an object with the object."""
    if isinstance(address, S3Glob) or address.is_folder:
        return address, None
    # Keys come in UTF-8 order, so an object of exactly this key is the first with this prefix.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    found = list_page(s3, address.bucket, address.key, limit=1).objects
    return (address, found[0]) if found and found[0].key == address.key else (address.as_folder(), None)


def _in_parallel(function: Callable[[A], B], values: Sequence[A]) -> list[B]:
    if len(values) <= 1:
        return list(map(function, values))
    with ThreadPoolExecutor(min(WORKERS, len(values))) as pool:
        try:
            return list(pool.map(function, values))
        finally:
            pool.shutdown(cancel_futures=True)


def _count(objects: Sequence[tuple[str, S3Object]], frozen: FrozenManifest) -> Tally:
    tally = Tally()
    for bucket, group_ in groupby(objects, key=lambda pair: pair[0]):
        found = [each for _, each in group_]
        frozen.write(bucket, tally.add(bucket, found, lambda key: key.rsplit("/", 1)[-1]))
    return tally


@contextmanager
def _explained(request: Request) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        bucket = error.response["Error"].get("BucketName") or str(request).split("/")[2]
        if code in _MISSING:
            raise InputBucketMissingError(
                f"the bucket {bucket!r} of {request} does not exist; check its name and the account"
            ) from error
        if code in _DENIED:
            what = "s3:GetObject" if request.manifest else "s3:ListBucket"
            raise InputDeniedError(
                f"{error.operation_name} of {request} is denied; allow {what} on {bucket!r} to the role of the "
                "function plan_run, and reading it to the cluster's instance profile"
            ) from error
        raise


def _refuse(tally: Tally, request: Request) -> None:
    files = tally.files
    if tally.archived:
        raise InputArchivedError(
            f"{tally.archived:,} of {tally.archived + files:,} files at {request} ({tally.archived_bytes:,} bytes) are "
            f"archived and cannot be read, such as {tally.archived_example!r}; restore them, or move them out of the "
            "input"
        )
    if not files:
        also = f" but {tally.ignored:,} empty or hidden objects, such as markers" if tally.ignored else ""
        raise InputEmptyError(f"there is no data at {request}{also}; write the data before the run starts")


def _measurement(tally: Tally, version: str, newest: datetime | None) -> Measurement:
    kinds = sorted(tally.kinds.items(), key=lambda item: (-item[1].bytes, item[0]))
    alone = [volume for kind, volume in kinds if not kind.is_splittable]
    return Measurement(
        bytes=sum(volume.bytes for _, volume in kinds),
        files=tally.files,
        largest_file_bytes=max(volume.largest for _, volume in kinds),
        largest_unsplittable_bytes=max((volume.largest for volume in alone), default=0),
        unsplittable_bytes=sum(volume.bytes for volume in alone),
        unsplittable_files=sum(volume.files for volume in alone),
        kinds=tuple((kind, volume.bytes) for kind, volume in kinds),
        small_files=tally.small_files,
        partitions=tally.partitions,
        storage_classes=tuple(tally.storage_classes.most_common()),
        version=version,
        newest=newest,
    )


def _only(names: set[str]) -> str:
    return names.pop() if len(names) == 1 else "mixed"
