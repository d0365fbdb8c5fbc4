from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.sizing import Asked, Decision, Rung, build_ladder
from lambdas.sizing.ladder import MAX_SUBNET_RUNGS
from lambdas.sizing.storage import needed_gib
from lambdas.specs import Cluster
from lambdas.specs.catalogue import allowed_types
from tests.unit.lambdas.sizing.accepted import (
    CATALOGUE,
    INTEL,
    ONE_FAMILY,
    SPARK,
    assert_emr_takes,
    assert_packs,
    units_of,
)
from tests.unit.lambdas.sizing.sizes import weighed
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

CLUSTERS = st.sampled_from([SPARK, INTEL, ONE_FAMILY, SPARK.model_copy(update={"task_market": "on_demand"})])
MAX_NODES = st.integers(2, 40)
SUBNETS = st.lists(st.sampled_from([f"subnet-{number}" for number in range(6)]), min_size=1, unique=True)
Parts = list[tuple[Kind, int, int]]


def ladder(
    parts: Parts, cluster: Cluster, max_nodes: int = 40, subnets: tuple[str, ...] = ("subnet-1",)
) -> tuple[Decision, list[Rung]]:
    measured, asked = measurement(parts), Asked(max_nodes)
    sizes = weighed(measured, asked, cluster=cluster)
    return sizes.best, build_ladder(sizes.best, sizes, subnets)


@settings(max_examples=8)
@given(PARTS, CLUSTERS, MAX_NODES, SUBNETS)
def test_every_rung_is_a_cluster_emr_takes(parts: Parts, cluster: Cluster, max_nodes: int, subnets: list[str]) -> None:
    decision, rungs = ladder(parts, cluster, max_nodes, tuple(subnets))
    first = (decision.emitted, tuple(subnets))
    asked = [first, *((rung.emitted, rung.subnets) for rung in rungs)]
    for emitted, where in asked:
        assert_emr_takes(emitted, cluster, where)
        units = units_of(emitted)
        assert sum(units.values()) <= max_nodes
        assert units["primary"] == 1
        assert set(where) <= set(subnets)
    for rung in rungs:
        assert_packs(rung.emitted, rung.shape.layout)
        assert sum(units_of(rung.emitted).values()) == rung.shape.workers + 1
        assert rung.shape.instance_type in allowed_types(CATALOGUE, cluster)
        assert rung.estimate.usd.low > 0
    assert all(asked.count(each) == 1 for each in asked)
    assert len({rung.why for rung in rungs}) == len(rungs)


@settings(max_examples=8)
@given(PARTS, CLUSTERS, MAX_NODES)
def test_other_types_share_none_of_the_workers_that_were_short(parts: Parts, cluster: Cluster, max_nodes: int) -> None:
    decision, rungs = ladder(parts, cluster, max_nodes)
    for rung in rungs:
        if rung.why.startswith("other instance types"):
            assert not worker_types(decision.emitted.instance_fleets) & worker_types(rung.emitted.instance_fleets)


@settings(max_examples=8)
@given(PARTS, CLUSTERS, MAX_NODES, SUBNETS)
def test_subnets_are_tried_one_by_one(parts: Parts, cluster: Cluster, max_nodes: int, subnets: list[str]) -> None:
    decision, rungs = ladder(parts, cluster, max_nodes, tuple(subnets))
    single = [rung for rung in rungs if rung.why.startswith("only the subnet")]
    expected = [(name,) for name in subnets[:MAX_SUBNET_RUNGS]] if len(subnets) > 1 else []
    assert [rung.subnets for rung in single] == expected
    assert all(rung.emitted == decision.emitted for rung in single)


def worker_types(fleets: list[dict[str, object]]) -> set[str]:
    configs: list[dict[str, str]] = [
        kind
        for fleet in fleets
        if fleet["Name"] != "primary"
        for kind in fleet["InstanceTypeConfigs"]  # type: ignore[attr-defined]
    ]
    return {kind["InstanceType"] for kind in configs}


BIG: Parts = [(Kind("csv", "none"), 2_400, 125_000_000)]
SMALL: Parts = [(Kind("csv", "none"), 1, 1_000)]


def test_the_order_for_a_big_input() -> None:
    decision, rungs = ladder(BIG, SPARK, subnets=("subnet-1", "subnet-2"))
    other, one, two, last = rungs
    assert other.why == f"other instance types: {other.shape.instance_type.type} and similar"
    assert other.shape.instance_type != decision.shape.instance_type
    assert [one.why, two.why] == ["only the subnet subnet-1", "only the subnet subnet-2"]
    assert last.why == "task nodes on demand from the start"
    assert last.shape == replace(decision.shape, market="on_demand")
    assert (last.market, last.subnets) == ("on_demand", ("subnet-1", "subnet-2"))
    task = next(fleet for fleet in last.emitted.instance_fleets if fleet["Name"] == "task")
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (decision.shape.task_nodes, 0)
    before, after = decision.estimate, last.estimate
    assert (after.minutes, after.runtime_seconds) == (before.minutes, before.runtime_seconds)
    dearer = after.usd.median / before.usd.median
    assert dearer > 1
    assert (after.usd.low / before.usd.low, after.usd.high / before.usd.high) == pytest.approx((dearer, dearer))


def test_no_rung_is_there_for_nothing() -> None:
    decision, rungs = ladder(SMALL, ONE_FAMILY)
    (rung,) = rungs
    assert rung.why == f"other instance types: {rung.shape.instance_type.type} and similar"
    assert rung.shape.instance_type.vcpu != decision.shape.instance_type.vcpu
    narrow = CATALOGUE.model_copy(update={"types": (CATALOGUE.get("m7g.xlarge"),)})
    measured = measurement(SMALL)
    alone = weighed(measured, cluster=ONE_FAMILY, catalogue=narrow)
    assert build_ladder(alone.best, alone, ("subnet-1",)) == []


@pytest.mark.parametrize("without", ["other instance types", "task nodes on demand"])
def test_disks_hold_what_is_spilled_on_every_rung(without: str) -> None:
    decision, rungs = ladder(BIG, SPARK)
    (rung,) = [rung for rung in rungs if rung.why.startswith(without)]
    spill = decision.need.spill_bytes
    for fleet in rung.emitted.instance_fleets[1:]:
        first = fleet["InstanceTypeConfigs"][0]
        (disks,) = first["EbsConfiguration"]["EbsBlockDeviceConfigs"]
        room = disks["VolumesPerInstance"] * disks["VolumeSpecification"]["SizeInGB"]
        assert room >= needed_gib(spill, rung.shape.workers)
