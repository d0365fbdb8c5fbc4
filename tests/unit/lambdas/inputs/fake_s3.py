"""A fake S3 behind a real boto3 client: what goes over the wire is S3's XML, only the wire is missing."""

import io
from bisect import bisect_right
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from lambdas.inputs.pages import Page, S3Object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = '<?xml version="1.0" encoding="UTF-8"?><{0} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{1}</{0}>'


class FakeS3:
    """Objects of buckets, listed in the order of UTF-8.

    Attributes
    ----------
    calls
        Operation and bucket of every call.
    errors
        What a call to a bucket is refused with.
    busy
        How many calls are told to slow down before any is answered.
    """

    def __init__(self, *objects: S3Object, page: int = 1000, bucket: str = "bucket") -> None:
        self.buckets: dict[str, dict[str, S3Object]] = {bucket: {found.key: found for found in objects}}
        self.bodies: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.page = page
        self.calls: list[tuple[str, str]] = []
        self.errors: dict[str, str] = {}
        self.busy = 0

    def client(self) -> "S3Client":
        """Return a client whose requests end here."""
        client: S3Client = boto3.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )
        self.answer_to(client)
        return client

    def answer_to(self, client: "S3Client") -> None:
        """Take the place of the wire behind a client."""
        client.meta.events.register("before-send.s3", self._answer)

    def _answer(self, request: AWSPreparedRequest, event_name: str, **_more: Any) -> Any:
        url = urlsplit(request.url)
        # The bucket is in the host's name or begins the path.
        named, _, _ = url.netloc.rpartition(".s3.")
        bucket, _, key = f"{named}{unquote(url.path)}".removeprefix("/").partition("/")
        operation = event_name.rpartition(".")[2]
        self.calls.append((operation, bucket))
        if self.busy:
            self.busy -= 1
            return _response(request, 503, "<Error><Code>SlowDown</Code><Message>no</Message></Error>")
        refused = self.errors.get(bucket) or ("NoSuchBucket" if bucket not in self.buckets else "")
        if refused:
            body = f"<Error><Code>{refused}</Code><Message>no</Message><BucketName>{bucket}</BucketName></Error>"
            return _response(request, 404 if "NoSuch" in refused else 403, body)
        if operation == "ListObjectsV2":
            options = {name: values[0] for name, values in parse_qs(url.query).items()}
            return _response(request, 200, PAGE.format("ListBucketResult", self._listing(bucket, options)))
        if operation == "GetObject" and key in self.bodies:
            body = self.bodies[key].decode()
            return _response(request, 200, body, {"Content-Length": str(len(self.bodies[key]))})
        found = self.buckets[bucket].get(key)
        if operation == "HeadObject" and found:
            headers = {"Content-Length": str(found.size), "ETag": f'"{found.etag}"', **self.headers.get(key, {})}
            return _response(request, 200, "", headers)
        missing = "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>"
        return _response(request, 404, "" if operation == "HeadObject" else missing)

    def _listing(self, bucket: str, asked: dict[str, str]) -> str:
        page = list_in_memory(
            sorted(self.buckets[bucket].values(), key=lambda found: found.key.encode()),
            min(self.page, int(asked.get("max-keys", 1000))),
            asked.get("prefix", ""),
            asked.get("start-after", ""),
            asked.get("continuation-token", ""),
            asked.get("delimiter", ""),
        )
        token = f"<NextContinuationToken>{escape(page.token)}</NextContinuationToken>" if page.token else ""
        folders = "".join(f"<CommonPrefixes><Prefix>{encoded(f)}</Prefix></CommonPrefixes>" for f in page.folders)
        return (
            f"<IsTruncated>{str(bool(token)).lower()}</IsTruncated>{token}<EncodingType>url</EncodingType>"
            f"{''.join(map(listed, page.objects))}{folders}"
        )


def encoded(key: str) -> str:
    return quote_plus(key, safe="/")


def listed(found: S3Object) -> str:
    restore = "<RestoreExpiryDate>2026-12-01T00:00:00.000Z</RestoreExpiryDate>" if found.restored else ""
    return (
        f"<Contents><Key>{encoded(found.key)}</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{found.etag}&quot;</ETag><Size>{found.size}</Size><StorageClass>{found.storage_class}</StorageClass>"
        f"<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>{restore}</RestoreStatus></Contents>"
    )


def list_in_memory(
    objects: list[S3Object], limit: int, prefix: str, after: str = "", token: str = "", delimiter: str = ""
) -> Page:
    """Answer as S3 does; ``objects`` in its order."""
    keys = [found.key.encode() for found in objects]
    start = max((token or after).encode(), b"")
    at = bisect_right(keys, start) if start else 0
    found: list[S3Object] = []
    folders: list[str] = []
    last = ""
    for each in objects[at:]:
        if not each.key.startswith(prefix):
            continue
        if folders and each.key.startswith(folders[-1]):
            last = each.key
            continue
        if len(found) + len(folders) == limit:
            return Page(found, folders, last)
        name, slash, _ = each.key.removeprefix(prefix).partition("/")
        last = each.key
        if delimiter and slash:
            folders.append(f"{prefix}{name}/")
        else:
            found.append(each)
    return Page(found, folders)


def _response(
    request: AWSPreparedRequest, status: int, body: str, headers: Mapping[str, str] = MappingProxyType({})
) -> AWSResponse:
    given = HTTPHeaders()
    for name, value in headers.items():
        given[name] = value
    return AWSResponse(request.url, status, given, _Raw(body.encode()))


class _Raw(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.getvalue()
