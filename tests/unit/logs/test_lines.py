"""The lines of logs, as EMR and killed nodes leave them, out of moto's S3."""

import gzip
import os
import re
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas import aws
from lambdas.inputs.uri import S3Uri
from scripts.logs.lines import LONGEST_LINE, chosen_lines, log_lines
from tests.unit.ledger.support import LOG_BUCKET, Stage

URI = S3Uri(LOG_BUCKET, "emr/j-1/steps/s-1/stderr.gz")


def lines_of(body: bytes, problems: list[str] | None = None) -> list[str]:
    aws.s3().put_object(Bucket=URI.bucket, Key=URI.key, Body=body)
    return list(log_lines(URI, problems))


@pytest.mark.usefixtures("stage")
class TestLines:
    @pytest.mark.parametrize("packed", [True, False])
    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            (b"", []),
            (b"one", ["one"]),
            (b"one\n\ntwo\r\nthree\n", ["one", "", "two", "three"]),
            (b"caf\xe9\n", ["caf\ufffd"]),
        ],
    )
    def test_a_log(self, text: bytes, lines: list[str], packed: bool) -> None:
        assert lines_of(gzip.compress(text, mtime=0) if packed else text) == lines

    def test_a_log_of_several_members(self) -> None:
        """EMR's log pusher appends: a file may hold one gzip member after the other."""
        assert lines_of(gzip.compress(b"a\nb") + gzip.compress(b"c\nd\n")) == ["a", "bc", "d"]

    def test_a_log_that_was_cut_off_is_read_as_far_as_it_goes(self) -> None:
        whole = "".join(f"{number} {os.urandom(8).hex()}\n" for number in range(2_000))
        packed, problems = gzip.compress(whole.encode()), list[str]()
        found = lines_of(packed[: len(packed) // 2], problems)
        assert len(found) > 500
        assert whole.startswith("\n".join(found))
        assert problems == [f"{URI} cannot be read to its end; what can be is shown"]

    def test_a_line_without_end_comes_in_pieces(self) -> None:
        found = lines_of(gzip.compress(b"." * 200_000 + b"\nend"))
        assert "".join(found[:-1]) == "." * 200_000
        assert found[-1] == "end"
        assert max(map(len, found)) <= 2 * LONGEST_LINE

    def test_a_huge_log_needs_little_memory(self) -> None:
        """One endless line of 64 MiB, a thousandth of that as it lies in S3: what grows with a log would be seen."""
        compressor = zlib.compressobj(1, wbits=31)
        packed = b"".join([*(compressor.compress(b"." * 1024**2) for _ in range(64)), compressor.flush()])
        aws.s3().put_object(Bucket=URI.bucket, Key=URI.key, Body=packed)
        tracemalloc.start()
        found = list(chosen_lines(log_lines(URI), None, 5))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found) == 5
        assert peak < 16 * 1024**2

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.binary(max_size=300), max_size=3), st.integers(0, 1_500))
    def test_whatever_lies_there_is_read(self, stage: Stage, members: list[bytes], cut: int) -> None:
        packed = b"".join(gzip.compress(member) for member in members)
        found = lines_of(packed[:cut])
        if cut >= len(packed):
            lines = b"".join(members).decode("utf-8", "replace").removesuffix("\n").split("\n")
            assert "\n".join(found) == "\n".join(line.removesuffix("\r") for line in lines)


def numbers() -> Iterator[str]:
    return (f"line {number}" for number in range(100))


@pytest.mark.parametrize(
    ("pattern", "tail", "first", "count"),
    [
        (None, 0, "line 0", 100),
        (None, 3, "line 97", 3),
        (r"\b\d$", 0, "line 0", 10),
        ("5$", 2, "line 85", 2),
        ("x", 0, None, 0),
    ],
)
def test_the_lines_wanted(pattern: str | None, tail: int, first: str | None, count: int) -> None:
    found = list(chosen_lines(numbers(), re.compile(pattern) if pattern else None, tail))
    assert (found[:1], len(found)) == ([first] if first else [], count)


def test_all_lines_come_as_they_are_read() -> None:
    endless = (f"{number}" for number in iter(int, 1))
    assert next(chosen_lines(endless, None, 0)) == "0"
