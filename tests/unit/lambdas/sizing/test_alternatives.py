"""What one might have taken instead: at most three, each another one, each with its reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.prediction import Forecast
from lambdas.sizing.alternatives import MAX_ALTERNATIVES, Alternative, alternatives_of
from lambdas.sizing.choice import Goal, Outcomes, choose
from lambdas.sizing.expect import Expected
from lambdas.sizing.layout import layout_of
from lambdas.sizing.shapes import Shape
from tests.unit.lambdas.sizing.accepted import CATALOGUE
from tests.unit.lambdas.sizing.sizes import HOUR, asking, decided
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

SURE = np.array([1.0])


def shape(name: str, workers: int = 2) -> Shape:
    known = CATALOGUE.get(name)
    return Shape(known, workers, layout_of(known), "spot")


def alternatives(goal: Goal, *candidates: tuple[str, float, float]) -> tuple[Alternative, ...]:
    """Return the alternatives among types of which seconds and dollars are known for certain."""
    seconds, usd = (np.array([[each[number] for each in candidates]]) for number in (1, 2))
    outcomes = Outcomes(seconds, usd, SURE)
    per_hour = tuple(float(each) for each in (usd / seconds * HOUR)[0])
    expected = Expected(Forecast(seconds, SURE), outcomes, per_hour, 0.0)
    shapes = [shape(name) for name, _, _ in candidates]
    choice = choose(outcomes, goal)
    return alternatives_of(shapes, expected, choice, choice.best, goal)


def reasons(goal: Goal, *candidates: tuple[str, float, float]) -> dict[str, str]:
    return {each.shape.instance_type.type: each.why_not for each in alternatives(goal, *candidates)}


CHEAP = ("m7g.xlarge", 1_000.0, 1.0)
FAST = ("m7g.4xlarge", 500.0, 1.5)
SLOW = ("m7g.2xlarge", 2_000.0, 1.0)
DEAR = ("r7g.xlarge", 1_000.0, 1.25)
DEARER = ("r7g.2xlarge", 1_000.0, 3.0)
TWIN = ("c7g.xlarge", 1_000.0, 1.001)


def test_what_is_dearer_or_slower() -> None:
    assert reasons(Goal(), CHEAP, DEAR, DEARER, FAST) == {
        "m7g.4xlarge": "50 % dearer",
        "r7g.xlarge": "25 % dearer",
        "r7g.2xlarge": "3.0 times the cost",
    }
    assert reasons(Goal(budget_usd=1.1), CHEAP, SLOW) == {"m7g.2xlarge": "100 % slower"}
    assert reasons(Goal(), CHEAP, TWIN) == {"c7g.xlarge": "no better, and less sure"}


@pytest.mark.parametrize(
    ("goal", "name", "why"),
    [
        (Goal(deadline_seconds=600), "m7g.xlarge", "keeps the deadline with 0 % only"),
        (Goal(budget_usd=1.2), "m7g.4xlarge", "keeps the budget with 0 % only"),
        (Goal(deadline_seconds=600, budget_usd=1.7), "m7g.xlarge", "keeps deadline and budget with 0 % only"),
    ],
)
def test_what_does_not_keep_the_limits(goal: Goal, name: str, why: str) -> None:
    assert reasons(goal, CHEAP, FAST, DEARER)[name] == why


def test_the_cheapest_and_the_fastest_come_first_and_then_other_types() -> None:
    goal = Goal(deadline_seconds=1_500)
    candidates = (("c7g.xlarge", 1_800.0, 0.5), CHEAP, FAST, DEAR, DEARER)
    names = [each.shape.instance_type.type for each in alternatives(goal, *candidates)]
    assert names == ["c7g.xlarge", "m7g.4xlarge", "r7g.xlarge"]


def test_nothing_else() -> None:
    assert alternatives(Goal(), CHEAP) == ()


@settings(max_examples=10)
@given(
    PARTS,
    st.integers(2, 20),
    st.one_of(st.none(), st.floats(0.3, 10).map(lambda hours: hours * HOUR)),
    st.one_of(st.none(), st.floats(0.1, 50)),
)
def test_each_is_another_and_says_why(
    parts: list[tuple[Kind, int, int]], max_nodes: int, deadline: float | None, budget: float | None
) -> None:
    decision = decided(measurement(parts), asking(max_nodes, deadline, budget))
    shapes = [decision.shape, *(each.shape for each in decision.alternatives)]
    assert 1 <= len(decision.alternatives) <= MAX_ALTERNATIVES
    assert len({(each.instance_type.type, each.workers) for each in shapes}) == len(shapes)
    for other in decision.alternatives:
        assert other.shape.workers < max_nodes
        assert ("only" in other.why_not) is (other.kept < 0.9)
        if "dearer" in other.why_not or "cost" in other.why_not:
            assert other.estimate.usd.median > decision.estimate.usd.median
        if "slower" in other.why_not:
            assert other.estimate.minutes.median > decision.estimate.minutes.median
