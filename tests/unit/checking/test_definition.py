"""Definitions as the rules look at them: what is read, and on which line everything stands."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.checking import asl_rules
from scripts.checking.asl_rules import ASL_RULES
from scripts.checking.definition import load_definition, parse_definition, state_key
from scripts.checking.definition_lines import json_lines
from scripts.checking.rules import Place, apply
from tests.unit.checking.definition_cases import CAREFUL, TODAY, changed, in_parallel

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def places(value: Any, key: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every place of a value in the order of its text."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [key] + [place for name, item in inner for place in places(item, (*key, name))]


@given(values, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_every_place_has_the_line_on_which_it_begins(value: Any, indent: int | str | None, escaped: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    lines = json_lines(text)
    assert list(lines) == places(value)
    written = text.split("\n")
    for key, line in lines.items():
        if key and isinstance(key[-1], str):
            assert json.dumps(key[-1], ensure_ascii=escaped) in written[line - 1]
    assert list(lines.values()) == sorted(lines.values())
    if indent is not None and key_count(value) > 0:
        assert len(set(lines.values())) == len(lines)


def key_count(value: Any) -> int:
    return len(places(value)) - 1


def test_a_state_inside_a_parallel_stands_in_its_branch() -> None:
    definition = changed(in_parallel)
    state = definition.by_label["Steps > Run step"]
    assert state_key(state) == ("States", "Steps", "Branches", 0, "States", "Run step")
    line = definition.at(state).line
    assert definition.text.splitlines()[line - 1].strip() == '"Run step": {'
    assert definition.at(state, "NotThere", 3) == Place("machine.asl.json", line)


def test_a_state_inside_a_map_stands_in_its_processor() -> None:
    body = {"StartAt": "Do", "States": {"Do": {"Type": "Succeed"}}}
    for field in ("ItemProcessor", "Iterator"):
        each = {"Type": "Map", field: body, "End": True}
        definition = parse_definition("m", json.dumps({"StartAt": "Each", "States": {"Each": each}}), TODAY)
        assert state_key(definition.by_label["Each > Do"]) == ("States", "Each", field, "States", "Do")


def test_yaml_is_read_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "machine.yml"
    path.write_text("StartAt: A\nStates:\n  A:\n    Type: Wait\n    Seconds: 5\n    End: true\n")
    definition = load_definition(path, TODAY)
    (state,) = definition.states
    assert definition.at(state, "Seconds") == Place(path.as_posix(), 5)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"StartAt": "A",\n "States": {\n', 3, "not JSON"),
        ('{"StartAt": "A",\n "States": {"A": {\n"Type": "Pass", "Next": "B"}}}', 3, "'B' is not a state here"),
        ('{"StartAt": "A",\n "StartAt": "B"}', 2, "occurs twice"),
        ("StartAt: A\nStates: {}\n", 2, "at least one state"),
        ("[1]\n", 1, "a definition is an object"),
    ],
    ids=["cut short", "no such state", "key twice", "no states", "list"],
)
def test_what_is_no_definition_is_a_finding_on_its_line(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "machine"
    path.write_text(text)
    (finding,) = apply(ASL_RULES, load_definition(path, TODAY))
    assert (finding.id, finding.file, finding.line) == ("definition-invalid", path.as_posix(), line)
    assert words in finding.what


def test_what_is_rendered_wrong_is_a_finding_on_its_line() -> None:
    text = '{"StartAt": "A",\n "States": {"A": {\n"Type": "Pass",\n"Next": "B"}}}'
    (finding,) = apply(ASL_RULES, parse_definition("build/a.asl.json", text, TODAY))
    assert (finding.id, finding.line) == ("definition-invalid", 4)


def test_without_statelint_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asl_rules, "has_statelint", lambda: False)
    findings = apply(ASL_RULES, parse_definition("m", CAREFUL, TODAY))
    assert "asl-statelint-missing" in {each.id for each in findings}
    assert all(each.severity == "note" for each in findings)
