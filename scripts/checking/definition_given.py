"""What a Task is given, looked at member by member: much of it is only known when it runs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.specs.document import Key
from scripts.certify.static.graph import State

_SUBSTITUTION = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True)
class Given:
    """A value in a state, or its absence.

    Attributes
    ----------
    value
        What is written there; ``None`` too when it is missing.
    key
        Where, from the state.
    jsonata
        Whether the state speaks JSONata.
    is_missing, is_hidden
        Whether nothing is written there, or something that is evaluated or filled in later.
    """

    value: Any
    key: Key
    jsonata: bool
    is_missing: bool = False
    is_hidden: bool = False

    @property
    def literal(self) -> Any:
        """What is written there, if that is what the call gets; else ``None``."""
        return None if self.is_hidden else self.value

    def get(self, *names: str) -> "Given":
        """Return a member, or a member's member."""
        found = self
        for name in names:
            found = found._member(name)
        return found

    def _member(self, name: str) -> "Given":
        if self.is_hidden:
            return self
        members = self.value if isinstance(self.value, Mapping) else {}
        written = name if name in members else f"{name}.$"
        if written not in members:
            return Given(None, self.key, self.jsonata, is_missing=True)
        return self._below(written, members[written])

    def members(self) -> Iterator[tuple[str, "Given"]]:
        """Yield every member with its name, without the ``.$`` by which JSONPath marks an expression."""
        if isinstance(self.value, Mapping):
            for name, value in self.value.items():
                yield name.removesuffix(".$"), self._below(name, value)

    def items(self) -> Iterator["Given"]:
        """Yield every item of a list."""
        if isinstance(self.value, list):
            for number, value in enumerate(self.value):
                yield self._below(number, value)

    def leaves(self) -> Iterator["Given"]:
        """Yield everything inside that is neither a mapping nor a list."""
        if isinstance(self.value, Mapping | list):
            for _, member in self.members():
                yield from member.leaves()
            for item in self.items():
                yield from item.leaves()
        elif not self.is_missing:
            yield self

    def _below(self, name: str | int, value: Any) -> "Given":
        evaluated = isinstance(name, str) and name.endswith(".$") and not self.jsonata
        return Given(value, (*self.key, name), self.jsonata, is_hidden=evaluated or _is_hidden(value, self.jsonata))


def given(state: State) -> Given:
    """Return what a Task is given."""
    field = "Arguments" if state.jsonata else "Parameters"
    value = state.body.get(field, {})
    return Given(value, (field,), state.jsonata, is_hidden=_is_hidden(value, state.jsonata))


def _is_hidden(value: Any, jsonata: bool) -> bool:
    if not isinstance(value, str):
        return False
    return (jsonata and value.lstrip().startswith("{%")) or bool(_SUBSTITUTION.search(value))
