import datetime
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from scripts.prices.spot import SpotPrice, expected_price

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
END = START + datetime.timedelta(hours=100)


def price(hour: float, usd: str, zone: str = "a") -> SpotPrice:
    return SpotPrice(zone, START + datetime.timedelta(hours=hour), Decimal(usd))


def test_what_held_longest_outweighs_what_changed_often() -> None:
    spikes = [price(90 + hour, "0.9") for hour in range(10)]
    assert expected_price([price(0, "0.3"), *spikes], START, END) == Decimal("0.3")
    assert expected_price([price(0, "0.3"), price(40, "0.5")], START, END) == Decimal("0.5")


def test_zones_count_alike() -> None:
    zones = [price(0, "0.2", "a"), price(0, "0.4", "b"), price(0, "0.9", "c")]
    assert expected_price(zones, START, END) == Decimal("0.4")


def test_a_price_from_before_counts_from_the_start() -> None:
    assert expected_price([price(-1000, "0.9"), price(10, "0.3")], START, END) == Decimal("0.3")
    assert expected_price([price(-1000, "0.9")], START, END) == Decimal("0.9")


def test_no_price_in_time() -> None:
    assert expected_price([], START, END) is None
    assert expected_price([price(101, "0.3")], START, END) is None


@given(
    st.lists(
        st.builds(price, st.floats(-200, 99), st.decimals("0.01", "9", places=4).map(str), st.sampled_from("abc")),
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
def test_one_of_the_prices_whatever_their_order(history: list[SpotPrice], random: Random) -> None:
    shuffled = sorted({(each.zone, each.since): each for each in history}.values(), key=lambda _: random.random())
    expected = expected_price(shuffled, START, END)
    assert expected in {each.usd_per_hour for each in shuffled}
    assert expected == expected_price(sorted(shuffled, key=lambda each: each.zone), START, END)
