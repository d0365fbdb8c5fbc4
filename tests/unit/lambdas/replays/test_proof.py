import io
from typing import TYPE_CHECKING

import pytest

from lambdas.inputs.frozen import FrozenManifest, FrozenObject
from lambdas.inputs.pages import S3Object
from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.ledger.outputs import freeze_outputs
from lambdas.replays import proof
from lambdas.replays.proof import check_input, check_outputs, compare
from lambdas.replays.resume import OutputState
from tests.unit.lambdas.replays.support import an_entry, completed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "out/run-1/a/"


def put(s3: "S3Client", name: str, body: bytes = b"x", **options: str) -> None:
    s3.put_object(Bucket="the-data", Key=f"{FOLDER}{name}", Body=body, **options)  # type: ignore[arg-type]


@pytest.fixture
def step(deployment: "S3Client") -> LedgerStep:
    """A step that has written two files and a marker."""
    for name, body in (("part-0", b"x"), ("part-1", b"y"), ("_SUCCESS", b"")):
        put(deployment, name, body)
    found = completed("a")
    written = freeze_outputs(deployment, found.outputs, str(found.manifest))
    return found.model_copy(update={"version": written.version})


def state(s3: "S3Client", step: LedgerStep) -> OutputState:
    return check_outputs(s3, [step])["a"]


def test_outputs_that_are_as_the_step_left_them(deployment: "S3Client", step: LedgerStep) -> None:
    put(deployment, "part-0", b"x")
    assert state(deployment, step) == OutputState(3)
    put(deployment, "", b"")
    assert state(deployment, step) == OutputState(4)


def test_outputs_that_have_changed(deployment: "S3Client", step: LedgerStep) -> None:
    put(deployment, "part-0", b"z")
    put(deployment, "part-2")
    deployment.delete_object(Bucket="the-data", Key=f"{FOLDER}_SUCCESS")
    assert state(deployment, step).problem == (
        "what it wrote is not there as it left it: 1 added (s3://the-data/out/run-1/a/part-2); 1 changed "
        "(s3://the-data/out/run-1/a/part-0); 1 removed (s3://the-data/out/run-1/a/_SUCCESS)"
    )
    deployment.delete_object(Bucket="the-logs", Key="runs/count/run-1/outputs/a.json")
    assert "and the list of that cannot be read" in str(state(deployment, step).problem)


def test_more_changed_outputs_than_are_compared(
    deployment: "S3Client", step: LedgerStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(deployment, "part-0", b"z")
    monkeypatch.setattr(proof, "MAX_COMPARED", 2)
    assert "some of the more than 2 objects at s3://the-data/out/run-1/a/ are" in str(state(deployment, step).problem)


def test_outputs_that_cannot_be_read(deployment: "S3Client", step: LedgerStep) -> None:
    put(deployment, "part-1", b"y", StorageClass="GLACIER")
    assert state(deployment, step).problem == "1 objects at s3://the-data/out/run-1/a/ are archived and cannot be read"
    for name in ("part-0", "part-1", "_SUCCESS"):
        deployment.delete_object(Bucket="the-data", Key=f"{FOLDER}{name}")
    assert state(deployment, step).problem == "nothing lies at s3://the-data/out/run-1/a/, where it was to write"
    elsewhere = step.model_copy(update={"outputs": ("s3://no-such-bucket/a/",)})
    assert "cannot be listed (NoSuchBucket)" in str(state(deployment, elsewhere).problem)


def test_a_step_that_is_not_proven_is_not_looked_at(deployment: "S3Client") -> None:
    assert check_outputs(deployment, [completed("a", state="FAILED"), completed("b", manifest=None)]) == {}


def frozen(keys: dict[str, str]) -> tuple[io.BytesIO, str]:
    """Return the manifest of some keys and their ETags, and its version."""
    file = io.BytesIO()
    manifest = FrozenManifest(file, ["s3://the-data/in/"])
    manifest.write("the-data", [S3Object(key, 1, etag) for key, etag in keys.items()])
    manifest.end()
    return file, manifest.version


@pytest.fixture
def run(deployment: "S3Client") -> LedgerEntry:
    """A run that has read three files."""
    file, version = frozen({"in/a": "1", "in/b": "1", "in/c": "1"})
    entry = an_entry(version=version)
    deployment.put_object(Bucket="the-logs", Key="runs/count/run-1/manifest.json", Body=file.getvalue())
    return entry


def change(s3: "S3Client", entry: LedgerEntry, keys: dict[str, str]) -> str | None:
    changed = check_input(s3, entry, *frozen(keys))
    return changed.words if changed else None


def test_how_an_input_has_changed(deployment: "S3Client", run: LedgerEntry) -> None:
    assert change(deployment, run, {"in/c": "1", "in/a": "1", "in/b": "1"}) is None
    assert change(deployment, run, {"in/a": "2", "in/c": "1", "in/d": "1"}) == (
        "since run-1 read it, 1 added (s3://the-data/in/d); 1 changed (s3://the-data/in/a); "
        "1 removed (s3://the-data/in/b)"
    )


def test_an_input_that_cannot_be_compared(
    deployment: "S3Client", run: LedgerEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = run.model_copy(update={"version": None})
    assert change(deployment, unknown, {"in/a": "1"}) == "what run-1 read is not on record"
    monkeypatch.setattr(proof, "MAX_COMPARED", 2)
    assert "more than 2 objects" in str(change(deployment, run, {"in/a": "1"}))
    monkeypatch.undo()
    deployment.put_object(Bucket="the-logs", Key="runs/count/run-1/manifest.json", Body=b'{"inputs": []')
    assert "its end is missing" in str(change(deployment, run, {"in/a": "1"}))
    deployment.delete_object(Bucket="the-logs", Key="runs/count/run-1/manifest.json")
    assert "NoSuchKey" in str(change(deployment, run, {"in/a": "1"}))


def test_of_many_only_some_are_named() -> None:
    now = [FrozenObject("b", str(number), 1, "e") for number in range(1_200)]
    assert str(compare([], now)) == "1,200 added (s3://b/0, s3://b/1, s3://b/2 and 1,197 more)"
    assert not compare(now, reversed(now)).counts
