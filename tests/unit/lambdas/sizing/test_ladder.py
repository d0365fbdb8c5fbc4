from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.formats import Kind
from lambdas.sizing import Decision, Rung, build_ladder, decide_size
from lambdas.sizing.ladder import MAX_SUBNET_RUNGS
from lambdas.specs import Cluster
from tests.unit.lambdas.sizing.accepted import (
    CATALOGUE,
    INTEL,
    ONE_FAMILY,
    SPARK,
    assert_emr_takes,
    assert_packs,
    units_of,
)
from tests.unit.lambdas.sizing.strategies import PARTS, measurement

CLUSTERS = st.sampled_from([SPARK, INTEL, ONE_FAMILY, SPARK.model_copy(update={"task_market": "on_demand"})])
MAX_NODES = st.integers(2, 40)
SUBNETS = st.lists(st.sampled_from([f"subnet-{number}" for number in range(6)]), min_size=1, unique=True)
Parts = list[tuple[Kind, int, int]]


def ladder(
    parts: Parts, cluster: Cluster, max_nodes: int = 40, subnets: tuple[str, ...] = ("subnet-1",)
) -> tuple[Decision, list[Rung]]:
    measured = measurement(parts)
    decision = decide_size(measured, cluster, CATALOGUE, max_nodes, 2)
    return decision, build_ladder(measured, decision, cluster, CATALOGUE, max_nodes, 2, subnets)


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
        assert rung.shape.instance_type.arch == cluster.architecture
        assert rung.shape.instance_type.family in cluster.families
        assert rung.estimate.usd > 0
    assert all(asked.count(each) == 1 for each in asked)
    assert len({rung.why for rung in rungs}) == len(rungs)


@given(PARTS, CLUSTERS, MAX_NODES)
def test_other_types_share_none_of_the_workers_that_were_short(parts: Parts, cluster: Cluster, max_nodes: int) -> None:
    decision, rungs = ladder(parts, cluster, max_nodes)
    for rung in rungs:
        if rung.why.startswith("other instance types"):
            assert not worker_types(decision.emitted.instance_fleets) & worker_types(rung.emitted.instance_fleets)


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
    assert other.shape.has(decision.need)
    assert [one.why, two.why] == ["only the subnet subnet-1", "only the subnet subnet-2"]
    assert last.why == "task nodes on demand from the start"
    assert (last.market, last.shape, last.subnets) == ("on_demand", decision.shape, ("subnet-1", "subnet-2"))
    task = next(fleet for fleet in last.emitted.instance_fleets if fleet["Name"] == "task")
    assert (task["TargetOnDemandCapacity"], task["TargetSpotCapacity"]) == (decision.shape.task_nodes, 0)
    assert last.estimate.usd > decision.estimate.usd


def test_no_rung_is_there_for_nothing() -> None:
    assert [rung.why for rung in ladder(SMALL, ONE_FAMILY)[1]] == ["other instance types: m7g.2xlarge and similar"]
    narrow = CATALOGUE.model_copy(update={"types": (CATALOGUE.get("m7g.xlarge"),)})
    measured = measurement(SMALL)
    decision = decide_size(measured, ONE_FAMILY, narrow, 40, 2)
    assert build_ladder(measured, decision, ONE_FAMILY, narrow, 40, 2, ("subnet-1",)) == []
