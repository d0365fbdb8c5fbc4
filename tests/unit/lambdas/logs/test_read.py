"""Reading logs as EMR ships them, out of moto's S3."""

import gzip
import io
import os
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.logs import read
from lambdas.logs.read import (
    MAX_BOOTSTRAP_FILES,
    MAX_EXECUTOR_FILES,
    TAIL_BYTES,
    Logs,
    read_bootstrap_logs,
    read_step_logs,
)
from tests.unit.paging import in_pages_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

URI = "s3://data/emr/"
STEP = "emr/j-1/steps/s-1/"
APPLICATION = "application_1700000000000_0001"
CONTAINERS = f"emr/j-1/containers/{APPLICATION}/container_1700000000000_0001_01_"
SUBMITTED = f"INFO YarnClientImpl: Submitted application {APPLICATION}\n"


def put(s3: "S3Client", key: str, text: str | bytes) -> None:
    body = text if isinstance(text, bytes) else gzip.compress(text.encode())
    s3.put_object(Bucket="data", Key=key, Body=body)


def of_step(s3: "S3Client") -> Logs:
    return read_step_logs(s3, URI, "j-1", "s-1")


def names(logs: Logs) -> list[str]:
    return [file.address.removeprefix("s3://data/emr/j-1/") for file in logs.files]


def test_nothing_has_arrived(s3: "S3Client") -> None:
    assert of_step(s3) == Logs((), has_arrived=False)
    assert read_bootstrap_logs(s3, URI, "j-1") == Logs((), has_arrived=False)


def test_without_a_log_address_there_is_nothing_to_wait_for(s3: "S3Client") -> None:
    assert read_step_logs(s3, "hdfs:///x", "j-1", "s-1") == Logs((), has_arrived=True)
    assert read_bootstrap_logs(s3, "hdfs:///x", "j-1") == Logs((), has_arrived=True)


def test_the_files_of_a_step_the_most_telling_last(s3: "S3Client") -> None:
    for name in ("controller.gz", "stderr.gz", "stdout.gz", "syslog.gz"):
        put(s3, STEP + name, f"this is {name}\n")
    put(s3, "emr/j-1/steps/s-10/stderr.gz", "another step\n")
    put(s3, "emr/j-10/steps/s-1/stderr.gz", "another cluster\n")
    logs = of_step(s3)
    assert names(logs) == ["steps/s-1/controller.gz", "steps/s-1/stdout.gz", "steps/s-1/stderr.gz"]
    assert logs.text == "this is controller.gz\nthis is stdout.gz\nthis is stderr.gz"
    assert logs.has_arrived


def test_without_stderr_the_step_logs_have_not_arrived(s3: "S3Client") -> None:
    put(s3, STEP + "controller.gz", "started\n")
    logs = of_step(s3)
    assert not logs.has_arrived
    assert logs.text == "started"


def test_in_cluster_mode_the_containers_are_waited_for(s3: "S3Client") -> None:
    put(s3, STEP + "stderr.gz", SUBMITTED + "Exception: Application failed\n")
    assert not of_step(s3).has_arrived
    put(s3, f"{CONTAINERS}000001/stderr.gz", "ERROR ApplicationMaster: User application exited with status 1\n")
    assert of_step(s3).has_arrived


def test_in_cluster_mode_the_driver_says_the_last_word(s3: "S3Client") -> None:
    """A Python driver's traceback is in the stdout of its container: with spark-submit it goes nowhere else."""
    put(s3, STEP + "stderr.gz", SUBMITTED)
    put(s3, STEP + "stdout.gz", "")
    put(s3, f"{CONTAINERS}000001/stdout.gz", "Traceback (most recent call last):\nValueError: bad row\n")
    put(s3, f"{CONTAINERS}000001/stderr.gz", "ERROR ApplicationMaster: User application exited with status 1\n")
    put(s3, f"{CONTAINERS}000002/stderr.gz", "INFO Executor: Finished task\n")
    put(s3, f"{CONTAINERS}000002/stdout.gz", "not read\n")
    logs = of_step(s3)
    containers = CONTAINERS.removeprefix("emr/j-1/")
    assert names(logs) == [
        "steps/s-1/stderr.gz",
        f"{containers}000002/stderr.gz",
        f"{containers}000001/stderr.gz",
        f"{containers}000001/stdout.gz",
    ]
    assert logs.text.endswith("ValueError: bad row")


def test_every_try_of_the_driver_is_read_and_only_the_last_executors(s3: "S3Client") -> None:
    put(s3, STEP + "stderr.gz", SUBMITTED)
    second = CONTAINERS.replace("_01_", "_02_")
    for number in range(2, 40):
        put(s3, f"{CONTAINERS}{number:06}/stderr.gz", f"executor {number}\n")
    put(s3, f"{CONTAINERS}000001/stderr.gz", "first try\n")
    put(s3, f"{second}000001/stderr.gz", "second try\n")
    tails = [file.tail for file in of_step(s3).files]
    assert len(tails) == 1 + MAX_EXECUTOR_FILES + 2
    assert tails[-2:] == ["first try", "second try"]
    assert tails[1:-2] == [f"executor {number}" for number in range(40 - MAX_EXECUTOR_FILES, 40)]


