"""The manifest of a run: what was found when it was planned, frozen in a file."""

import hashlib
import json
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from lambdas.inputs.errors import InputTooManyError
from lambdas.inputs.pages import S3Object

# A manifest up to this size stays in memory, a larger one goes to the function's /tmp, which holds 512 MB.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
_MEMORY_BYTES = 8 * 1024 * 1024
MAX_BYTES = 500_000_000

# Digests of objects are added up modulo this, so that their order makes no difference.
_VERSIONS = 2**256

_quote = json.JSONEncoder(ensure_ascii=False).encode


class ManifestTornError(ValueError):
    """A manifest cannot be read back; the message says why."""


class FrozenObject(NamedTuple):
    """An object as a manifest lists it."""

    bucket: str
    key: str
    bytes: int
    etag: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def open_manifest() -> IO[bytes]:
    """Return a temporary file for a manifest; it is gone when closed."""
    return tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)


class FrozenManifest:
    """Write ``{"inputs": [...], "objects": [{"bucket", "key", "bytes", "etag"}, ...]}`` as objects are found.

    Several threads may write at a time, so the objects are in no order; sorting a million would take their memory.
    """

    def __init__(self, file: IO[bytes], inputs: Sequence[str]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._separator = b"\n"
        self._written = 0
        self._version = 0
        file.write(b'{"inputs": ' + _quote(list(inputs)).encode() + b', "objects": [')

    def write(self, bucket: str, objects: Sequence[S3Object]) -> None:
        """Write objects of a bucket.

        Raises
        ------
        InputTooManyError
            There is no room for them.
        """
        if not objects:
            return
        start = f'{{"bucket": {_quote(bucket)}, "key": '
        lines = [
            f'{start}{_quote(key)}, "bytes": {size}, "etag": {_quote(etag)}}}' for key, size, etag, _, _ in objects
        ]
        text = ",\n".join(lines).encode()
        version = sum(int.from_bytes(hashlib.sha256(line.encode()).digest()) for line in lines)
        with self._lock:
            self._version = (self._version + version) % _VERSIONS
            self._written += len(text)
            if self._written > MAX_BYTES:
                raise InputTooManyError(
                    f"the objects of the input, such as {objects[0].key!r}, are so many that their manifest would have "
                    f"more than {MAX_BYTES:,} bytes; split the input over several runs, or write fewer, larger files"
                )
            self._file.write(self._separator + text)
            self._separator = b",\n"

    @property
    def version(self) -> str:
        """What tells this content from another: 64 hexadecimal digits made of every object's key, size and ETag."""
        return f"{self._version:064x}"

    def end(self) -> None:
        """Complete the document."""
        self._file.write(b"\n]}\n")


def read_objects(lines: Iterable[bytes]) -> Iterator[FrozenObject]:
    """Read the objects of a manifest that ``FrozenManifest`` wrote, one by one.

    Parameters
    ----------
    lines
        Of the file; each object has its own.

    Raises
    ------
    ManifestTornError
        It is another document, or its end is missing.
    """
    last = b""
    for number, line in enumerate(lines, start=1):
        last = line.strip()
        if number == 1 or last in {b"]}", b""}:
            continue
        try:
            yield FrozenObject(**json.loads(last.removesuffix(b",")))
        except (ValueError, TypeError) as error:
            raise ManifestTornError(f"line {number} is no object of a manifest") from error
    if last != b"]}":
        raise ManifestTornError("its end is missing")
