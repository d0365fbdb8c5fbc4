import datetime
from typing import Any

import pytest

from lambdas.history.nodes import NodeChange
from lambdas.history.phases import Phases
from scripts.watching.summary import summary
from tests.unit.lambdas.emr import START

NOTHING = Phases()


def a_record(phases: Phases = NOTHING, nodes: tuple[NodeChange, ...] = ()) -> dict[str, Any]:
    dumped = [change.model_dump(mode="json") for change in nodes]
    return {"phases": phases.model_dump(mode="json"), "nodes": dumped}


def a_change(minutes: float, before: int, after: int, role: str = "TASK", name: str = "r5.2xlarge") -> NodeChange:
    return NodeChange(
        at=START + datetime.timedelta(minutes=minutes),
        role=role,
        pool=role,
        market="SPOT" if role == "TASK" else "ON_DEMAND",
        instance_type=name,
        before=before,
        after=after,
    )


def test_where_the_time_went() -> None:
    phases = Phases(
        provisioning_seconds=390, waiting_seconds=30, working_seconds=3240, gap_seconds=0, tail_seconds=12.3
    )
    assert summary(a_record(phases)) == [
        "Paid 61 minutes: 6.5 starting, 0.5 waiting for its first step, 54 working, 0 between steps, "
        "0.2 after the last."
    ]


@pytest.mark.parametrize("record", [{}, a_record(), {"phases": {"ending_seconds": 60.0}}])
def test_nothing_is_said_of_what_is_not_known(record: dict[str, Any]) -> None:
    assert summary(record) == []


def test_a_cluster_that_never_ran_a_step() -> None:
    assert summary(a_record(Phases(provisioning_seconds=600, waiting_seconds=61))) == [
        "Paid 11 minutes: 10 starting, 1 waiting for its first step."
    ]


def test_nodes_that_came_and_went() -> None:
    steady = (a_change(0, 0, 1, "MASTER", "m5.xlarge"), a_change(0, 0, 2, "CORE", "r5.xlarge"))
    scaled = (a_change(12, 0, 5), a_change(40.5, 5, 2))
    assert summary(a_record(nodes=(*steady, *scaled))) == [
        "Nodes: primary m5.xlarge on demand: 1; core r5.xlarge on demand: 2; "
        "task r5.2xlarge spot: 5 after 12 min, 2 after 40 min."
    ]
