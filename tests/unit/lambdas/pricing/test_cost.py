from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.pricing import Interval, cost_of, ec2_usd_per_hour
from lambdas.pricing.cost import ASSUMED_SPOT_FRACTION
from lambdas.specs import Catalogue, load_catalogue
from lambdas.specs.catalogue import UnknownInstanceTypeError

CATALOGUE = load_catalogue("us-east-1")


def test_one_hour_on_demand_and_spot(catalogue: Catalogue) -> None:
    cost = cost_of([Interval("m5.xlarge", "on_demand", 3600), Interval("m5.xlarge", "spot", 3600)], catalogue)
    assert cost.ec2 == Decimal("0.192") * Decimal("1.4")
    assert cost.emr == Decimal("0.096")
    assert round(cost.ebs, 6) == round(Decimal(2 * 64) * Decimal("0.08") / 730, 6)
    assert cost.total == cost.ec2 + cost.emr + cost.ebs


def test_volumes_that_were_asked_for(catalogue: Catalogue) -> None:
    cost = cost_of([Interval("m5.xlarge", "on_demand", 3600, 300)], catalogue)
    assert round(cost.ebs, 6) == round(300 * Decimal("0.08") / 730, 6)
    assert cost_of([Interval("m5.xlarge", "on_demand", 3600, 0)], catalogue).ebs == 0


def test_spot_at_its_expected_price(catalogue: Catalogue) -> None:
    known = catalogue.get("m5.xlarge").model_copy(update={"spot_usd_per_hour": Decimal("0.07")})
    assert ec2_usd_per_hour(known, "spot") == Decimal("0.07")
    assert ec2_usd_per_hour(known, "on_demand") == Decimal("0.192")
    assumed = known.model_copy(update={"spot_usd_per_hour": None})
    assert ec2_usd_per_hour(assumed, "spot") == Decimal("0.192") * ASSUMED_SPOT_FRACTION
    priced = catalogue.model_copy(update={"types": (known,)})
    assert cost_of([Interval("m5.xlarge", "spot", 7200)], priced).ec2 == Decimal("0.14")
    assert cost_of([Interval("m5.xlarge", "spot", 7200)], priced).emr == Decimal("0.096")


def test_a_minute_at_least(catalogue: Catalogue) -> None:
    short, minute = (cost_of([Interval("m5.xlarge", "on_demand", seconds)], catalogue) for seconds in (1, 60))
    assert short == minute
    assert cost_of([], catalogue).total == 0


def test_unknown_type(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownInstanceTypeError, match=r"no price of 'x9\.huge' in us-east-1"):
        cost_of([Interval("x9.huge", "spot", 60)], catalogue)


@given(st.lists(st.floats(0, 10**6), max_size=5), st.floats(0, 10**6))
def test_more_time_costs_no_less(seconds: list[float], more: float) -> None:
    intervals = [Interval("r7g.2xlarge", "spot", each) for each in seconds]
    less = cost_of(intervals, CATALOGUE).total
    assert cost_of([*intervals, Interval("r7g.2xlarge", "spot", more)], CATALOGUE).total > less
    longer = [Interval("r7g.2xlarge", "spot", each + more) for each in seconds]
    assert cost_of(longer, CATALOGUE).total >= less
