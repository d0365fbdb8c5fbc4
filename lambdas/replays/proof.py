"""What is still as a run left it: the outputs of its steps, and its input."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.inputs.errors import InputTooManyError
from lambdas.inputs.frozen import FrozenObject, ManifestTornError, open_manifest, read_objects
from lambdas.inputs.uri import S3Uri
from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.ledger.outputs import OutputMissingError, list_outputs
from lambdas.replays.resume import InputChange, OutputState

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# With more objects than this, what differs is not told one by one: a minute and 100 MB for words nobody reads to the
# end.
MAX_COMPARED = 200_000

_NAMED = 3
_UNREADABLE = frozenset({"NoSuchBucket", "404", "AccessDenied", "AllAccessDisabled", "403"})


@dataclass
class Difference:
    """How some objects differ from those there were: how many of each kind, and the first of them."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, found: FrozenObject) -> None:
        """Count an object."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        names = self.first.setdefault(kind, [])
        if len(names) < _NAMED:
            names.append(str(found))

    def __str__(self) -> str:
        return "; ".join(self._words(kind, count) for kind, count in sorted(self.counts.items()))

    def _words(self, kind: str, count: int) -> str:
        names = self.first[kind]
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        return f"{count:,} {kind} ({', '.join(names)}{more})"


def compare(before: Iterable[FrozenObject], now: Iterable[FrozenObject]) -> Difference:
    """Say how objects differ from those there were; keeps those there were in memory."""
    known = {(each.bucket, each.key): each for each in before}
    difference = Difference()
    for each in now:
        was = known.pop((each.bucket, each.key), None)
        if was is None:
            difference.add("added", each)
        elif was != each:
            difference.add("changed", each)
    for gone in known.values():
        difference.add("removed", gone)
    return difference


def check_input(s3: "S3Client", entry: LedgerEntry, manifest: IO[bytes], version: str) -> InputChange | None:
    """Say how an input differs from what a run read, ``None`` if it does not.

    Parameters
    ----------
    s3
        The client that reads the run's manifest.
    entry
        The run.
    manifest
        The input as it is now, in a file that is read from its start.
    version
        Of the input as it is now.
    """
    if entry.version == version:
        return None
    if entry.version is None or entry.manifest is None:
        return InputChange(f"what {entry.run} read is not on record")
    manifest.seek(0)
    try:
        difference = compare(_few(_manifest(s3, entry.manifest)), _few(read_objects(manifest)))
    except _TooManyError:
        return InputChange(f"some of its more than {MAX_COMPARED:,} objects are others than {entry.run} read")
    except (ManifestTornError, ClientError) as error:
        return InputChange(f"its version is another, and the manifest of {entry.run} cannot be read ({error})")
    return InputChange(f"since {entry.run} read it, {difference}")


def check_outputs(s3: "S3Client", steps: Iterable[LedgerStep]) -> dict[str, OutputState]:
    """Say of completed steps whether what they wrote is there as they left it.

    Parameters
    ----------
    s3
        The client that lists the outputs; it should allow ``listing.WORKERS`` connections.
    steps
        Those that are not proven are left out.
    """
    return {step.name: _output_state(s3, step) for step in steps if step.is_proven}


def _output_state(s3: "S3Client", step: LedgerStep) -> OutputState:
    with open_manifest() as file:
        try:
            written = list_outputs(s3, step.outputs, file)
        except OutputMissingError as error:
            return OutputState(0, f"{error}, where it was to write")
        except InputTooManyError:
            return OutputState(0, f"there are too many objects at {_places(step)} to tell whether it wrote them")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _UNREADABLE:
                raise
            return OutputState(0, f"what it wrote to {_places(step)} cannot be listed ({code})")
        if written.archived:
            problem = f"{written.archived:,} objects at {_places(step)} are archived and cannot be read"
            return OutputState(written.objects, problem)
        if written.version == step.version:
            return OutputState(written.objects)
        return OutputState(written.objects, _difference(s3, step, file))


def _difference(s3: "S3Client", step: LedgerStep, file: IO[bytes]) -> str | None:
    """Say how what lies at a step's outputs differs from what it wrote; empty objects that were added do not count."""
    file.seek(0)
    try:
        before = list(_few(_manifest(s3, str(step.manifest))))
        now = list(_few(read_objects(file)))
    except _TooManyError:
        return f"some of the more than {MAX_COMPARED:,} objects at {_places(step)} are others than it wrote"
    except (ManifestTornError, ClientError) as error:
        return f"what lies at {_places(step)} is not what it wrote, and the list of that cannot be read ({error})"
    listed = {(each.bucket, each.key) for each in before}
    difference = compare(before, (each for each in now if each.bytes or (each.bucket, each.key) in listed))
    return f"what it wrote is not there as it left it: {difference}" if difference.counts else None


def _manifest(s3: "S3Client", address: str) -> Iterator[FrozenObject]:
    uri = S3Uri.parse(address)
    return read_objects(s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"].iter_lines())


def _few(objects: Iterable[FrozenObject]) -> Iterator[FrozenObject]:
    for number, each in enumerate(objects):
        if number == MAX_COMPARED:
            raise _TooManyError
        yield each


def _places(step: LedgerStep) -> str:
    return " and ".join(step.outputs)


class _TooManyError(Exception):
    """There are more objects than are compared one by one."""
