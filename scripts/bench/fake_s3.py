"""A fake S3 that only lists: real HTTP and XML, any number of keys that take no memory, a fixed time per page."""

import asyncio
import math
import multiprocessing
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Literal, get_args
from urllib.parse import parse_qs, urlsplit

from lambdas.inputs.pages import KEYS_PER_PAGE

HOST = "127.0.0.1"
PREFIX = "landing/"
PREFIXES = 64
START_SECONDS = 30

# Connections that may wait to be accepted: all of a client's come at once.
_BACKLOG = 256

Layout = Literal["prefixes", "flat"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

_OBJECT = (
    "<Contents><Key>{}</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified>"
    "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>"
    "<ChecksumType>FULL_OBJECT</ChecksumType><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
_PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>bench</Name><Prefix>{prefix}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys>{token}"
    "<EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{contents}{folders}</ListBucketResult>"
)


def size_of(number: int) -> int:
    """Return the bytes of an object, one to a hundred MB."""
    return 1_000_000 + number * 7919 % 99_000_000


def key_function(layout: Layout, keys: int) -> Callable[[int], str]:
    """Return what makes a key of its number; keys rise with their numbers."""
    each = math.ceil(keys / PREFIXES)
    if layout == "flat":
        return lambda number: f"{PREFIX}part-{number:08}-{number * 2654435761 % 2**32:08x}.c000.snappy.parquet"
    return lambda number: (
        f"{PREFIX}p{number // each:02}/part-{number % each:06}-{number * 2654435761 % 2**32:08x}.c000.snappy.parquet"
    )


@contextmanager
def fake_s3(layout: Layout, keys: int, latency: float) -> Iterator[str]:
    """Start a fake S3 in a process of its own and return its address; it ends with the block.

    Parameters
    ----------
    layout, keys
        So many keys below ``landing/``, in 64 folders or in none.
    latency
        Seconds from a request to its answer.
    """
    context = multiprocessing.get_context("spawn")
    mine, its = context.Pipe()
    process = context.Process(target=_serve, args=(its, layout, keys, latency), daemon=True)
    process.start()
    try:
        if not mine.poll(START_SECONDS):
            raise TimeoutError(f"the fake S3 did not start within {START_SECONDS} s")
        yield f"http://{HOST}:{mine.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection, layout: Layout, keys: int, latency: float) -> None:
    asyncio.run(_listen(ready, Listing(key_function(layout, keys), keys), latency))


async def _listen(ready: Connection, listing: "Listing", latency: float) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                started = time.monotonic()
                body = listing.answer(head.split(b" ", 2)[1].decode()).encode()
                await asyncio.sleep(max(0.0, latency - (time.monotonic() - started)))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, HOST, 0, backlog=_BACKLOG)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class Listing:
    """Answer ListObjectsV2 over so many keys, each made when it is asked for."""

    def __init__(self, key: Callable[[int], str], keys: int) -> None:
        self._key, self._keys = key, keys

    def answer(self, target: str) -> str:
        """Return the XML for a path with its query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        prefix = asked.get("prefix", "")
        after = asked.get("continuation-token") or max(asked.get("start-after", ""), prefix)
        first = bisect_right(range(self._keys), after, key=self._key)
        if asked.get("delimiter"):
            return self._folders(prefix, first)
        end = self._end(prefix)
        last = min(first + int(asked.get("max-keys", KEYS_PER_PAGE)), end)
        keys = [self._key(number) for number in range(first, last)]
        contents = "".join(map(_OBJECT.format, keys, map(size_of, range(first, last))))
        return _page(prefix, contents, "", len(keys), keys[-1] if last < end else "")

    def _end(self, prefix: str) -> int:
        return bisect_right(range(self._keys), f"{prefix}\U0010ffff", key=self._key)

    def _folders(self, prefix: str, first: int) -> str:
        end, contents, folders, count = self._end(prefix), "", "", 0
        while first < end and count < KEYS_PER_PAGE:
            key = self._key(first)
            name, slash, _ = key.removeprefix(prefix).partition("/")
            count += 1
            if slash:
                folders += f"<CommonPrefixes><Prefix>{prefix}{name}/</Prefix></CommonPrefixes>"
                first = self._end(f"{prefix}{name}/")
            else:
                contents += _OBJECT.format(key, size_of(first))
                first += 1
        return _page(prefix, contents, folders, count, self._key(first - 1) if first < end else "")


def _page(prefix: str, contents: str, folders: str, count: int, token: str) -> str:
    return _PAGE.format(
        prefix=prefix,
        count=count,
        token=f"<NextContinuationToken>{token}</NextContinuationToken>" if token else "",
        truncated="true" if token else "false",
        contents=contents,
        folders=folders,
    )
