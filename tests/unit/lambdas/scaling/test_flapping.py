"""Whether a policy comes to rest, against a simulation that tries every demand and every number of nodes."""

import itertools
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lambdas.scaling.flapping import Elasticity, Pool, find_flapping, next_nodes
from lambdas.specs.scaling import METRICS, Rule

GIB = 1024


def rule(when: str, change: int) -> Rule:
    what = {"add": change} if change > 0 else {"remove": -change}
    return Rule.model_validate({"name": "a-rule", "when": when, "for": "5m", "cooldown": "5m", **what})


def elasticity(*pools: Pool, core_executors: int = 2) -> Elasticity:
    """Core nodes with room for some executors of 10 GiB, and a driver of 2 GiB on one of them."""
    return Elasticity(core_executors * 12 * GIB, core_executors, 10 * GIB, 2 * GIB, pools)


def never_rests(cluster: Elasticity, rules: list[Rule], wanted: int) -> bool:
    """Simulate one group: the smallest cluster under any demands, then under one that stays the same."""
    (pool,) = cluster.pools
    reached = {pool.minimum}
    for _ in range(pool.maximum - pool.minimum):
        reached |= {min(max(nodes + each.change, pool.minimum), pool.maximum) for nodes in reached for each in rules}
    moves = {nodes: next_nodes(cluster, rules, (nodes,), wanted)[0] for nodes in reached}
    here = reached
    for _ in range(len(reached)):
        here = {moves[nodes] for nodes in here}
    return any(moves[nodes] != nodes for nodes in here)


@st.composite
def clusters(draw: st.DrawFn) -> Elasticity:
    executors, least = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    pool = Pool(executors * 10 * GIB, executors, least, least + draw(st.integers(1, 6)))
    return elasticity(pool, core_executors=draw(st.integers(1, 3)))


@st.composite
def policies(draw: st.DrawFn) -> list[Rule]:
    metrics = draw(st.lists(st.sampled_from(list(METRICS)), min_size=1, max_size=2))
    rules = []
    for adds in (True, False):
        for metric in draw(st.lists(st.sampled_from(metrics), min_size=1, max_size=2)):
            operator = draw(st.sampled_from(["<", "<="] if METRICS[metric].falls is adds else [">", ">="]))
            most = {"YARNMemoryAvailablePercentage": 100, "MemoryAvailableMB": 100 * GIB}.get(metric, 3)
            step = draw(st.integers(1, 5))
            rules.append(rule(f"{metric} {operator} {draw(st.integers(0, most))}", step if adds else -step))
    return rules


@settings(max_examples=100, deadline=None)
@given(clusters(), policies())
def test_it_finds_what_a_simulation_finds(cluster: Elasticity, rules: list[Rule]) -> None:
    (pool,) = cluster.pools
    most = cluster.room((pool.maximum,))
    restless = [wanted for wanted in range(5 * most + 5) if never_rests(cluster, rules, wanted)]
    found = find_flapping(cluster, rules)
    assert (found.wanted if found else None) == (restless[0] if restless else None)


@settings(max_examples=100, deadline=None)
@given(clusters(), policies(), st.integers(1, 3))
def test_a_cycle_is_one(cluster: Elasticity, rules: list[Rule], groups: int) -> None:
    """Groups of one policy move together, each within its own limits."""
    (pool,) = cluster.pools
    pools = [Pool(pool.node_mib, pool.node_executors, pool.minimum, pool.maximum + more) for more in range(groups)]
    several = elasticity(*pools, core_executors=cluster.core_executors)
    found = find_flapping(several, rules)
    assume(found is not None)
    assert found is not None
    around = [*found.cycle, found.cycle[0]]
    assert len(set(found.cycle)) == len(found.cycle) > 1
    for before, after in itertools.pairwise(around):
        assert next_nodes(several, rules, before, found.wanted) == after


MEMORY = [rule("YARNMemoryAvailablePercentage < 15", 5), rule("YARNMemoryAvailablePercentage > 75", -3)]


def test_a_narrow_band_said_in_words() -> None:
    """Two nodes of 40 GiB beside a full core of 24 GiB leave 79 % available: they go, and the core alone is full."""
    cluster = elasticity(Pool(40 * GIB, 4, 0, 5))
    found = find_flapping(cluster, MEMORY)
    assert found is not None
    assert found.cycle == ((0,), (5,), (2,))
    assert str(found) == "with 22.0 GiB wanted (2 executors and the driver) it goes 0, 5, 2, 0, ..."


def test_the_same_rules_with_smaller_nodes_come_to_rest() -> None:
    assert find_flapping(elasticity(Pool(20 * GIB, 2, 0, 20)), MEMORY) is None


def test_the_nodes_of_several_groups_are_said_together() -> None:
    found = find_flapping(elasticity(Pool(40 * GIB, 4, 0, 5), Pool(40 * GIB, 4, 0, 4)), MEMORY)
    assert "it goes 0, 9, 3, 0, ..." in str(found)


def test_as_many_nodes_as_a_group_may_have_are_decided_soon() -> None:
    assert find_flapping(elasticity(Pool(20 * GIB, 2, 0, 2_000)), MEMORY) is None


def test_many_different_groups_are_decided_soon() -> None:
    pools = [Pool(20 * GIB, 2, 0, 1 + number) for number in range(24)]
    assert find_flapping(elasticity(*pools, core_executors=40), MEMORY) is None


def test_metrics_of_a_cluster() -> None:
    cluster = elasticity(Pool(20 * GIB, 2, 0, 9))
    assert cluster.metric("YARNMemoryAvailablePercentage", (1,), 2) == 50
    assert cluster.metric("MemoryAvailableMB", (1,), 2) == 22 * GIB
    assert cluster.metric("ContainerAllocated", (1,), 9) == 5
    assert cluster.metric("ContainerPending", (1,), 9) == 5
    assert cluster.metric("ContainerPendingRatio", (1,), 8) == Fraction(4, 5)
    assert cluster.metric("AppsPending", (1,), 9) == 0
