import datetime

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.pages import S3Object, list_page
from tests.unit.lambdas.inputs.fake_s3 import FakeS3, encoded, listed


class Canned(FakeS3):
    """Answers every listing with the same text."""

    body = ""

    def _listing(self, bucket: str, asked: dict[str, str]) -> str:
        return self.body


CANNED = Canned()
CLIENT = CANNED.client()

# What an object can be called: S3 encodes all of it, so characters that XML has no place for come too.
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
OBJECTS = st.builds(
    S3Object,
    key=KEYS,
    size=st.integers(0, 5 * 2**40),
    etag=st.from_regex(r"[0-9a-f]{32}(-[0-9]{1,4})?", fullmatch=True),
    storage_class=st.sampled_from(["STANDARD", "GLACIER", "INTELLIGENT_TIERING"]),
    restored=st.booleans(),
)
MODIFIED = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
START = "<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>"


def by_botocore() -> list[S3Object]:
    found = CLIENT.list_objects_v2(Bucket="bucket").get("Contents", [])
    return [
        S3Object(
            each["Key"],
            each["Size"],
            each["ETag"].strip('"'),
            each["StorageClass"],
            "RestoreExpiryDate" in each.get("RestoreStatus", {}),
        )
        for each in found
    ]


@given(st.lists(OBJECTS, max_size=20), st.lists(KEYS, max_size=3))
def test_the_lean_reading_finds_what_botocore_finds(objects: list[S3Object], folders: list[str]) -> None:
    prefixes = "".join(f"<CommonPrefixes><Prefix>{encoded(each)}</Prefix></CommonPrefixes>" for each in folders)
    CANNED.body = f"{START}{''.join(map(listed, objects))}{prefixes}"
    page = list_page(CLIENT, "bucket", "")
    assert page.objects == objects == by_botocore()
    assert page.folders == folders
    assert page.newest == (MODIFIED if objects else None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("{key}{date}{etag}{size}{cls}", id="as S3 writes it"),
        pytest.param("{key}{date}{etag}{checksum}{size}{owner}{cls}", id="with checksum and owner"),
        pytest.param("{size}{cls}{date}{key}{etag}", id="in another order, which botocore reads"),
        pytest.param("\n  {key}\n  {date}\n  {etag}\n  {size}\n  {cls}\n", id="indented"),
    ],
)
@pytest.mark.parametrize("start", [START, "<IsTruncated>false</IsTruncated>"], ids=["encoded", "not encoded"])
def test_other_ways_to_write_it(body: str, start: str) -> None:
    written = body.format(
        key="<Key>in/a&amp;b&#x20;c+%C3%A9&#38;&lt;.csv</Key>",
        date="<LastModified>2026-11-01T00:00:00.000Z</LastModified>",
        etag='<ETag>"abc-2"</ETag>',
        checksum="<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType>",
        size="<Size>7</Size>",
        owner="<Owner><ID>me</ID></Owner>",
        cls="<StorageClass>STANDARD</StorageClass>",
    )
    CANNED.body = f"{start}<Contents>{written}</Contents>"
    page = list_page(CLIENT, "bucket", "")
    objects = page.objects
    assert objects == by_botocore()
    assert page.newest == MODIFIED
    assert objects[0].key == ("in/a&b c é&<.csv" if start == START else "in/a&b c+%C3%A9&<.csv")


def test_a_page_that_is_cut_off_is_an_error() -> None:
    CANNED.body = f"{START}{listed(S3Object('a', 1))}<Contents><Key>b</Key></ListBucketResult>"
    with pytest.raises(ClientError):
        list_page(CLIENT, "bucket", "")
    CANNED.body = START
    assert list_page(CLIENT, "bucket", "").objects == []


@pytest.mark.parametrize("written", ["2026-11-0{}T00:00:00.000Z", "Sun, 0{} Nov 2026 00:00:00 GMT"])
def test_the_newest_of_a_page(written: str) -> None:
    objects = [(written.format(day), listed(S3Object(f"in/{day}", 1))) for day in (2, 3, 1)]
    days = [text.replace("2026-11-01T00:00:00.000Z", date) for date, text in objects]
    CANNED.body = f"{START}{''.join(days)}"
    assert list_page(CLIENT, "bucket", "").newest == MODIFIED + datetime.timedelta(days=2)


def test_options_reach_s3() -> None:
    s3 = FakeS3(*(S3Object(f"in/{name}", 1) for name in ("a", "b/1", "b/2", "c", "d")))
    client = s3.client()
    first = list_page(client, "bucket", "in/", after="in/a", limit=2)
    assert [found.key for found in first.objects] == ["in/b/1", "in/b/2"]
    assert [found.key for found in list_page(client, "bucket", "in/", token=first.token).objects] == ["in/c", "in/d"]
    assert list_page(client, "bucket", "in/", delimiter="/").folders == ["in/b/"]
