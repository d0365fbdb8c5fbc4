"""The local S3 as folders, for Spark to work on.

Job code says `s3://bucket/key`. Hadoop's own `ViewFileSystemOverloadScheme` mounts a folder under that address by
configuration alone: no connector to download, no Java of our own, and the fastest way measured. The price is that
objects must lie in the folder before a step and be taken back after it. So a step sees the buckets as they were when
it started: what others put or delete while it runs is seen by the next step, and what the step writes is seen by
others when it has ended.
"""

import logging
import os
import shutil
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from scripts.local.spark.command import S3_URI

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)

_THREADS = 8
_CHUNK = 2**20
_LONGEST_NAME = 255
_DELETED_AT_ONCE = 1000
_WHOLE = TransferConfig(multipart_threshold=64 * 2**20, multipart_chunksize=64 * 2**20, use_threads=False)
_MARKER = "_SUCCESS"


class MissingObjectError(LookupError):
    """A file a step names is in no bucket of the local S3."""


class _File(NamedTuple):
    """How a file is told from a changed one without reading it; `inode` sees one file renamed over another."""

    size: int
    mtime_ns: int
    inode: int


_FOLDER = _File(0, 0, 0)


@dataclass(frozen=True)
class _Copy:
    """An object as it lies in the folder."""

    etag: str
    file: _File


@dataclass(frozen=True)
class Transfer:
    """What a pull or a push moved."""

    objects: int = 0
    bytes: int = 0
    deleted: int = 0


