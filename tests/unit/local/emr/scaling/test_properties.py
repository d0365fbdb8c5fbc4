"""What holds for every load under every policy."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.local.emr.load import Load, Phase, Usage
from tests.unit.local.emr.lab import Lab, group, groups, step
from tests.unit.local.emr.loads import SLOTS, WORKER, cluster_of, container_seconds, lab_with, work_of
from tests.unit.local.emr.scaling.policies import into, managed, out, rule, scaled_by

LOWEST, HIGHEST, CORE = 1, 5, 2
DAYS = 3 * 86_400

loads = st.lists(
    st.builds(Phase, st.integers(1, 3000).map(float), st.integers(0, 60), st.sampled_from([0.0, 0.0, 0.0, 0.4, 1.0])),
    min_size=1,
    max_size=12,
).map(tuple)

rules = st.lists(
    st.one_of(
        st.builds(out, st.integers(1, 4), st.sampled_from([15, 40]), CoolDown=st.sampled_from([0, 300])),
        st.builds(
            into,
            st.integers(-4, -1),
            st.sampled_from([20, 75]),
            EvaluationPeriods=st.integers(1, 3),
            CoolDown=st.sampled_from([0, 600]),
        ),
        st.builds(
            lambda by, kind: rule("any", by, "GREATER_THAN", 4, MetricName="ContainerPending", AdjustmentType=kind),
            st.integers(0, 200),
            st.sampled_from(["EXACT_CAPACITY", "PERCENT_CHANGE_IN_CAPACITY"]),
        ),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["Name"],
)
requests = st.one_of(
    rules.map(lambda found: cluster_of(CORE, 2, **scaled_by(*found, lowest=LOWEST, highest=HIGHEST, Market="SPOT"))),
    st.builds(
        lambda index: cluster_of(
            CORE,
            2,
            task_group={"Market": "SPOT"},
            **managed(CORE + LOWEST, CORE + HIGHEST, core=CORE, on_demand=CORE, **({"index": index} if index else {})),
        ),
        st.sampled_from([None, 1, 25, 50, 75, 100]),
    ),
)


def play(request: dict[str, Any], first: Load, second: Load) -> tuple[Lab, str]:
    lab = lab_with(first, other=second)
    cluster_id = lab.ready(request | {"StepConcurrencyLevel": 2})
    lab.add(cluster_id, step("work"), step("other"))
    lab.clock.sleep(DAYS)
    assert lab.step_states(cluster_id) == ["COMPLETED", "COMPLETED"]
    return lab, cluster_id


def lost_work(lab: Lab, cluster_id: str) -> float:
    # There is no API for what a job had to do again.
    return lab.engine._world.clusters[cluster_id].yarn.lost


@settings(max_examples=50)
@given(requests, loads, loads)
def test_work_is_conserved_and_limits_hold(request: dict[str, Any], first: Load, second: Load) -> None:
    lab, cluster_id = play(request, first, second)
    usage = lab.engine.usage(cluster_id)
    done, asked = container_seconds(usage), work_of(first) + work_of(second)
    assert done == pytest.approx(asked + lost_work(lab, cluster_id), abs=1e-2)
    for entry in usage:
        assert 0 <= entry.running <= min(entry.wanted, entry.capacity)
        assert entry.capacity <= entry.nodes * SLOTS
        assert entry.nodes <= CORE + HIGHEST
    assert [entry.at for entry in usage] == sorted({entry.at for entry in usage})
    final = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][2]
    assert 0 <= final["RequestedInstanceCount"] <= HIGHEST


@settings(max_examples=20)
@given(requests, loads, loads)
def test_the_same_again_is_the_same(request: dict[str, Any], first: Load, second: Load) -> None:
    def once() -> list[Usage]:
        lab, cluster_id = play(request, first, second)
        return lab.engine.usage(cluster_id)

    assert once() == once()


@settings(max_examples=40)
@given(loads, st.integers(1, 6), st.integers(1, 6))
def test_more_nodes_are_never_slower(load: Load, fewer: int, more: int) -> None:
    plain = tuple(Phase(phase.seconds, phase.containers) for phase in load)

    def seconds(nodes: int) -> float:
        lab = lab_with(plain)
        cluster_id = lab.ready(groups(group("MASTER"), group("CORE", nodes, WORKER)))
        (step_id,) = lab.add(cluster_id, step())
        lab.clock.sleep(DAYS)
        times = lab.step(cluster_id, step_id)["Status"]["Timeline"]
        return float(times["EndDateTime"] - times["StartDateTime"])

    assert seconds(fewer + more) <= seconds(fewer) + 1e-3


@pytest.mark.parametrize("request_", ["managed", "custom"])
def test_six_hours_of_five_hundred_phases_take_less_than_a_second(request_: str) -> None:
    load = tuple(Phase(43.2, 40 + number // 20 * 70 % 360 + number % 7) for number in range(500))
    scaled = managed(5, 100, core=5) if request_ == "managed" else scaled_by(out(by=5), into(by=-3), highest=95)

    def seconds() -> float:
        lab = lab_with(load)
        begun = time.process_time()
        cluster_id = lab.ready(cluster_of(5, 20, **scaled))
        lab.add(cluster_id, step())
        lab.clock.sleep(24 * 3600)
        assert lab.step_states(cluster_id) == ["COMPLETED"]
        return time.process_time() - begun

    # What else the processor does makes it slower, never faster.
    assert any(seconds() < 1 for _ in range(3))
