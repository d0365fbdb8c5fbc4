"""What a run was asked for: the forms an execution's input takes."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lambdas.inputs.areas import refuse_overlap
from lambdas.inputs.errors import InputInvalidError, InputTooLargeError
from lambdas.inputs.events import Created, is_event, parse_event
from lambdas.inputs.globs import S3Glob, parse_address
from lambdas.inputs.uri import S3Uri, UriError

# Input or output of an execution, a state or a task, in bytes of UTF-8.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MAX_DOCUMENT_BYTES = 262_144

# With it a state machine that starts another links the two executions in the console.
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html
STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"

REPLAY = "replay"
"""What an execution's input has that replays a run."""

_FORMS = (
    'start the run with {} for the job\'s own input, with {"input": "s3://bucket/prefix/"} or a list of such, with '
    '{"manifest": "s3://bucket/file"}, with {"replay": "<run>"} for a run that failed, or with an S3 '
    "'Object Created' event as EventBridge delivers it"
)
_KEYS = ("input", "manifest", "version", REPLAY)

Trigger = Literal["default", "input", "manifest", "object_created"]
CreatedAs = Literal["folder", "object", "manifest"]


@dataclass(frozen=True)
class Request:
    """What to read.

    Attributes
    ----------
    trigger
        Which form of input said so.
    inputs
        Objects, folders and patterns.
    manifest
        The object that lists the input, in place of ``inputs``.
    created
        The object that is the whole input and known from its event, in place of both.
    version
        Of the input the run was named after; ``None`` for a run that takes what is there.
    """

    trigger: Trigger
    inputs: tuple[S3Uri | S3Glob, ...] = ()
    manifest: S3Uri | None = None
    created: Created | None = None
    version: str | None = None

    def __str__(self) -> str:
        alone = self.manifest or (self.created and self.created.uri)
        return str(alone) if alone else describe_addresses([str(each) for each in self.inputs])


def is_replay(document: object) -> bool:
    """Say whether an execution's input asks for a run to be replayed, rightly or not."""
    return isinstance(document, dict) and REPLAY in document


def describe_addresses(addresses: Sequence[str]) -> str:
    """Name the first, and say how many more there are."""
    more = f" and {len(addresses) - 1:,} more" if len(addresses) > 1 else ""
    return f"{addresses[0]}{more}"


def parse_request(document: object, job_input: str, created_as: Sequence[tuple[str, str, CreatedAs]] = ()) -> Request:
    """Read the execution's input.

    Parameters
    ----------
    document
        ``{}``, ``{"input": "s3://..."}`` with one address or a list of them, ``{"manifest": "s3://..."}``, or an S3
        event.
    job_input
        The input of the job's spec, without placeholders, for ``{}``.
    created_as
        Of the job's triggers, how the key begins and ends, and what the object created is: the marker of its folder,
        the input itself, or a manifest. Where none matches, it is a marker.

    Raises
    ------
    InputInvalidError, InputOverlapError
        Any other document; the message says what is wrong and what would be right.
    InputTooLargeError
        More than 262,144 bytes.
    """
    size = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
    if size > MAX_DOCUMENT_BYTES:
        raise InputTooLargeError(
            f"the execution's input has {size:,} bytes, more than the {MAX_DOCUMENT_BYTES:,} Step Functions passes on; "
            "put the data, or a manifest of it, in S3 and start the run with its address"
        )
    if not isinstance(document, dict):
        raise InputInvalidError(f"the execution's input is {kind_of(document)}, not an object; {_FORMS}")
    document = {name: value for name, value in document.items() if name != STARTED_BY}
    if not document:
        return Request("default", (_parse(job_input),))
    if is_event(document):
        return _of_event(parse_event(document), created_as)
    version = _version(document)
    if set(document) - {"version"} == {"input"}:
        return Request("input", _inputs(document["input"]), version=version)
    if set(document) - {"version"} == {"manifest"}:
        return Request("manifest", manifest=_manifest(document["manifest"]), version=version)
    raise InputInvalidError(f"the execution's input has {_unknown(document)}; {_FORMS}")


def _of_event(created: Created, created_as: Sequence[tuple[str, str, CreatedAs]]) -> Request:
    key = created.uri.key
    what = next((what for begin, end, what in created_as if key.startswith(begin) and key.endswith(end)), "folder")
    if what == "object":
        return Request("object_created", created=created)
    if what == "manifest":
        return Request("object_created", manifest=created.uri)
    return Request("object_created", (created.uri.parent,))


def _version(document: Mapping[str, object]) -> str | None:
    version = document.get("version")
    if version is None or isinstance(version, str):
        return version
    raise InputInvalidError(f"'version' is {kind_of(version)}; only start_runs writes it, so leave it out")


def _inputs(value: object) -> tuple[S3Uri | S3Glob, ...]:
    if not isinstance(value, list):
        return (_parse(value),)
    if not value:
        raise InputInvalidError("'input' is an empty list; name an address at least, as in s3://bucket/prefix/")
    inputs = tuple(map(_parse, value))
    refuse_overlap(inputs)
    return inputs


def _manifest(value: object) -> S3Uri:
    uri = _parse(value, "manifest")
    if isinstance(uri, S3Glob) or uri.is_folder:
        raise InputInvalidError(f"the manifest {uri} is no object; name the one file that lists the input")
    return uri


def _parse(value: object, name: str = "input") -> S3Uri | S3Glob:
    if not isinstance(value, str):
        raise InputInvalidError(f"{name!r} is or holds {kind_of(value)}; write an address, as in s3://bucket/prefix/")
    try:
        return parse_address(value)
    except UriError as error:
        raise InputInvalidError(str(error)) from error


def _unknown(document: Mapping[str, object]) -> str:
    if REPLAY in document:
        return f"the key {REPLAY!r}, which only the input of an execution has"
    names = sorted(set(document) - set(_KEYS))
    if not names:
        both = {"input", "manifest"} <= set(document)
        return "both 'input' and 'manifest', and only one can hold" if both else "a 'version' and no input"
    found = f"the unknown key{'s' if len(names) > 1 else ''} {', '.join(map(repr, names[:5]))}"
    close = [name for name in difflib.get_close_matches(names[0], _KEYS, n=1) if name not in document]
    return f"{found} (did you mean {close[0]!r}?)" if close else found


def kind_of(value: object) -> str:
    """Say what kind of JSON a value is."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
