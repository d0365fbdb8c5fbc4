import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.specs import load_catalogue
from scripts.bench.scaling.figures import FLAP_SECONDS, figures_of, flaps_of, usd_of
from scripts.bench.scaling.run import REGION
from scripts.bench.scaling.simulate import Played, Target
from scripts.local.emr.billing import BillingInterval
from scripts.local.emr.load import Usage

CATALOGUE = load_catalogue(REGION)
OUT, IN = True, False


def bill(role: str, seconds: int, instance_type: str = "r5.xlarge", market: str = "ON_DEMAND") -> BillingInterval:
    return BillingInterval("i-0", instance_type, market, role, 0.0, float(seconds), seconds)


def test_sums_over_time() -> None:
    """An hour of work: half of it 4 containers wanted and 2 had, then 1 wanted of 4 on four nodes, then none."""
    usage = (Usage(100, 4, 2, 2, 2), Usage(1900, 1, 1, 4, 4), Usage(3700, 0, 0, 4, 4))
    targets = (Target(0, 2), Target(1500, 4))
    billing = (
        bill("MASTER", 4_000),
        bill("CORE", 4_000),
        bill("CORE", 4_000),
        bill("TASK", 2_500),
        bill("TASK", 2_500),
    )
    figures = figures_of(Played(0, 100, 3700, 4000, usage, billing, targets), CATALOGUE)
    assert figures.makespan_s == 3700
    assert figures.paid_h == pytest.approx(13_000 / 3600)
    assert figures.used_h == pytest.approx((2 * 1800 + 1 * 1800) / 3600)
    assert figures.idle_h == pytest.approx((3 * 1800 + 4 * 300) / 3600)
    assert figures.starting_h == pytest.approx((13_000 - 2 * 1800 - 4 * 2100) / 3600)
    assert figures.overshoot_h == pytest.approx((3 * 1800 + 4 * 300) / 3600)
    assert figures.peak_ratio == 1
    assert (figures.outs, figures.ins, figures.flaps) == (1, 0, 0)
    assert (figures.met_after_s, figures.short_s) == (1800, 1800)


def test_a_node_that_runs_one_of_its_containers_is_needed() -> None:
    usage = (Usage(0, 1, 1, 8, 4), Usage(3600, 0, 0, 8, 4))
    figures = figures_of(Played(0, 0, 3600, 3600, usage, (bill("CORE", 3600),), ()), CATALOGUE)
    assert figures.overshoot_h == pytest.approx(3)
    assert figures.idle_h == pytest.approx(3.5)


def test_spot_costs_less() -> None:
    hour = bill("TASK", 3600, "r5.2xlarge")
    on_spot = bill("TASK", 3600, "r5.2xlarge", "SPOT")
    assert usd_of([hour, on_spot], CATALOGUE) == pytest.approx(usd_of([hour], CATALOGUE) + usd_of([on_spot], CATALOGUE))
    assert usd_of([on_spot], CATALOGUE) < usd_of([hour], CATALOGUE)


@pytest.mark.parametrize(
    ("directions", "flaps"),
    [
        ([], 0),
        ([(0, OUT), (300, OUT), (600, IN)], 0),
        ([(0, OUT), (300, IN), (600, OUT)], 1),
        ([(0, OUT), (300, IN), (600, IN), (900, OUT), (1200, IN), (1500, OUT)], 2),
        ([(0, IN), (300, OUT), (600, IN)], 0),
        ([(0, OUT), (300, IN), (FLAP_SECONDS, OUT)], 1),
        ([(0, OUT), (300, IN), (FLAP_SECONDS + 1, OUT)], 0),
        ([(0, OUT), (1000, OUT), (1300, IN), (1000 + FLAP_SECONDS, OUT)], 1),
    ],
)
def test_flaps(directions: list[tuple[float, bool]], flaps: int) -> None:
    assert flaps_of(directions) == flaps


@given(st.lists(st.tuples(st.integers(1, 3_000), st.booleans()), max_size=30))
def test_no_more_flaps_than_times_nodes_were_taken_away(steps: list[tuple[int, bool]]) -> None:
    at, directions = 0, []
    for seconds, is_out in steps:
        at += seconds
        directions.append((float(at), is_out))
    ins = sum(not is_out for _, is_out in directions)
    assert 0 <= flaps_of(directions) <= ins