class BucketMirror:
    """All buckets of an S3 endpoint in a folder, as `<folder>/<bucket>/<key>`.

    Keys that cannot be files below their bucket's folder are left out, with a warning: empty, `.` and `..` segments,
    a segment of more than 255 bytes, a key that is also the folder of another one, and where the file system does not
    tell upper from lower case, one of two that differ in no more. Keys that end in `/` are folders. Only one thread
    may use a mirror at a time.

    Parameters
    ----------
    s3_client
        Client of the local S3.
    folder
        Where the buckets go; emptied first.
    """

    def __init__(self, s3_client: "S3Client", folder: Path) -> None:
        self._s3 = s3_client
        self.folder = folder.resolve()
        self._partial = self.folder / ".partial"
        self._have: dict[str, dict[str, _Copy]] = {}
        self._left_out: set[tuple[str, str]] = set()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._partial.mkdir(parents=True)
        self._folds_names = _folds_names(self._partial)

    @property
    def buckets(self) -> list[str]:
        """The buckets there were at the last pull."""
        return sorted(self._have)

    @property
    def size(self) -> int:
        """Bytes in all buckets at the last pull: more no step can read."""
        return sum(copy.file.size for have in self._have.values() for copy in have.values())

    def locate(self, uri: str) -> Path:
        """Give the local copy of an `s3://` object.

        Raises
        ------
        MissingObjectError
            If there was no such object at the last pull.
        """
        parts = S3_URI.fullmatch(uri)
        if parts is None or parts["key"].endswith("/") or parts["key"] not in self._have.get(parts["bucket"], {}):
            raise MissingObjectError(f"{uri} is not in the local S3: upload it, or correct the step's arguments.")
        return self.folder / parts["bucket"] / parts["key"]

    def pull(self) -> Transfer:
        """Bring the folder to the state of the buckets; only what differs is moved."""
        listed = {each["Name"]: self._list(each["Name"]) for each in self._s3.list_buckets()["Buckets"]}
        for entry in list(self.folder.iterdir()):
            if entry.is_dir() and entry != self._partial and entry.name not in listed:
                shutil.rmtree(entry)
        total = Transfer()
        before, self._have = self._have, {bucket: {} for bucket in listed}
        with ThreadPoolExecutor(_THREADS) as pool:
            for bucket, objects in listed.items():
                moved = self._pull_bucket(bucket, objects, before.get(bucket, {}), pool)
                total = _add(total, moved)
        return total

    def push(self) -> Transfer:
        """Upload what was written to the folder since the pull, delete what was removed from it.

        Within a bucket deletions come first and `_SUCCESS` markers last, as a committing job orders them: a rule
        that waits for the marker finds the data. What a failed job left in `_temporary` stays behind, and empty
        folders are no objects.
        """
        total = Transfer()
        with ThreadPoolExecutor(_THREADS) as pool:
            for bucket, have in self._have.items():
                total = _add(total, self._push_bucket(bucket, have, pool))
        return total

    def _pull_bucket(
        self, bucket: str, objects: dict[str, tuple[str, int]], before: dict[str, _Copy], pool: ThreadPoolExecutor
    ) -> Transfer:
        root = self.folder / bucket
        root.mkdir(exist_ok=True)
        wanted = self._mirrored(bucket, objects)
        deleted = _remove_unlisted(root, wanted)
        have = self._have[bucket]
        missing = []
        for key in wanted:
            etag, size = objects[key]
            copy = before.get(key)
            if key.endswith("/"):
                (root / key).mkdir(parents=True, exist_ok=True)
                have[key] = _Copy(etag, _FOLDER)
            elif copy and copy.etag == etag and copy.file.size == size and _stat(root / key) == copy.file:
                have[key] = copy
            else:
                missing.append(key)
        fetched = 0
        for key, copy in zip(missing, pool.map(lambda key: self._download(bucket, key), missing), strict=True):
            if copy:
                have[key] = copy
                fetched += copy.file.size
        return Transfer(len(missing), fetched, deleted)

    def _push_bucket(self, bucket: str, have: dict[str, _Copy], pool: ThreadPoolExecutor) -> Transfer:
        root = self.folder / bucket
        found = dict(_files(root))
        gone = [key for key in have if key not in found and not (key.endswith("/") and (root / key).is_dir())]
        changed = [
            key for key, file in found.items() if (have[key].file != file if key in have else not _is_leftover(key))
        ]
        self._delete(bucket, gone)
        for key in gone:
            del have[key]
        changed.sort(key=lambda key: key.rpartition("/")[2] == _MARKER)
        first_marker = next((n for n, key in enumerate(changed) if key.rpartition("/")[2] == _MARKER), len(changed))
        for batch in (changed[:first_marker], changed[first_marker:]):
            copies = pool.map(lambda key: self._upload(bucket, key, found[key]), batch)
            have.update(zip(batch, copies, strict=True))
        return Transfer(len(changed), sum(found[key].size for key in changed), len(gone))

    def _list(self, bucket: str) -> dict[str, tuple[str, int]]:
        """Give ETag and size of each key."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {each["Key"]: (each["ETag"], each["Size"]) for page in pages for each in page.get("Contents", [])}

    def _mirrored(self, bucket: str, keys: Iterable[str]) -> list[str]:
        """Leave out the keys that cannot be files."""
        fitting = [key for key in keys if _is_a_path(key)]
        if self._folds_names:
            fitting = _without_namesakes(fitting)
        folders = {folder for key in fitting for folder in _folders(key)}
        wanted = [key for key in fitting if key.endswith("/") or key not in folders]
        for key in set(keys).difference(wanted):
            if (bucket, key) not in self._left_out:
                self._left_out.add((bucket, key))
                _log.warning("s3://%s/%s cannot be a local file: Spark will not see it", bucket, key)
        return wanted

    def _download(self, bucket: str, key: str) -> _Copy | None:
        """Fetch one object; None if it was deleted since it was listed."""
        partial = self._partial / uuid.uuid4().hex
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"NoSuchKey", "404"}:
                return None
            raise
        with partial.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(_CHUNK):
                file.write(chunk)
        target = self.folder / bucket / key
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)
        return _Copy(answer["ETag"], _of(target.stat()))

    def _upload(self, bucket: str, key: str, file: _File) -> _Copy:
        self._s3.upload_file(str(self.folder / bucket / key), bucket, key, Config=_WHOLE)
        return _Copy(self._s3.head_object(Bucket=bucket, Key=key)["ETag"], file)

    def _delete(self, bucket: str, keys: list[str]) -> None:
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            batch = keys[start : start + _DELETED_AT_ONCE]
            answer = self._s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in batch]})
            for error in answer.get("Errors", []):
                _log.warning("s3://%s/%s was not deleted: %s", bucket, error.get("Key"), error.get("Message"))


def _add(one: Transfer, other: Transfer) -> Transfer:
    return Transfer(one.objects + other.objects, one.bytes + other.bytes, one.deleted + other.deleted)


def _is_a_path(key: str) -> bool:
    segments = key.removesuffix("/").split("/")
    return "\0" not in key and all(
        segment not in {"", ".", ".."} and len(segment.encode()) <= _LONGEST_NAME for segment in segments
    )


def _is_leftover(key: str) -> bool:
    """Tell what a committer of Spark or Hadoop had not finished."""
    return any(segment == "_temporary" or segment.startswith(".spark-staging-") for segment in key.split("/")[:-1])


def _folders(key: str) -> Iterator[str]:
    """Yield each folder a key lies in, or is, as a key without its last slash."""
    end = key.find("/")
    while end >= 0:
        yield key[:end]
        end = key.find("/", end + 1)


def _folds_names(folder: Path) -> bool:
    """Tell whether the file system takes names that differ in case for the same, as macOS does."""
    probe = folder / "probe"
    probe.touch()
    return (folder / "PROBE").exists()


def _without_namesakes(keys: Iterable[str]) -> list[str]:
    """Keep of keys that would share a file or a folder by case or Unicode form only the first."""
    names: dict[str, str] = {}
    kept = []
    for key in keys:
        paths = [*_folders(key), key]
        if all(names.setdefault(unicodedata.normalize("NFC", path).casefold(), path) == path for path in paths):
            kept.append(key)
    return kept


def _of(stat: os.stat_result) -> _File:
    return _File(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _stat(path: Path) -> _File | None:
    try:
        return _of(path.stat())
    except OSError:
        return None


def _files(folder: Path, prefix: str = "") -> Iterator[tuple[str, _File]]:
    """Yield key and state of every file below a folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield f"{prefix}{entry.name}", _of(entry.stat())


def _remove_unlisted(root: Path, wanted: Iterable[str]) -> int:
    """Delete what no key accounts for; give the number of files."""
    keys = set(wanted)
    folders = {folder for key in keys for folder in _folders(key)}
    deleted = 0
    for path, names, files in os.walk(root, topdown=True):
        inside = os.path.relpath(path, root)
        prefix = "" if inside == "." else f"{inside}/"
        for name in list(names):
            if f"{prefix}{name}" not in folders:
                deleted += sum(len(below) for _, _, below in os.walk(os.path.join(path, name)))  # noqa: PTH118
                shutil.rmtree(os.path.join(path, name))  # noqa: PTH118
                names.remove(name)
        for name in files:
            if f"{prefix}{name}" not in keys:
                os.remove(os.path.join(path, name))  # noqa: PTH107, PTH118
                deleted += 1
    return deleted
