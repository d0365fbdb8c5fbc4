"""Addresses of objects and folders in S3."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_KEY_BYTES = 1024

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/*")

# Characters Spark reads as a pattern in a path, which would make it read other objects than were measured.
# https://hadoop.apache.org/docs/stable/api/org/apache/hadoop/fs/FileSystem.html#globStatus-org.apache.hadoop.fs.Path-
PATTERN_CHARACTERS = frozenset("*?[]{}\\")

# Directory buckets list in no order, and from no key on.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-differences.html
_DIRECTORY_BUCKET = "--x-s3"


class UriError(ValueError):
    """A text that is no usable S3 address; the message says what is wrong and what would be right."""


@dataclass(frozen=True)
class S3Uri:
    """A bucket and a key or key prefix; the key is the object's own text, never URL-encoded."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``s3://bucket/key``.

        Parameters
        ----------
        text
            The address. ``s3://bucket`` and ``s3://bucket/`` are the whole bucket.

        Raises
        ------
        UriError
            Another scheme, no bucket, an impossible bucket or key, or a key Spark would read as something else.
        """
        bucket, key = split_address(text)
        if found := sorted(PATTERN_CHARACTERS & set(key)):
            raise UriError(
                f"{text!r} contains {' '.join(found)}, which Spark reads as a pattern; name one folder or object "
                "without it"
            )
        return cls(bucket, key)

    @property
    def is_folder(self) -> bool:
        """Whether the address ends in a slash, or is a whole bucket."""
        return not self.key or self.key.endswith("/")

    @property
    def parent(self) -> "S3Uri":
        """The folder that holds the object."""
        return S3Uri(self.bucket, self.key[: self.key.rstrip("/").rfind("/") + 1])

    def as_folder(self) -> "S3Uri":
        """Return the address with a slash at its end."""
        return self if self.is_folder else S3Uri(self.bucket, f"{self.key}/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_address(text: str) -> tuple[str, str]:
    """Split ``s3://bucket/key`` into bucket and key; raise ``UriError`` where either cannot be one."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise UriError(f"{text!r} has no scheme; write s3://bucket/prefix/")
    if not text.startswith("s3://"):
        raise UriError(f"{text!r} starts with {scheme.group()}; only s3:// is read, as in s3://bucket/prefix/")
    bucket, _, key = text.removeprefix("s3://").partition("/")
    _check_bucket(bucket, text)
    _check_key(key, text)
    return bucket, key


def _check_bucket(bucket: str, text: str) -> None:
    if not bucket:
        raise UriError(f"{text!r} names no bucket; write s3://bucket/prefix/")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket or _is_address(bucket):
        raise UriError(
            f"{bucket!r} in {text!r} cannot be a bucket: bucket names have 3 to 63 lower-case letters, digits, dots "
            "and hyphens, and begin and end with a letter or digit"
        )
    if bucket.endswith(_DIRECTORY_BUCKET):
        raise UriError(f"{bucket!r} in {text!r} is a directory bucket, which cannot be measured; use another")


def _check_key(key: str, text: str) -> None:
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > MAX_KEY_BYTES:
        raise UriError(f"the key of {text[:80]!r}... has {size} bytes; S3 keys have at most {MAX_KEY_BYTES}")
    parts = key.removesuffix("/").split("/") if key else []
    if any(part in {"", ".", ".."} for part in parts):
        raise UriError(f"{text!r} has an empty, '.' or '..' part, which Spark drops; write each folder once")
    if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in key):
        raise UriError(f"{text!r} contains a control character; name a folder or object without it")


def _is_address(bucket: str) -> bool:
    try:
        ipaddress.IPv4Address(bucket)
    except ValueError:
        return False
    return True
