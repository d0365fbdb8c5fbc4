import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.listing import list_areas
from lambdas.inputs.pages import Page, S3Object
from tests.unit.lambdas.inputs.fake_s3 import list_in_memory


@dataclass(frozen=True)
class Area:
    prefix: str
    bucket: str = "bucket"


@dataclass
class Part:
    area: Area
    keys: list[str] = field(default_factory=list)

    def add(self, objects: Sequence[S3Object]) -> None:
        self.keys += [found.key for found in objects]


class Bucket:
    """Lists in pages of ``page``; a call takes ``seconds``, and the ``fails``th fails."""

    def __init__(self, keys: set[str], page: int, seconds: float = 0.0, fails: int | None = None) -> None:
        self.objects = [S3Object(key, 1) for key in sorted(keys, key=str.encode)]
        self.page, self.seconds, self.fails = page, seconds, fails
        self.calls = 0
        self._lock = threading.Lock()

    def fetch(self, bucket: str, prefix: str, after: str = "", token: str = "", delimiter: str = "") -> Page:
        with self._lock:
            self.calls += 1
            call = self.calls
        time.sleep(self.seconds)
        if call == self.fails:
            raise RuntimeError(f"call {call}")
        return list_in_memory(self.objects, self.page, prefix, after, token, delimiter)

    def list(self, *prefixes: str, workers: int = 8) -> list[str]:
        parts = list_areas(self.fetch, [Area(prefix) for prefix in prefixes], Part, workers)
        return [key for part in parts for key in part.keys]


NAMES = {
    "hashes": st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    "numbers": st.integers(0, 9999).map("{:05}".format),
    "spark": st.integers(0, 99_999).map("part-{:05}-6f1e-c000.parquet".format),
    "dates": st.dates().map("dt={}/x.csv".format),
    "anything": st.text("ab/=_.0é\ufffd𝄞\U0010ffff", min_size=1, max_size=6),
}


@pytest.mark.parametrize("kind", NAMES)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_key_once_and_in_order(kind: str, data: st.DataObject) -> None:
    names = data.draw(st.sets(NAMES[kind], max_size=120))
    page, workers = data.draw(st.integers(1, 7)), data.draw(st.integers(1, 9))
    below = {f"in/{name}" for name in names}
    bucket = Bucket(below | {"in", "in-old/x", "ina", "i", "io", "zz/1"}, page)
    assert bucket.list("in/", "zz/", workers=workers) == [*sorted(below, key=str.encode), "zz/1"]


def test_a_small_folder_takes_one_call() -> None:
    bucket = Bucket({f"in/{number}" for number in range(1000)}, page=1000)
    assert len(bucket.list("in/")) == 1000
    assert bucket.calls == 1


@pytest.mark.parametrize("name", ["p{2:02}/part-{0}", "part-{0:06}", "{1:016x}"], ids=["folders", "numbers", "hashes"])
def test_workers_share_the_work(name: str) -> None:
    keys = {f"in/{name.format(number, number * 2**63 % (2**64 - 59), number % 64)}" for number in range(4_000)}
    seconds = []
    for workers in (1, 16):
        bucket = Bucket(keys, page=20, seconds=0.01)
        started = time.monotonic()
        assert len(bucket.list("in/", workers=workers)) == len(keys)
        seconds.append(time.monotonic() - started)
    assert seconds[1] < seconds[0] / 3
    assert bucket.calls < 3 * 200


@pytest.mark.parametrize("fails", [1, 3, 20])
def test_the_first_failure_stops_all(fails: int) -> None:
    bucket = Bucket({f"in/{number:05}" for number in range(20_000)}, page=10, seconds=0.001, fails=fails)
    before = threading.active_count()
    with pytest.raises(RuntimeError, match=f"call {fails}"):
        bucket.list("in/")
    assert bucket.calls < fails + 20
    assert threading.active_count() == before


def test_an_empty_page_is_not_the_end() -> None:
    pages = {"": Page([], [], "on"), "on": Page([S3Object("in/a", 1)], [])}
    parts = list_areas(lambda bucket, prefix, after="", token="", delimiter="": pages[token], [Area("in/")], Part)
    assert [key for part in parts for key in part.keys] == ["in/a"]
