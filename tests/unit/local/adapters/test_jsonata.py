from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.adapters.jsonata import UndefinedResultError, evaluate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_a_variable_comes_out_as_it_went_in(value: Any) -> None:
    assert evaluate("$value", {"value": value}) == value


@given(st.text())
def test_text_is_data_and_never_code(text: str) -> None:
    assert evaluate("$value & '!'", {"value": text}) == text + "!"


@pytest.mark.parametrize("expression", ["$nothing", "$value.nothing", "$nothing.at.all"])
def test_undefined_is_an_error(expression: str) -> None:
    with pytest.raises(UndefinedResultError, match="returned nothing"):
        evaluate(expression, {"value": {"a": 1}})


def test_null_is_a_value() -> None:
    assert evaluate("$value", {"value": None}) is None
    assert evaluate("$exists($value.plan) ? $value.plan : null", {"value": {"plan": None}}) is None


def test_the_step_of_a_plan_is_found_by_name() -> None:
    plan = {"steps": [{"name": "a", "args": ["one"]}, {"name": "b", "args": ["x", "y"]}]}
    assert evaluate("$plan.steps[name='a'].args", {"plan": plan}) == ["one"]
    assert evaluate("$plan.steps[name='b'].args", {"plan": plan}) == ["x", "y"]
    assert evaluate("[$split('one', ',')]", {}) == ["one"]
    assert evaluate("[$split('one,two', ',')]", {}) == ["one", "two"]
