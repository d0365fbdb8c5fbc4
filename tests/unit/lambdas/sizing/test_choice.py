"""Choices among outcomes made by hand, where the right one is known."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.sizing.choice import Goal, Outcomes, choose

Rows = Sequence[Sequence[float]]


def outcomes(seconds: Rows, usd: Rows, weights: list[float] | None = None) -> Outcomes:
    """Return outcomes of which every row is as likely, unless weights say otherwise."""
    equal = [1 / len(seconds)] * len(seconds)
    return Outcomes(np.array(seconds, dtype=float), np.array(usd, dtype=float), np.array(weights or equal))


def test_without_limits_the_cheapest_is_chosen() -> None:
    choice = choose(outcomes([[900, 600, 300]], [[4, 3, 5]]), Goal())
    assert choice.order == (1, 0, 2)
    assert choice.kept.tolist() == [1, 1, 1]
    assert choice.fits


def test_without_limits_who_may_cost_far_too_much_is_not_the_cheapest() -> None:
    # Each is the cheapest half of the time; the first then saves little, and loses much otherwise.
    choice = choose(outcomes([[1, 1], [1, 1]], [[10, 12], [40, 10]]), Goal())
    assert choice.best == 1


def test_with_a_deadline_the_cheapest_that_meets_it_is_chosen() -> None:
    choice = choose(outcomes([[900, 600, 300]], [[3, 4, 5]]), Goal(deadline_seconds=600))
    assert choice.order == (1, 2, 0)
    assert choice.kept.tolist() == [0, 1, 1]
    assert choice.fits


def test_a_cheaper_one_is_passed_over_where_it_meets_the_deadline_too_seldom() -> None:
    seconds = [[700, 300]] + [[500, 300]] * 9
    usd = [[1, 9]] * 10
    sure, bold = (choose(outcomes(seconds, usd), Goal(600, confidence=confidence)) for confidence in (0.95, 0.85))
    assert sure.kept.tolist() == pytest.approx([0.9, 1])
    assert (sure.best, bold.best) == (1, 0)


def test_rows_count_by_their_weight() -> None:
    rows: tuple[Rows, Rows] = ([[700, 300], [500, 300]], [[1, 9], [1, 9]])
    unlikely = choose(outcomes(*rows, weights=[0.01, 0.99]), Goal(600))
    likely = choose(outcomes(*rows, weights=[0.5, 0.5]), Goal(600))
    assert (unlikely.best, likely.best) == (0, 1)


def test_when_nothing_meets_the_deadline_for_sure_a_rerun_after_missing_it_is_counted() -> None:
    # The second costs more and misses less: 10 now, and 20 for a rerun half of the time, against 12, and 20 seldom.
    seconds = [[700, 550, 500]] * 3 + [[500, 550, 500]] * 5 + [[700, 700, 700]] * 2
    choice = choose(outcomes(seconds, [[10, 12, 20]] * 10), Goal(600, confidence=0.95))
    assert not choice.fits
    assert choice.kept.tolist() == pytest.approx([0.5, 0.8, 0.8])
    assert choice.order == (1, 0, 2)


def test_with_a_budget_alone_the_fastest_within_it_is_chosen() -> None:
    choice = choose(outcomes([[900, 600, 300]], [[3, 4, 5]]), Goal(budget_usd=4))
    assert choice.order == (1, 0, 2)
    assert choice.kept.tolist() == [1, 1, 0]
    assert choice.fits


def test_when_nothing_keeps_the_budget_that_one_is_best_that_most_likely_does() -> None:
    usd = [[5.0, 3.0, 5.0], [5.0, 3.0, 3.0], [5.0, 5.0, 5.0], [3.0, 3.0, 5.0]]
    choice = choose(outcomes([[300, 900, 100]] * 4, usd), Goal(budget_usd=4))
    assert not choice.fits
    assert choice.kept.tolist() == pytest.approx([0.25, 0.75, 0.25])
    assert choice.best == 1


def test_deadline_and_budget_have_to_be_kept_together() -> None:
    seconds = [[500, 700, 550], [500, 700, 550]]
    usd = [[9, 2, 4], [9, 2, 4]]
    choice = choose(outcomes(seconds, usd), Goal(deadline_seconds=600, budget_usd=5))
    assert choice.kept.tolist() == [0, 0, 1]
    assert choice.best == 2
    assert choice.fits


@st.composite
def any_outcomes(draw: st.DrawFn) -> Outcomes:
    shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 6)))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = chance.random(shape[0]) + 0.01
    return Outcomes(np.exp(chance.normal(6, 1, shape)), np.exp(chance.normal(1, 1, shape)), weights / weights.sum())


GOALS = st.builds(
    Goal,
    deadline_seconds=st.none() | st.floats(50, 2_000),
    budget_usd=st.none() | st.floats(0.2, 20),
    confidence=st.sampled_from([0.5, 0.85, 0.99]),
)


@given(any_outcomes(), GOALS)
def test_the_chosen_keeps_the_limits_with_the_confidence_whenever_any_does(possible: Outcomes, goal: Goal) -> None:
    choice = choose(possible, goal)
    enough = choice.kept >= goal.confidence
    assert choice.fits == bool(enough.any())
    assert choice.fits == bool(enough[choice.best])
    assert sorted(choice.order) == list(range(possible.seconds.shape[1]))
    ranked = [bool(enough[candidate]) for candidate in choice.order]
    assert ranked == sorted(ranked, reverse=True)


@given(any_outcomes(), st.floats(50, 2_000), st.floats(1, 3))
def test_more_time_makes_no_candidate_less_likely_to_keep_it(possible: Outcomes, deadline: float, times: float) -> None:
    strict, patient = (choose(possible, Goal(seconds)).kept for seconds in (deadline, deadline * times))
    assert (patient >= strict).all()
