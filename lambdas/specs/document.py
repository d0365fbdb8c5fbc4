"""YAML with the line of every key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from lambdas.specs.errors import Finding, SpecError

Key = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """Plain YAML without aliases, which can make a document endless and its lines ambiguous."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias, compose anything else."""
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "a YAML alias (*name)", alias.start_mark)
        return super().compose_node(parent, index)


@dataclass(frozen=True)
class Document:
    """A parsed file.

    Attributes
    ----------
    name
        The file as findings name it.
    data
        What the file says, as plain Python.
    lines
        The line of every key and list item, by its place.
    """

    name: str
    data: object
    lines: dict[Key, int] = field(repr=False)

    def line(self, key: Key) -> int:
        """Return the line of a place, or of the nearest place around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def finding(self, key: Key, expected: str, found: str) -> Finding:
        """Return a finding at a place of this document."""
        return Finding(self.name, self.line(key), dotted(key), expected, found)

    def strings(self) -> Iterator[tuple[Key, str]]:
        """Yield every text with its place; a mapping's keys too."""
        yield from _strings((), self.data)


def dotted(key: Key) -> str:
    """Write a place as people do: ``steps[1].timeout``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def describe(value: object) -> str:
    """Say what a value is in a few words."""
    match value:
        case None:
            text = "nothing"
        case dict():
            text = f"a mapping of {', '.join(map(str, list(value)[:5])) or 'nothing'}"
        case list() | tuple():
            text = f"a list of {len(value)}"
        case str():
            text = repr(value if len(value) <= 80 else f"{value[:77]}...")
        case bool():
            text = f"{str(value).lower()} (true or false)"
        case int() | float():
            text = f"{value} (a number)"
        case _:
            text = f"{value} (a {type(value).__name__})"
    return text


def read_document(path: Path, root: Path) -> Document:
    """Read a YAML file.

    Parameters
    ----------
    path
        The file.
    root
        The ``emr_specs`` folder, to name the file in findings.

    Raises
    ------
    SpecError
        Not UTF-8, not YAML, more than one document, an alias, or a key given twice.
    """
    name = path.relative_to(root.parent).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, _Loader)
        data = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError as error:
        raise SpecError([Finding(name, 1, "", "UTF-8 text", f"byte {error.start} that is not")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SpecError([Finding(name, line, "", "YAML without aliases, one document", str(error.problem))]) from error
    except yaml.YAMLError as error:
        raise SpecError([Finding(name, 1, "", "YAML", str(error).splitlines()[0])]) from error
    lines: dict[Key, int] = {(): 1}
    duplicates: list[Finding] = []
    if node is not None:
        _collect((), node, name, lines, duplicates)
    if duplicates:
        raise SpecError(duplicates)
    return Document(name, data, lines)


def _collect(key: Key, node: yaml.Node, name: str, lines: dict[Key, int], duplicates: list[Finding]) -> None:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            lines[(*key, number)] = item.start_mark.line + 1
            _collect((*key, number), item, name, lines, duplicates)
    elif isinstance(node, yaml.MappingNode):
        for name_node, item in node.value:
            place = (*key, str(name_node.value))
            line = name_node.start_mark.line + 1
            if place in lines:
                first = f"it on lines {lines[place]} and {line}"
                duplicates.append(Finding(name, line, dotted(place), "the key once", first))
            lines[place] = line
            _collect(place, item, name, lines, duplicates)


def _strings(key: Key, value: object) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(key, name)
            yield from _strings((*key, str(name)), item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings((*key, number), item)
