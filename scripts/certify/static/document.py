"""Read a definition from a file, and refuse what is not Amazon States Language."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lambdas.specs.document import describe, dotted, read_document
from lambdas.specs.errors import SpecError
from scripts.certify.static.graph import bodies

_Key = tuple[str | int, ...]

# https://states-language.net/#statetypes
_TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
_GO_ON = {"Task", "Pass", "Wait", "Parallel", "Map"}
_LANGUAGES = ("JSONPath", "JSONata")


class DefinitionError(ValueError):
    """What was given is not a definition in Amazon States Language."""


class _DuplicateError(ValueError):
    """A key occurs twice in one object."""


@dataclass(frozen=True)
class _Problem:
    key: _Key
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{dotted(self.key) or 'the document'}: {self.found}; {self.expected}"


def load_definition(path: Path) -> dict[str, Any]:
    """Read a definition.

    Parameters
    ----------
    path
        A file with a definition in JSON, or in YAML without aliases.

    Raises
    ------
    DefinitionError
        The file cannot be read or is no definition; the message names the file, the line, what is wrong and what would
        be right.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}; give the path of a file with a definition") from error
    except UnicodeDecodeError as error:
        raise DefinitionError(f"{path}: byte {error.start} is not UTF-8; save the definition as UTF-8 text") from error
    try:
        data = _parse(path, text)
        problems = list(_problems(data))
    except RecursionError as error:
        raise DefinitionError(f"{path}: nested too deeply to be a definition") from error
    if problems:
        raise DefinitionError("\n".join(f"{path}:{_line(text, problem.key)}: {problem}" for problem in problems))
    return dict(data)


def check(definition: Mapping[str, Any]) -> None:
    """Refuse what the analysis cannot read as a graph.

    Raises
    ------
    DefinitionError
        Every problem on its line, each with its place and what would be right.
    """
    problems = list(_problems(definition))
    if problems:
        raise DefinitionError("\n".join(map(str, problems)))


