import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.pricing.spot import ASSUMED_INTERRUPTIONS_PER_HOUR, expected_rework

NODES = st.integers(1, 200)
SECONDS = st.floats(0, 10**5)
RATES = st.floats(0, 0.1)


def test_by_hand() -> None:
    # Ten nodes for two hours, one interruption in a hundred hours: 0.2 of them, each an hour's work for nine others.
    assert expected_rework(10, 11, 7200, 0.01) == pytest.approx(0.2 * 3600 / 10)
    assert expected_rework(1, 1, 7200, 0.01) == pytest.approx(0.02 * 3600)


def test_the_assumed_rate_hardly_delays_an_hour_and_delays_a_day() -> None:
    hour, day = (expected_rework(18, 20, hours * 3600) for hours in (1, 24))
    assert hour == expected_rework(18, 20, 3600, ASSUMED_INTERRUPTIONS_PER_HOUR)
    assert 0 < hour < 1
    assert day == pytest.approx(hour * 24**2)


@given(NODES, SECONDS, RATES)
def test_no_spot_no_rework(nodes: int, seconds: float, rate: float) -> None:
    assert expected_rework(0, nodes, seconds, rate) == 0


@given(st.data(), NODES, SECONDS, RATES)
def test_more_spot_more_time_and_a_higher_rate_mean_no_less(
    data: st.DataObject, nodes: int, seconds: float, rate: float
) -> None:
    spot = data.draw(st.integers(0, nodes))
    rework = expected_rework(spot, nodes, seconds, rate)
    assert 0 <= rework <= expected_rework(nodes, nodes, seconds, rate)
    assert rework <= expected_rework(spot, nodes, seconds + data.draw(SECONDS), rate)
    assert rework <= expected_rework(spot, nodes, seconds, rate + data.draw(RATES))


@given(st.integers(2, 100), SECONDS, RATES)
def test_the_same_spot_nodes_among_more_delay_less(nodes: int, seconds: float, rate: float) -> None:
    assume(seconds * rate > 1e-6)
    assert expected_rework(nodes, nodes + 1, seconds, rate) < expected_rework(nodes, nodes, seconds, rate)


@pytest.mark.parametrize(
    ("spot", "nodes", "seconds", "rate"), [(3, 2, 1, 0), (-1, 2, 1, 0), (1, 2, -1, 0), (1, 2, 1, -1)]
)
def test_nonsense(spot: int, nodes: int, seconds: float, rate: float) -> None:
    with pytest.raises(ValueError, match="workers on spot"):
        expected_rework(spot, nodes, seconds, rate)
