"""Count objects as they are listed: totals that take no more memory for a million objects than for one."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from lambdas.inputs.formats import Kind, kind_of
from lambdas.inputs.pages import S3Object

# Objects in these classes cannot be read before they are restored.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
ARCHIVED_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})

# To open a file takes Spark as long as to read so much of it (spark.sql.files.openCostInBytes), so reading smaller ones
# is mostly opening them.
# https://spark.apache.org/docs/3.5.8/sql-performance-tuning.html
SMALL_FILE_BYTES = 4 * 1024 * 1024

# The rule by which Spark skips folders and files; names with "=" are partitions.
# https://spark.apache.org/docs/3.5.8/sql-data-sources-generic-options.html
_SKIPPED = re.compile(r"(?:^|/)(?:\.|_(?![^/]*=))")


class Volume:
    """Bytes and files of one kind."""

    __slots__ = ("bytes", "files", "largest")

    def __init__(self) -> None:
        self.bytes = self.files = self.largest = 0

    def add(self, files: int, size: int, largest: int) -> None:
        """Count files of ``size`` bytes together, ``largest`` the largest."""
        self.files += files
        self.bytes += size
        self.largest = max(self.largest, largest)


class Tally:
    """What Spark would read of objects that come in the order of their keys.

    Attributes
    ----------
    kinds, storage_classes
        Volume by format and codec, and bytes by storage class, of the files that hold data and can be read.
    small_files
        Files below ``SMALL_FILE_BYTES``.
    partitions
        Folders ``k=v/`` with such files, of several within each other the innermost. Each is counted once where, as
        Spark wants it, files lie at one depth; a folder with files beside deeper partitions may count again.
    ignored
        Empty objects, folder markers, and names that Spark skips.
    archived, archived_bytes, archived_example
        What cannot be read before it is restored.
    """

    def __init__(self) -> None:
        self.kinds: dict[Kind, Volume] = {}
        self.storage_classes: Counter[str] = Counter()
        self.small_files = self.partitions = self.ignored = self.archived = self.archived_bytes = 0
        self.archived_example = ""
        self._first_partition = self._last_partition = ""

    @property
    def files(self) -> int:
        """How many files hold data."""
        return sum(volume.files for volume in self.kinds.values())

    def add(self, bucket: str, objects: Sequence[S3Object], inside: Callable[[str], str | None]) -> list[S3Object]:
        """Count the next objects and return those that are read.

        Parameters
        ----------
        bucket
            Where they lie.
        objects
            In the order of their keys.
        inside
            Returns the part of a key below the input, or ``None`` for what is no input.
        """
        read: list[S3Object] = []
        # Neighbours mostly share their folder and their kind, so what follows from these is kept: half of the time.
        folder, is_skipped = "", False
        for found in objects:
            key, size, _, storage_class, restored = found
            below = inside(key)
            if below is None:
                continue
            head, _, name = below.rpartition("/")
            if head != folder:
                folder, is_skipped = head, _SKIPPED.search(head) is not None
            if is_skipped or size == 0 or not name or (name[0] in "._" and _SKIPPED.match(name)):
                self.ignored += 1
            elif storage_class in ARCHIVED_CLASSES and not restored:
                self.archived += 1
                self.archived_bytes += size
                self.archived_example = self.archived_example or key
            else:
                read.append(found)
        self._count(bucket, read)
        return read

    def follow_with(self, later: "Tally") -> None:
        """Add a tally of keys that come after these."""
        for kind, volume in later.kinds.items():
            self.kinds.setdefault(kind, Volume()).add(volume.files, volume.bytes, volume.largest)
        self.storage_classes.update(later.storage_classes)
        self.small_files += later.small_files
        self.ignored += later.ignored
        self.archived += later.archived
        self.archived_bytes += later.archived_bytes
        self.archived_example = self.archived_example or later.archived_example
        if later.partitions:
            # A folder whose files were counted half here, half there.
            self.partitions += later.partitions - (later._first_partition == self._last_partition)
            self._first_partition = self._first_partition or later._first_partition
            self._last_partition = later._last_partition

    def _count(self, bucket: str, read: Sequence[S3Object]) -> None:
        folder = ""
        suffixes: list[str] | None = None
        volume = Volume()
        for key, size, _, storage_class, _ in read:
            head, _, name = key.rpartition("/")
            if head != folder:
                folder = head
                self._enter(bucket, folder)
            found = name.rsplit(".", 2)[1:]
            if found != suffixes:
                suffixes = found
                volume = self.kinds.setdefault(_kind(".".join(found)), Volume())
            volume.add(1, size, size)
            self.storage_classes[storage_class] += size
            self.small_files += size < SMALL_FILE_BYTES

    def _enter(self, bucket: str, folder: str) -> None:
        # In the order of keys, all that lies in one partition comes together.
        last = folder.rfind("=")
        if last < 0:
            return
        end = folder.find("/", last)
        partition = f"{bucket}/{folder if end < 0 else folder[:end]}"
        if partition != self._last_partition:
            self.partitions += 1
            self._first_partition = self._first_partition or partition
            self._last_partition = partition


@lru_cache(maxsize=4096)
def _kind(suffixes: str) -> Kind:
    return kind_of(f"name.{suffixes}")
