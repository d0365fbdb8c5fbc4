import datetime
from typing import Any

import pytest

from lambdas.history.phases import Phases, phases_of, workers_used
from tests.unit.lambdas.emr import START


def at(minutes: float) -> datetime.datetime:
    return START + datetime.timedelta(minutes=minutes)


def a_cluster(**timeline: datetime.datetime) -> dict[str, Any]:
    return {"Status": {"State": "TERMINATED", "Timeline": timeline}}


def a_step(start: float | None, end: float | None) -> dict[str, Any]:
    timeline = {"CreationDateTime": at(0)}
    timeline |= {"StartDateTime": at(start)} if start is not None else {}
    timeline |= {"EndDateTime": at(end)} if end is not None else {}
    return {"Status": {"Timeline": timeline}}


def a_node(
    ready: float | None, end: float | None = None, market: str = "ON_DEMAND", code: str = "", name: str = "m7g.xlarge"
) -> dict[str, Any]:
    timeline = {"ReadyDateTime": at(ready)} if ready is not None else {}
    timeline |= {"EndDateTime": at(end)} if end is not None else {}
    status = {"Timeline": timeline, "StateChangeReason": {"Code": code} if code else {}}
    return {"InstanceType": name, "Market": market, "Status": status}


STEPS = [a_step(10, 20), a_step(25, 50)]


def test_the_phases_of_a_run() -> None:
    cluster = a_cluster(CreationDateTime=at(1), ReadyDateTime=at(8), EndDateTime=at(53))
    assert phases_of(cluster, STEPS) == Phases(
        provisioning_seconds=7 * 60, working_seconds=40 * 60, ending_seconds=3 * 60
    )


def test_what_was_not_reached_is_not_known() -> None:
    assert phases_of(a_cluster(CreationDateTime=at(1)), []) == Phases()
    assert phases_of(a_cluster(), [a_step(10, 20), a_step(25, None)]) == Phases()
    assert phases_of({}, [a_step(10, 20)]) == Phases(working_seconds=600)
    never_started = [a_step(10, 20), a_step(None, 21)]
    assert phases_of({}, never_started).working_seconds == 11 * 60


def test_workers_count_for_the_time_they_were_there() -> None:
    nodes = [
        a_node(8),
        a_node(5, 60),
        a_node(30, 60, "SPOT"),  # half of the time
        a_node(8, 20, "SPOT", "INSTANCE_FAILURE", "m6g.xlarge"),  # a quarter
        a_node(None, None, "SPOT"),
        a_node(55, 60),
        a_node(1, 5),
    ]
    found = workers_used(nodes, STEPS)
    assert found is not None
    assert found.nodes == {"m7g.xlarge": pytest.approx(2.5), "m6g.xlarge": pytest.approx(0.25)}
    assert found.total == pytest.approx(2.75)
    assert found.spot_share == pytest.approx(0.75 / 2.75)
    assert found.spot_lost == 1


def test_only_spot_that_was_taken_back_during_the_work_is_lost() -> None:
    nodes = [
        a_node(8, 20, "SPOT"),  # taken away by scaling
        a_node(8, 20, "ON_DEMAND", "INSTANCE_FAILURE"),
        a_node(8, 51, "SPOT", "INSTANCE_FAILURE"),
        a_node(8, 52, "SPOT", "CLUSTER_TERMINATED"),
    ]
    found = workers_used(nodes, STEPS)
    assert found is not None
    assert found.spot_lost == 0


def test_no_workers_no_figures() -> None:
    assert workers_used([], STEPS) is None
    assert workers_used([a_node(55)], STEPS) is None
    assert workers_used([a_node(5)], []) is None
    assert workers_used([a_node(5)], [a_step(10, 10)]) is None
