"""Whether what a Task gives to an API has the shape of the API's request, as botocore knows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum, auto
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from lambdas.specs.document import Key, describe, dotted
from scripts.checking.definition_given import Given


class Kind(Enum):
    """What is wrong with an argument."""

    UNKNOWN = auto()
    MISSING = auto()
    TYPE = auto()
    VALUE = auto()


@dataclass(frozen=True)
class Problem:
    """What is wrong where, from the state."""

    kind: Kind
    key: Key
    text: str


@dataclass(frozen=True)
class Structure:
    """A request, or a part of one: its members in PascalCase, as Step Functions wants them.

    https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
    """

    members: Mapping[str, "Shape | Structure"]
    required: frozenset[str]

    def without(self, *names: str) -> "Structure":
        """Return the same with fewer members."""
        members = {name: shape for name, shape in self.members.items() if name not in names}
        return Structure(members, self.required - set(names))


_NUMBERS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}
_WORDS = {"integer": "a whole number", "long": "a whole number", "float": "a number", "double": "a number"}


def structure(shape: StructureShape | None) -> Structure:
    """Return the members of a structure; of none when an operation takes no arguments."""
    if shape is None:
        return Structure({}, frozenset())
    members = {_pascal(name): member for name, member in shape.members.items()}
    return Structure(members, frozenset(map(_pascal, shape.required_members)))


def problems(given: Given, shape: "Shape | Structure") -> Iterator[Problem]:
    """Yield every way in which arguments do not fit, as far as they can be seen before they are evaluated."""
    if given.is_hidden:
        return
    if isinstance(shape, StructureShape):
        if not shape.is_document_type:
            yield from problems(given, structure(shape))
    elif isinstance(shape, Structure):
        yield from _structure(given, shape)
    elif isinstance(shape, ListShape):
        yield from _expect(given, list, "a list")
        for item in given.items():
            yield from problems(item, shape.member)
    elif isinstance(shape, MapShape):
        yield from _expect(given, Mapping, "an object")
        for _, member in given.members():
            yield from problems(member, shape.value)
    else:
        yield from _scalar(given, shape)


def _structure(given: Given, shape: Structure) -> Iterator[Problem]:
    yield from _expect(given, Mapping, "an object")
    if not isinstance(given.value, Mapping):
        return
    for name, member in given.members():
        known = shape.members.get(name) or shape.members.get(name.removesuffix("Value"))  # Equals is EqualsValue
        if known is None:
            yield Problem(Kind.UNKNOWN, member.key, f"{_at(member.key)} is not a parameter{_instead(name, shape)}")
        else:
            yield from problems(member, known)
    for name in sorted(shape.required):
        if given.get(name).is_missing:
            yield Problem(Kind.MISSING, given.key, f"{_at((*given.key, name))} is missing")


def _scalar(given: Given, shape: Shape) -> Iterator[Problem]:
    kind = shape.type_name
    if kind in _NUMBERS:
        if isinstance(given.value, bool) or not isinstance(given.value, _NUMBERS[kind]):
            yield _mistyped(given, _WORDS[kind])
    elif kind == "boolean":
        yield from _expect(given, bool, "true or false")
    elif kind == "string":
        yield from _expect(given, str, "a text")
        enum = shape.enum if isinstance(shape, StringShape) else []
        if enum and isinstance(given.value, str) and given.value not in enum:
            text = f"{_at(given.key)} is {describe(given.value)}, not one of {', '.join(enum[:12])}"
            yield Problem(Kind.VALUE, given.key, text)


def _expect(given: Given, kind: Any, words: str) -> Iterator[Problem]:
    if not isinstance(given.value, kind):
        yield _mistyped(given, words)


def _mistyped(given: Given, words: str) -> Problem:
    return Problem(Kind.TYPE, given.key, f"{_at(given.key)} is {describe(given.value)}, not {words}")


def _instead(name: str, shape: Structure) -> str:
    near = get_close_matches(name.lower(), [each.lower() for each in shape.members], n=1, cutoff=0.75)
    meant = [each for each in shape.members if each.lower() in near]
    return f" here; {meant[0]} is" if meant else f" here; there are {_some(list(shape.members))}"


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "") if names else "none"


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def _at(key: Key) -> str:
    return dotted(key[1:]) or str(key[0])
