import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.history.nodes import TOGETHER_SECONDS, NodeChange, node_changes
from tests.unit.lambdas.emr import START

CLUSTER = {"Status": {"Timeline": {"ReadyDateTime": START}}}


def at(seconds: float) -> datetime.datetime:
    return START + datetime.timedelta(seconds=seconds)


def a_node(ready: float | None, end: float | None = None, code: str = "", **about: str) -> dict[str, Any]:
    timeline = {"ReadyDateTime": at(ready)} if ready is not None else {}
    timeline |= {"EndDateTime": at(end)} if end is not None else {}
    status = {"Timeline": timeline, "StateChangeReason": {"Code": code} if code else {}}
    return {"InstanceGroupId": "ig-1", "Market": "SPOT", "InstanceType": "m5.xlarge", "Status": status, **about}


def counts(nodes: list[dict[str, Any]]) -> list[tuple[float, int, int]]:
    found = node_changes(CLUSTER, {"TASK": nodes})
    return [((change.at - START).total_seconds(), change.before, change.after) for change in found]


def test_a_steady_cluster_has_one_entry_per_kind_of_nodes() -> None:
    core = [a_node(-30, 900, "CLUSTER_TERMINATED", Market="ON_DEMAND"), a_node(0, Market="ON_DEMAND")]
    fleet = a_node(20, 900, "CLUSTER_TERMINATED", InstanceFleetId="if-1", InstanceGroupId="")
    assert node_changes(CLUSTER, {"CORE": core, "TASK": [fleet]}) == [
        NodeChange(
            at=at(0), role="CORE", pool="ig-1", market="ON_DEMAND", instance_type="m5.xlarge", before=0, after=2
        ),
        NodeChange(at=at(20), role="TASK", pool="if-1", market="SPOT", instance_type="m5.xlarge", before=0, after=1),
    ]


def test_nodes_that_come_and_go_are_told_in_order() -> None:
    nodes = [a_node(-5), a_node(-5), a_node(300, 900), a_node(310, 905), a_node(600), a_node(None)]
    assert counts(nodes) == [(0, 0, 2), (300, 2, 4), (600, 4, 5), (900, 5, 3)]


def test_a_node_that_takes_the_place_of_another_is_no_steady_cluster() -> None:
    assert counts([a_node(0, 100, "INSTANCE_FAILURE"), a_node(130)]) == [(0, 0, 1), (100, 1, 0), (130, 0, 1)]


def test_a_node_lost_before_the_cluster_was_ready_was_never_there() -> None:
    assert counts([a_node(-100, -50, "INSTANCE_FAILURE"), a_node(-10)]) == [(0, 0, 1)]


def test_a_cluster_that_never_was_ready_had_no_nodes() -> None:
    assert node_changes({}, {"CORE": [a_node(0)]}) == []


lives = st.tuples(st.integers(-100, 1000), st.none() | st.integers(0, 1000))


@given(st.lists(lives))
def test_no_node_is_counted_twice_or_lost(nodes: list[tuple[int, int | None]]) -> None:
    made = [a_node(ready, None if life is None else ready + life) for ready, life in nodes]
    found = counts(made)
    assert [after for _, _, after in found[:-1]] == [before for _, before, _ in found[1:]]
    assert all(after >= 0 and before != after for _, before, after in found)
    stayed = sum(life is None for _, life in nodes)
    assert (found[-1][2] if found else 0) == stayed
    # Each of the changes is where a node came or went.
    moments = {max(ready, 0) for ready, _ in nodes} | {
        max(ready + life, 0) for ready, life in nodes if life is not None
    }
    assert {when for when, _, _ in found} <= moments


@given(st.integers(1, 5), st.integers(1, TOGETHER_SECONDS))
def test_nodes_ready_shortly_after_one_another_are_one_change(count: int, apart: int) -> None:
    assert counts([a_node(number * apart) for number in range(count)]) == [(0, 0, count)]
