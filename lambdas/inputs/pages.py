"""One page of ListObjectsV2, read without the cost of a general XML parser.

botocore takes tens of milliseconds to parse a page of a thousand objects, and threads cannot share that work in Python;
a million objects would keep a Lambda busy for half a minute. So the objects are cut out of the answer before botocore
parses it, and read by one regular expression. Whatever that expression does not know is left to botocore.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
KEYS_PER_PAGE = 1000

# With a wildcard for the service, the handler comes before botocore's own of before-parse.s3.*, which parses the whole
# answer to look for an error in it.
_EVENT = "before-parse.*.ListObjectsV2"

# The elements of Contents in the order in which S3 writes them.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
_OBJECT = re.compile(
    r"<Contents><Key>([^<]*)</Key><LastModified>([0-9T:.-]+Z)</LastModified>"
    r'<ETag>(?:&quot;|")?([^<"&]*)(?:&quot;|")?</ETag>'
    r"(?:<ChecksumAlgorithm>[^<]*</ChecksumAlgorithm>)*(?:<ChecksumType>[^<]*</ChecksumType>)?"
    r"<Size>(\d+)</Size>(?:<Owner>(?:<(?:ID|DisplayName)>[^<]*</(?:ID|DisplayName)>)*</Owner>)?"
    r"(?:<StorageClass>([^<]*)</StorageClass>)?"
    r"(<RestoreStatus>(?:<\w+>[^<]*</\w+>)*</RestoreStatus>)?</Contents>"
)
_FIRST, _LAST = "<Contents>", "</Contents>"
_URL_ENCODED = "<EncodingType>url</EncodingType>"
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|quot|apos));")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_STANDARD = "STANDARD"

_kept = threading.local()


class S3Object(NamedTuple):
    """An object as a listing, HeadObject or an event shows it; ``restored`` means a copy can be read for now."""

    key: str
    size: int
    etag: str = ""
    storage_class: str = _STANDARD
    restored: bool = False


@dataclass(frozen=True)
class Page:
    """Objects in the order of their keys, the folders among them, and the token of the next page, if there is one.

    Attributes
    ----------
    newest
        When the object modified last was; ``None`` without objects.
    """

    objects: list[S3Object]
    folders: list[str]
    token: str = ""
    newest: datetime | None = None


def list_page(
    s3: "S3Client",
    bucket: str,
    prefix: str,
    after: str = "",
    token: str = "",
    delimiter: str = "",
    limit: int = KEYS_PER_PAGE,
) -> Page:
    """List what follows a key, or the page a token stands for.

    Parameters
    ----------
    s3
        The client; other calls through it are not affected.
    bucket, prefix, after
        Where, and the key after which to start (StartAfter); without it, at the beginning.
    token
        The token of an earlier page, to go on after it.
    delimiter
        ``/`` for the folders, instead of the objects in them.
    limit
        Keys and folders at most.

    Raises
    ------
    ClientError
        Whatever S3 answers, after the client's retries.
    """
    s3.meta.events.register(_EVENT, _cut_objects, unique_id=__name__)
    _kept.objects = _kept.newest = None
    _kept.wanted = True
    options: dict[str, Any] = {"StartAfter": after, "ContinuationToken": token, "Delimiter": delimiter}
    try:
        answer = s3.list_objects_v2(
            Bucket=bucket,
            Prefix=prefix,
            MaxKeys=limit,
            OptionalObjectAttributes=["RestoreStatus"],
            **{name: value for name, value in options.items() if value},
        )
    finally:
        _kept.wanted = False
    objects, _kept.objects = _kept.objects, None
    return Page(
        objects if objects is not None else [_of_botocore(found) for found in answer.get("Contents", [])],
        [found["Prefix"] for found in answer.get("CommonPrefixes", [])],
        answer.get("NextContinuationToken", "") if answer["IsTruncated"] else "",
        _kept.newest or max((found["LastModified"] for found in answer.get("Contents", [])), default=None),
    )


def _cut_objects(response_dict: dict[str, Any], **_: Any) -> None:
    if not getattr(_kept, "wanted", False) or response_dict["status_code"] != 200:
        return
    text = response_dict["body"].decode()
    start, end = text.find(_FIRST), text.rfind(_LAST) + len(_LAST)
    if start < 0:
        return
    found = _OBJECT.findall(text, start, end)
    # An answer that is written otherwise, or is cut off, is left to botocore.
    if len(found) != text.count("<Contents") or "<CommonPrefixes" in text[start:end]:
        return
    _kept.objects = _objects(found, _URL_ENCODED in text)
    # All are written alike and in UTC, so the greatest text is the latest.
    _kept.newest = datetime.fromisoformat(max(modified for _, modified, *_ in found))
    response_dict["body"] = (text[:start] + text[end:]).encode()


def _objects(found: list[tuple[str, str, str, str, str, str]], is_url_encoded: bool) -> list[S3Object]:
    objects = []
    written = folder = ""
    for raw, _, etag, size, storage_class, restore in found:
        # Objects of one folder follow each other, and most names need no decoding: a tenth of the work.
        head, slash, name = raw.rpartition("/")
        if head != written:
            written, folder = head, _decode(head, is_url_encoded)
        key = f"{folder}{slash}{_decode(name, is_url_encoded)}"
        objects.append(S3Object(key, int(size), etag, storage_class or _STANDARD, "<RestoreExpiryDate>" in restore))
    return objects


def _decode(text: str, is_url_encoded: bool) -> str:
    if "&" in text:
        text = _REFERENCE.sub(_character, text)
    return unquote_plus(text) if is_url_encoded and ("%" in text or "+" in text) else text


def _character(reference: re.Match[str]) -> str:
    hexadecimal, decimal, name = reference.groups()
    if name:
        return _CHARACTERS[name]
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))


def _of_botocore(found: Mapping[str, Any]) -> S3Object:
    return S3Object(
        found["Key"],
        found["Size"],
        found.get("ETag", "").strip('"'),
        found.get("StorageClass", _STANDARD),
        "RestoreExpiryDate" in found.get("RestoreStatus", {}),
    )
