"""The shapes there are to choose from, and what they have and cost."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.pricing.cost import ASSUMED_SPOT_FRACTION
from lambdas.sizing.layout import layout_of
from lambdas.sizing.shapes import Shape, candidate_shapes, core_nodes, worker_counts
from lambdas.sizing.speed import vcpu_speed
from lambdas.specs import Cluster
from lambdas.specs.catalogue import InstanceType, allowed_types
from lambdas.specs.cluster import Market
from tests.unit.lambdas.sizing.accepted import CATALOGUE, INTEL, ONE_FAMILY, SPARK

CLUSTERS = st.sampled_from([SPARK, INTEL, ONE_FAMILY, SPARK.model_copy(update={"release": "emr-6.15.0"})])
M7G = CATALOGUE.get("m7g.2xlarge")


def types_of(shapes: list[Shape]) -> set[str]:
    return {shape.instance_type.type for shape in shapes}


@given(st.integers(1, 1_999))
def test_no_number_of_workers_is_far_from_one_that_is_tried(most: int) -> None:
    counts = worker_counts(most)
    assert (counts[0], counts[-1]) == (1, most)
    assert all(more <= max(few + 1, few * 1.2) for few, more in itertools.pairwise(counts))
    assert counts == sorted(set(counts))


@settings(max_examples=25)
@given(CLUSTERS, st.integers(2, 200))
def test_each_shape_is_allowed_and_sound(cluster: Cluster, max_nodes: int) -> None:
    shapes = candidate_shapes(cluster, CATALOGUE, max_nodes)
    assert types_of(shapes) <= {known.type for known in allowed_types(CATALOGUE, cluster)}
    assert len({(shape.instance_type.type, shape.workers) for shape in shapes}) == len(shapes)
    for shape in shapes:
        assert shape.layout.is_sound
        assert shape.layout.node_mib <= shape.instance_type.yarn_memory_mib
        assert shape.market == cluster.task_market
        assert 1 <= shape.core_nodes <= shape.workers < max_nodes
        assert shape.core_nodes + shape.task_nodes == shape.workers
    counts = {shape.workers for shape in shapes}
    assert sorted(counts) == worker_counts(max_nodes - 1)
    assert len(shapes) == len(counts) * len(types_of(shapes))


@pytest.mark.parametrize("cluster", [SPARK, INTEL, ONE_FAMILY], ids=["arm64", "x86_64", "one family"])
def test_of_types_with_as_many_cores_and_as_much_memory_the_best_value_is_tried(cluster: Cluster) -> None:
    kept = types_of(candidate_shapes(cluster, CATALOGUE, 2))

    def usd_for_speed(known: InstanceType) -> float:
        return float(known.ec2_usd_per_hour + known.emr_usd_per_hour) / vcpu_speed(known.type)

    # Two GiB a core leave an executor too little on the smallest nodes, where the driver takes much of it.
    roomy = [known for known in allowed_types(CATALOGUE, cluster) if layout_of(known).heap_per_core_mib >= 768]
    assert {known.vcpu for known in allowed_types(CATALOGUE, cluster)} == {known.vcpu for known in roomy}
    for known in roomy:
        alike = [other for other in roomy if (other.vcpu, other.memory_gib) == (known.vcpu, known.memory_gib)]
        (tried,) = [other for other in alike if other.type in kept]
        assert usd_for_speed(tried) <= usd_for_speed(known)


def test_a_type_too_small_for_an_executor_is_no_candidate() -> None:
    small = M7G.model_copy(update={"yarn_memory_mib": 3_072})
    catalogue = CATALOGUE.model_copy(update={"types": (small, CATALOGUE.get("m7g.xlarge"))})
    assert types_of(candidate_shapes(ONE_FAMILY, catalogue, 5)) == {"m7g.xlarge"}


def test_of_two_types_alike_in_all_one_is_kept() -> None:
    twin = M7G.model_copy(update={"type": "m7g.2xlarge-metal"})
    catalogue = CATALOGUE.model_copy(update={"types": (twin, M7G)})
    assert types_of(candidate_shapes(ONE_FAMILY, catalogue, 2)) == {"m7g.2xlarge"}


@pytest.mark.parametrize(("workers", "core"), [(1, 1), (2, 1), (3, 1), (4, 2), (40, 2)])
def test_core_nodes(workers: int, core: int) -> None:
    assert core_nodes(workers) == core


@pytest.mark.parametrize(("market", "spot", "task_usd"), [("spot", 8, "0.1"), ("on_demand", 0, "0.3")])
def test_what_a_shape_has_and_costs(market: Market, spot: int, task_usd: str) -> None:
    prices = {"ec2_usd_per_hour": "0.3", "spot_usd_per_hour": "0.1", "emr_usd_per_hour": "0.08"}
    known = M7G.model_copy(update={name: Decimal(price) for name, price in prices.items()})
    shape = Shape(known, 10, layout_of(known), market)
    assert (shape.core_nodes, shape.task_nodes, shape.spot_nodes) == (2, 8, spot)
    assert shape.vcpus == 80
    assert shape.yarn_memory_mib == 10 * known.yarn_memory_mib
    assert shape.executors == 20
    assert shape.usd_per_hour == 2 * Decimal("0.3") + 8 * Decimal(task_usd) + 10 * Decimal("0.08")


def test_spot_without_a_price_is_taken_at_a_share_of_on_demand() -> None:
    shape = Shape(M7G.model_copy(update={"spot_usd_per_hour": None}), 10, layout_of(M7G), "spot")
    ec2 = M7G.ec2_usd_per_hour * (2 + ASSUMED_SPOT_FRACTION * 8)
    assert shape.usd_per_hour == ec2 + 10 * M7G.emr_usd_per_hour
