"""What a completed step wrote, kept as a manifest: the proof that it need not run again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING

from lambdas.inputs.areas import Area, group
from lambdas.inputs.frozen import FrozenManifest, open_manifest
from lambdas.inputs.listing import list_areas
from lambdas.inputs.pages import S3Object, list_page
from lambdas.inputs.tally import ARCHIVED_CLASSES
from lambdas.inputs.uri import S3Uri
from lambdas.runs.store import put_manifest, run_folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class OutputMissingError(Exception):
    """A completed step has left nothing at one of its outputs, so nothing proves what it did."""


@dataclass(frozen=True)
class Written:
    """What lies at the outputs of a step.

    Attributes
    ----------
    version
        The sum of digests over address, size and ETag of every object; see ``FrozenManifest``.
    archived
        How many of the objects cannot be read before they are restored.
    """

    version: str
    objects: int
    bytes: int
    archived: int = 0


def outputs_manifest(log_bucket: str, job: str, run: str, step: str) -> str:
    """Return where the manifest of a step's outputs is."""
    return f"{run_folder(log_bucket, job, run)}outputs/{step}.json"


def freeze_outputs(s3: "S3Client", outputs: Sequence[str], manifest: str) -> Written:
    """Write the manifest of what lies at some addresses.

    Every object counts, the empty ones too: a step that is to be taken as done must find all it left.

    Parameters
    ----------
    s3
        The client; it should allow ``listing.WORKERS`` connections.
    outputs
        Folders.
    manifest
        Where the manifest goes, in the form of an input's: ``{"inputs", "objects"}``.

    Raises
    ------
    OutputMissingError
        One of the folders is empty; no manifest is written.
    InputTooManyError
        The objects are too many for a manifest.
    """
    with open_manifest() as file:
        written = list_outputs(s3, outputs, file)
        put_manifest(s3, manifest, file)
    return written


def list_outputs(s3: "S3Client", outputs: Sequence[str], manifest: IO[bytes]) -> Written:
    """Write into a file what lies at some addresses; see ``freeze_outputs``."""
    frozen = FrozenManifest(manifest, outputs)
    folders = [S3Uri.parse(each) for each in outputs]
    parts = list_areas(partial(list_page, s3), group(folders), partial(_Part, frozen))
    frozen.end()
    for folder, address in zip(folders, outputs, strict=True):
        if not any(part.holds(folder) for part in parts):
            raise OutputMissingError(f"nothing lies at {address}")
    return Written(
        version=frozen.version,
        objects=sum(part.objects for part in parts),
        bytes=sum(part.bytes for part in parts),
        archived=sum(part.archived for part in parts),
    )


class _Part:
    """What one thread counts and writes."""

    def __init__(self, frozen: FrozenManifest, area: Area) -> None:
        self._frozen, self._area = frozen, area
        self._found: set[S3Uri] = set()
        self.objects = self.bytes = self.archived = 0

    def add(self, objects: Sequence[S3Object]) -> None:
        self._frozen.write(self._area.bucket, objects)
        self.objects += len(objects)
        self.bytes += sum(each.size for each in objects)
        self.archived += sum(each.storage_class in ARCHIVED_CLASSES and not each.restored for each in objects)
        for folder in self._area.inputs:
            if isinstance(folder, S3Uri) and any(each.key.startswith(folder.key) for each in objects):
                self._found.add(folder)

    def holds(self, folder: S3Uri) -> bool:
        return folder in self._found