def _parse(path: Path, text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return _parse_yaml(path)
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise DefinitionError(
            f"{path}:{error.lineno}: not JSON: {error.msg} (column {error.colno}); correct the syntax there"
        ) from error
    except _DuplicateError as error:
        line = _duplicate_line(_compose(text)) or 1
        raise DefinitionError(f"{path}:{line}: {error}; give it once, because the last one wins silently") from error


def _parse_yaml(path: Path) -> Any:
    try:
        return read_document(path, path).data
    except SpecError as error:
        first = error.findings[0]
        message = f"{path}:{first.line}: expected {first.expected}; found {first.found}"
        raise DefinitionError(message) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateError(f"the key {next(name for name in names if names.count(name) > 1)!r} occurs twice")
    return found


def _compose(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text.expandtabs(), yaml.SafeLoader)  # JSON is YAML when its tabs are spaces
    except yaml.YAMLError:
        return None


def _duplicate_line(node: yaml.Node | None) -> int | None:
    """Return the line where a key of one mapping is given again."""
    if isinstance(node, yaml.SequenceNode):
        return next((line for item in node.value if (line := _duplicate_line(item))), None)
    seen = set()
    for name, item in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value in seen:
            return int(name.start_mark.line) + 1
        seen.add(name.value)
        line = _duplicate_line(item)
        if line:
            return line
    return None


def _line(text: str, key: _Key) -> int:
    """Return the line of a place, or of the nearest place around it."""
    node = _compose(text)
    line = 1
    for part in key:
        if isinstance(node, yaml.MappingNode):
            pair = next(((name, item) for name, item in node.value if name.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            pair = (node.value[part], node.value[part])
        else:
            pair = None
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def _problems(data: object) -> Iterator[_Problem]:
    if isinstance(data, Mapping) and "Resources" in data and "States" not in data:
        yield _Problem((), "a CloudFormation template", "give the definition of one state machine itself")
    else:
        yield from _machine((), data)


def _machine(key: _Key, machine: object) -> Iterator[_Problem]:
    if not isinstance(machine, Mapping):
        yield _Problem(key, describe(machine), "a definition is an object with StartAt and States")
        return
    states = machine.get("States")
    if not isinstance(states, Mapping) or not states:
        expected = "a definition needs States, an object with at least one state"
        yield _Problem((*key, "States"), describe(states), expected)
        return
    yield from _target((*key, "StartAt"), machine.get("StartAt"), states)
    yield from _language(key, machine)
    for name, state in states.items():
        yield from _state((*key, "States", str(name)), state, states)


def _state(key: _Key, state: object, states: Mapping[str, Any]) -> Iterator[_Problem]:
    kind = state.get("Type") if isinstance(state, Mapping) else None
    if not isinstance(state, Mapping) or kind not in _TYPES:
        found = f"Type is {describe(kind)}" if isinstance(state, Mapping) else describe(state)
        yield _Problem(key, found, f"a state is an object whose Type is one of {', '.join(_TYPES)}")
        return
    yield from _language(key, state)
    if kind in _GO_ON and state.get("End") is not True:
        yield from _target((*key, "Next"), state.get("Next"), states)
    if kind in _GO_ON and state.get("End") is True and "Next" in state:
        yield _Problem(key, "both Next and End", "a state either goes on or ends")
    if kind == "Task" and not isinstance(state.get("Resource"), str):
        yield _Problem((*key, "Resource"), describe(state.get("Resource")), "a Task names its Resource, an ARN")
    if kind == "Choice":
        yield from _choice(key, state, states)
    yield from _rules(key, state, "Catch", states)
    yield from _rules(key, state, "Retry", states)
    if kind in ("Parallel", "Map"):
        yield from _inside(key, state)


def _choice(key: _Key, state: Mapping[str, Any], states: Mapping[str, Any]) -> Iterator[_Problem]:
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules:
        yield _Problem((*key, "Choices"), describe(rules), "a Choice needs a list of at least one rule")
        return
    for number, rule in enumerate(rules):
        found = rule.get("Next") if isinstance(rule, Mapping) else None
        yield from _target((*key, "Choices", number, "Next"), found, states)
    if "Default" in state:
        yield from _target((*key, "Default"), state["Default"], states)


def _rules(key: _Key, state: Mapping[str, Any], field: str, states: Mapping[str, Any]) -> Iterator[_Problem]:
    rules = state.get(field, [])
    if not isinstance(rules, list):
        yield _Problem((*key, field), describe(rules), f"{field} is a list")
        return
    for number, rule in enumerate(rules):
        place = (*key, field, number)
        names = rule.get("ErrorEquals") if isinstance(rule, Mapping) else None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            expected = f"every entry of {field} lists the errors it is for"
            yield _Problem((*place, "ErrorEquals"), describe(names), expected)
        elif field == "Catch":
            yield from _target((*place, "Next"), rule.get("Next"), states)
        elif not isinstance(rule.get("MaxAttempts", 0), int):
            yield _Problem((*place, "MaxAttempts"), describe(rule["MaxAttempts"]), "MaxAttempts is a whole number")


def _inside(key: _Key, state: Mapping[str, Any]) -> Iterator[_Problem]:
    if state["Type"] == "Map":
        field = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        yield from _machine((*key, field), bodies(state)[0])
        return
    branches = state.get("Branches")
    if not isinstance(branches, list) or not branches:
        yield _Problem((*key, "Branches"), describe(branches), "a Parallel needs a list of at least one branch")
        return
    for number, branch in enumerate(branches):
        yield from _machine((*key, "Branches", number), branch)


def _target(key: _Key, name: object, states: Mapping[str, Any]) -> Iterator[_Problem]:
    if not isinstance(name, str) or name not in states:
        near = ", ".join(map(repr, list(states)[:8])) + (", ..." if len(states) > 8 else "")
        yield _Problem(key, f"{describe(name)} is not a state here", f"name one of {near}")


def _language(key: _Key, body: Mapping[str, Any]) -> Iterator[_Problem]:
    language = body.get("QueryLanguage", "JSONPath")
    if language not in _LANGUAGES:
        yield _Problem((*key, "QueryLanguage"), describe(language), f"the languages are {' and '.join(_LANGUAGES)}")
