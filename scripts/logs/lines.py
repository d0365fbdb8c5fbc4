"""The lines of a log in S3, decompressed as they are read, so that its size needs no memory."""

import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from re import Pattern
from typing import cast

from lambdas import aws
from lambdas.inputs.uri import S3Uri

_GZIP = b"\x1f\x8b"
_CHUNK_BYTES = 64 * 1024

# A longer line comes in pieces.
LONGEST_LINE = 64 * 1024


def log_lines(uri: S3Uri, problems: list[str] | None = None) -> Iterator[str]:
    """Yield the lines of a log from its beginning, without their ends; odd bytes are replaced.

    Parameters
    ----------
    uri
        The object; gzip, of one member or more, or plain text.
    problems
        Gets a sentence about a log that was cut off, as a killed node leaves it: what can be read of it is yielded.
    """
    rest = b""
    for chunk in _chunks(uri, problems if problems is not None else []):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from map(_text, whole)
        while len(rest) > LONGEST_LINE:
            yield _text(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
    if rest:
        yield _text(rest)


def chosen_lines(lines: Iterator[str], pattern: Pattern[str] | None, tail: int) -> Iterator[str]:
    """Yield the lines in which a pattern is found, of these the last few.

    Parameters
    ----------
    lines
        From the first to the last.
    pattern
        Every line if ``None``.
    tail
        How many; 0 for all, which are yielded as they come.
    """
    found = (line for line in lines if pattern is None or pattern.search(line))
    return iter(deque(found, maxlen=tail)) if tail else found


def _chunks(uri: S3Uri, problems: list[str]) -> Iterator[bytes]:
    body = aws.s3().get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
    stream = io.BufferedReader(cast("io.RawIOBase", body), _CHUNK_BYTES)
    if stream.peek(len(_GZIP))[: len(_GZIP)] != _GZIP:
        yield from iter(lambda: stream.read(_CHUNK_BYTES), b"")
        return
    with gzip.GzipFile(fileobj=stream) as file:
        try:
            yield from iter(lambda: file.read1(_CHUNK_BYTES), b"")
        except (EOFError, gzip.BadGzipFile, zlib.error):
            problems.append(f"{uri} cannot be read to its end; what can be is shown")


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
