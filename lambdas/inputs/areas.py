"""Which listings find the inputs of a run, such that no object is listed or counted twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambdas.inputs.errors import InputOverlapError
from lambdas.inputs.globs import S3Glob
from lambdas.inputs.uri import S3Uri

Address = S3Uri | S3Glob


@dataclass(frozen=True)
class Area:
    """One listing: of a bucket's keys that start with ``prefix``, those in one of ``inputs``, folders and patterns."""

    bucket: str
    prefix: str
    inputs: tuple[Address, ...]

    def inside(self, key: str) -> str | None:
        """Return the part of a key below the input that holds it, ``None`` if none does.

        Raises
        ------
        InputOverlapError
            Two do.
        """
        if len(self.inputs) == 1:
            return _inside(self.inputs[0], key)
        holding = [(each, below) for each in self.inputs if (below := _inside(each, key)) is not None]
        if len(holding) > 1:
            raise _overlap(f"s3://{self.bucket}/{key}", holding[0][0], holding[1][0])
        return holding[0][1] if holding else None


def group(inputs: Sequence[Address]) -> list[Area]:
    """Return the listings that find folders and patterns, in the order of buckets and keys."""
    areas: list[Area] = []
    for each in sorted(inputs, key=lambda each: (each.bucket, _prefix(each))):
        above = areas[-1] if areas else None
        if above and above.bucket == each.bucket and _prefix(each).startswith(above.prefix):
            areas[-1] = Area(above.bucket, above.prefix, (*above.inputs, each))
        else:
            areas.append(Area(each.bucket, _prefix(each), (each,)))
    return areas


def refuse_overlap(inputs: Sequence[Address]) -> None:
    """Refuse an input that is named twice or lies in another; of patterns, only what holds without listing anything.

    Raises
    ------
    InputOverlapError
        Spark would read the same objects twice.
    """
    named: dict[Address, Address] = {}
    for each in inputs:
        folder = each.as_folder() if isinstance(each, S3Uri) else each
        if folder in named:
            raise InputOverlapError(f"{each} is named twice; Spark would read its objects twice, so name it once")
        named[folder] = each
    for folder, each in named.items():
        if isinstance(folder, S3Uri):
            for above in _above(folder):
                if above in named:
                    raise _overlap(str(each), named[above], each)


def refuse_object_in(uri: S3Uri, patterns: Sequence[S3Glob]) -> None:
    """Refuse an object that is an input of its own and matches a pattern too; see ``refuse_overlap``."""
    for each in patterns:
        if each.bucket == uri.bucket and each.inside(uri.key) is not None:
            raise _overlap(str(uri), each, uri)


def _above(uri: S3Uri) -> Iterator[S3Uri]:
    while uri.key:
        uri = uri.parent
        yield uri


def _prefix(address: Address) -> str:
    return address.key if isinstance(address, S3Uri) else address.prefix


def _inside(address: Address, key: str) -> str | None:
    if isinstance(address, S3Glob):
        return address.inside(key)
    return key[len(address.key) :] if key.startswith(address.key) else None


def _overlap(what: str, one: Address, other: Address) -> InputOverlapError:
    return InputOverlapError(
        f"{what} lies in two inputs, {one} and {other}; Spark would read it twice, so name inputs that share nothing"
    )
