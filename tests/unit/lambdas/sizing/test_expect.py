"""What runs take and cost: dollars counted by hand, rework on spot, provisioning as past clusters had it."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.pricing.spot import expected_rework
from lambdas.sizing import Asked, Known
from lambdas.sizing.expect import (
    ASSUMED_ENDING_SECONDS,
    ASSUMED_PROVISION_SECONDS,
    ASSUMED_WAITING_SECONDS,
    Expected,
    expect,
    usd_of_an_hour,
    workers_of,
)
from lambdas.sizing.layout import layout_of
from lambdas.sizing.need import predict_need
from lambdas.sizing.shapes import Shape
from lambdas.sizing.storage import GIB
from lambdas.specs.cluster import Market
from tests.unit.lambdas.sizing.accepted import CATALOGUE, SPARK
from tests.unit.lambdas.sizing.sizes import ASKED, HOUR, HUNDRED_GB, NOTHING, known_by, past_run
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

M7G = CATALOGUE.get("m7g.2xlarge")
# Round prices, so that dollars can be added up by hand.
PRIMARY = {"ec2_usd_per_hour": Decimal("0.16"), "emr_usd_per_hour": Decimal("0.04"), "ebs_gib": 73}
WORKER = {
    "ec2_usd_per_hour": Decimal("0.32"),
    "spot_usd_per_hour": Decimal("0.10"),
    "emr_usd_per_hour": Decimal("0.08"),
    "ebs_gib": 150,
}
PRICES = CATALOGUE.model_copy(
    update={
        "types": (CATALOGUE.get("m7g.xlarge").model_copy(update=PRIMARY), M7G.model_copy(update=WORKER)),
        "ebs_gp3_usd_per_gib_month": Decimal("0.10"),
    }
)


def shape(workers: int, market: Market = "spot", name: str = "m7g.2xlarge") -> Shape:
    known = PRICES.get(name)
    return Shape(known, workers, layout_of(known), market)


def expected(shapes: list[Shape], asked: Asked = ASKED, known: Known = NOTHING) -> Expected:
    return expect(shapes, HUNDRED_GB, predict_need(HUNDRED_GB), known, asked.job_class, SPARK, PRICES).given(
        asked.goal.deadline_seconds
    )


def test_an_hour_on_spot_counted_by_hand() -> None:
    # Primary 0.20. Two core nodes 2 * 0.40. Eight on spot 8 * (0.10 + 0.08). 73 + 10 * 150 GiB at 0.10 in 730 hours.
    assert usd_of_an_hour(shape(10), 0, SPARK, PRICES) == pytest.approx(0.2 + 0.8 + 1.44 + 1_573 * 0.1 / 730)


def test_an_hour_on_demand_counted_by_hand() -> None:
    assert usd_of_an_hour(shape(10, "on_demand"), 0, SPARK, PRICES) == pytest.approx(0.2 + 4.0 + 1_573 * 0.1 / 730)


def test_disks_for_what_is_spilled_cost() -> None:
    dry, wet = (usd_of_an_hour(shape(10), size, SPARK, PRICES) for size in (0, 9_000 * GIB))
    # 1,510 GiB each, as test_storage has it, rounded up to whole GiB of a volume.
    assert wet - dry == pytest.approx((1_510 - 150) * 10 * 0.1 / 730, rel=0.01)


def test_dollars_are_hours_from_request_to_end() -> None:
    found = expected([shape(3), shape(10)])
    hours = found.outcomes.seconds / 3600
    assert found.usd_per_hour[1] == usd_of_an_hour(shape(10), predict_need(HUNDRED_GB).spill_bytes, SPARK, PRICES)
    assert np.allclose(found.outcomes.usd, hours * np.array(found.usd_per_hour))
    assert np.allclose(found.typical_usd, found.typical_seconds / 3600 * np.array(found.usd_per_hour))


def test_interrupted_work_is_done_again() -> None:
    known = known_by(*[past_run("m7g.2xlarge", 10, 10 * HOUR)] * 5)
    found = expected([shape(10), shape(10, "on_demand")], known=known)
    work = found.runtime.seconds
    assert np.array_equal(work[:, 0], work[:, 1])
    overhead = ASSUMED_PROVISION_SECONDS + ASSUMED_WAITING_SECONDS + ASSUMED_ENDING_SECONDS
    assert np.allclose(found.outcomes.seconds[:, 1], work[:, 1] + overhead)
    spot, _ = (found.estimate(number).minutes.median * 60 for number in (0, 1))
    median = found.estimate(0).runtime_seconds.median
    assert spot - overhead - median == pytest.approx(expected_rework(8, 10, median), rel=0.1)
    stormy = expected([shape(10)], known=replace(known, interruptions_per_hour=10 * known.interruptions_per_hour))
    more = stormy.estimate(0).minutes.median * 60
    assert more - overhead - median == pytest.approx(10 * (spot - overhead - median), rel=0.1)
    assert found.typical_seconds[0] > found.typical_seconds[1]
    assert found.typical_usd[0] < found.typical_usd[1]


def test_a_cluster_takes_as_long_to_start_as_the_last_ones() -> None:
    usual, slow = (expected([shape(10)], known=replace(NOTHING, provision_seconds=each)) for each in (None, 1_200.0))
    assert np.allclose(slow.outcomes.seconds - usual.outcomes.seconds, 1_200 - ASSUMED_PROVISION_SECONDS)
    assert np.array_equal(usual.runtime.seconds, slow.runtime.seconds)


def test_the_more_is_known_the_narrower_the_interval() -> None:
    known = known_by(*[past_run("m7g.2xlarge", 10, HOUR)] * 5)
    vague, sure = (expected([shape(10)], known=each).estimate(0).runtime_seconds for each in (NOTHING, known))
    assert vague.high / vague.low > 3 * sure.high / sure.low
    assert sure.low < HOUR < sure.high


@settings(max_examples=20)
@given(PARTS, st.integers(1, 40), st.floats(0.05, 0.95))
def test_spreads_are_in_order(parts: list[tuple[Kind, int, int]], workers: int, confidence: float) -> None:
    measured = measurement(parts)
    found = expect([shape(workers)], measured, predict_need(measured), NOTHING, None, SPARK, PRICES).given(HOUR)
    estimate = found.estimate(0)
    for spread in (estimate.runtime_seconds, estimate.minutes, estimate.usd):
        assert 0 < spread.low <= spread.median <= spread.high
    assert estimate.minutes.low * 60 > ASSUMED_PROVISION_SECONDS
    kept = found.outcomes.weights[found.outcomes.seconds[:, 0] <= 60 * found.minutes_below(0, confidence) + 1e-6].sum()
    assert kept >= confidence - 1e-6
    assert found.usd_below(0, confidence) / found.minutes_below(0, confidence) == pytest.approx(
        found.usd_per_hour[0] / 60
    )


def test_cores_the_input_cannot_use_do_not_help() -> None:
    one_file = measurement([(Kind("csv", "gzip"), 1, 50 * 10**9)])
    shapes = [shape(1), shape(30)]
    found = expect(shapes, one_file, predict_need(one_file), NOTHING, None, SPARK, PRICES)
    split = expected(shapes)
    gained, gained_split = (each.typical_seconds[0] / each.typical_seconds[1] for each in (found, split))
    assert gained < gained_split / 2


def test_a_faster_core_counts_for_more() -> None:
    old, new = (workers_of(CATALOGUE.get(name), 4) for name in ("m5.2xlarge", "m7g.2xlarge"))
    assert (old.vcpu, new.vcpu) == (8, 10)
    assert (new.nodes, new.memory_gib, new.ebs_mbps) == (4, M7G.memory_gib, M7G.ebs_mbps)