def test_a_log_of_several_members(s3: "S3Client") -> None:
    """EMR's log pusher appends: a file may hold one gzip member after the other."""
    put(s3, STEP + "stderr.gz", b"".join(gzip.compress(f"part {number}\n".encode()) for number in range(3)))
    assert of_step(s3).text == "part 0\npart 1\npart 2"


def test_a_log_that_was_cut_off_is_read_as_far_as_it_goes(s3: "S3Client") -> None:
    text = "".join(f"{number} {os.urandom(8).hex()}\n" for number in range(2_000))
    whole = gzip.compress(text.encode())
    put(s3, STEP + "stderr.gz", whole[: len(whole) // 2])
    tail = of_step(s3).text
    assert len(tail) > len(text) // 4
    assert tail in text


# Without a time in it, or the workers of a parallel run would not agree on the names of these tests.
EMPTY_GZIP = gzip.compress(b"", mtime=0)


@pytest.mark.parametrize("body", [b"", b"\x1f\x8b", b"plain text, no gzip\n", EMPTY_GZIP, b"\x00" * 100])
def test_what_cannot_be_read_is_left_out_and_has_arrived(s3: "S3Client", body: bytes) -> None:
    put(s3, STEP + "stderr.gz", body)
    assert of_step(s3) == Logs((), has_arrived=True)


def test_rubbish_after_the_log_takes_nothing_away(s3: "S3Client") -> None:
    put(s3, STEP + "stderr.gz", gzip.compress(b"the end\n") + b"rubbish")
    assert of_step(s3).text == "the end"


def test_odd_bytes_are_replaced(s3: "S3Client") -> None:
    put(s3, STEP + "stderr.gz", gzip.compress(b"caf\xe9 \xff\n"))
    assert of_step(s3).text == "caf\ufffd \ufffd"


def test_a_huge_log_is_read_with_little_memory(s3: "S3Client") -> None:
    put(s3, STEP + "stderr.gz", huge(200 * 1024**2, b"the end\n"))
    of_step(s3)
    tracemalloc.start()
    logs = of_step(s3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert logs.files[0].tail.endswith("the end")
    assert len(logs.files[0].tail) <= TAIL_BYTES
    assert peak < 32 * 1024**2


def huge(size: int, end: bytes) -> bytes:
    """Return so many bytes of dots and an end, compressed."""
    out, compressor = io.BytesIO(), zlib.compressobj(1, wbits=31)
    block = b"." * 1024**2
    for _ in range(size // len(block)):
        out.write(compressor.compress(block))
    out.write(compressor.compress(b"\n" + end))
    out.write(compressor.flush())
    return out.getvalue()


def test_a_log_too_big_to_fetch_is_left_to_its_reader(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MAX_OBJECT_BYTES", 100)
    put(s3, STEP + "stderr.gz", gzip.compress(os.urandom(200)))
    put(s3, STEP + "stdout.gz", "small\n")
    logs = of_step(s3)
    assert names(logs) == ["steps/s-1/stdout.gz"]
    assert logs.has_arrived


def test_bootstrap_logs_of_the_nodes(s3: "S3Client") -> None:
    assert not read_bootstrap_logs(s3, URI, "j-1").has_arrived
    put(s3, "emr/j-1/node/i-1/setup-devices/stderr.gz", "nothing of ours\n")
    assert not read_bootstrap_logs(s3, URI, "j-1").has_arrived
    put(s3, "emr/j-1/node/i-1/bootstrap-actions/1/stdout.gz", "installing\n")
    put(s3, "emr/j-1/node/i-1/bootstrap-actions/1/stderr.gz", "pip: not found\n")
    put(s3, "emr/j-1/node/i-1/bootstrap-actions/1/controller.gz", "exit 1\n")
    logs = read_bootstrap_logs(s3, URI, "j-1")
    assert logs.has_arrived
    assert logs.text == "installing\npip: not found"


def test_a_few_bootstrap_logs_tell_enough(s3: "S3Client") -> None:
    for number in range(20):
        put(s3, f"emr/j-1/node/i-{number:02}/bootstrap-actions/1/stderr.gz", f"node {number}\n")
    assert len(read_bootstrap_logs(s3, URI, "j-1").files) == MAX_BOOTSTRAP_FILES


def test_logs_on_more_than_a_page(s3: "S3Client") -> None:
    in_pages_of(10, s3, "ListObjectsV2", "MaxKeys")
    put(s3, STEP + "stderr.gz", SUBMITTED)
    for number in range(2, 30):
        put(s3, f"{CONTAINERS}{number:06}/stderr.gz", b"")
    put(s3, f"{CONTAINERS}000001/stderr.gz", "the driver\n")
    assert of_step(s3).text.endswith("the driver")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=400), max_size=4), st.integers(0, 2_000))
def test_whatever_lies_there_is_read(s3: "S3Client", members: list[bytes], cut: int) -> None:
    put(s3, STEP + "stderr.gz", b"".join(gzip.compress(member) for member in members)[:cut])
    logs = of_step(s3)
    whole = b"".join(members).decode("utf-8", "replace").strip()
    if not cut or cut >= sum(len(gzip.compress(member)) for member in members):
        assert logs.text == (whole if cut else "")
