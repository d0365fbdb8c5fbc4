import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.documents import parse_object, part, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Step", "Status", "x"]), inner),
    max_leaves=8,
)


@pytest.mark.parametrize("document", [None, {}, {"a": None}, {"a": []}, {"a": 7}])
def test_what_is_missing_or_odd_reads_as_empty(document: Any) -> None:
    assert part(document, "a") == {}
    assert text(document, "a") == ""


def test_what_is_there_is_read() -> None:
    assert part({"a": {"b": 1}}, "a") == {"b": 1}
    assert text({"a": "b"}, "a") == "b"
    assert text({"a": {"b": 1}}, "a") == ""
    assert part({"a": "b"}, "a") == {}


@pytest.mark.parametrize("source", ["", "no JSON", '{"cut": "o', "[1]", "null", "7", '"x"', "[" * 100_000])
def test_what_is_no_object_is_an_empty_one(source: str) -> None:
    assert parse_object(source) == {}


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_objects_are_read(document: dict[str, Any]) -> None:
    assert parse_object(json.dumps(document)) == document


@given(JSON)
def test_anything_can_be_looked_into(document: Any) -> None:
    found = parse_object(json.dumps(document))
    assert isinstance(text(part(part(found, "Step"), "Status"), "x"), str)
