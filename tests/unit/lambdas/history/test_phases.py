import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        provisioning_seconds=7 * 60,
        waiting_seconds=2 * 60,
        working_seconds=35 * 60,
        gap_seconds=5 * 60,
        tail_seconds=3 * 60,
    )


def test_what_was_not_reached_is_not_known() -> None:
    assert phases_of(a_cluster(CreationDateTime=at(1)), []) == Phases()
    assert phases_of(a_cluster(), [a_step(10, 20), a_step(25, None)]) == Phases()
    assert phases_of({}, [a_step(10, 20)]) == Phases(working_seconds=600, gap_seconds=0)


def test_a_step_that_never_started_counts_nowhere() -> None:
    ended = a_cluster(ReadyDateTime=at(8), EndDateTime=at(53))
    assert phases_of(ended, [*STEPS, a_step(None, 51), a_step(None, None)]) == phases_of(ended, STEPS)
    assert phases_of(ended, [a_step(None, 51)]) == Phases(waiting_seconds=45 * 60)


def test_steps_that_ran_at_the_same_time_count_once() -> None:
    assert phases_of({}, [a_step(10, 20), a_step(12, 15), a_step(18, 25), a_step(30, 31)]) == Phases(
        working_seconds=16 * 60, gap_seconds=5 * 60
    )


def test_a_step_of_which_no_end_is_told_ended_with_its_cluster() -> None:
    ended = a_cluster(ReadyDateTime=at(8), EndDateTime=at(53))
    found = phases_of(ended, [a_step(10, None)])
    assert (found.working_seconds, found.tail_seconds) == (43 * 60, 0)


moments = st.integers(0, 1000)


@given(st.lists(moments, min_size=3, max_size=3), st.lists(st.tuples(moments, moments | st.none())))
def test_the_phases_add_up_to_the_life_of_the_cluster(life: list[int], steps: list[tuple[int, int | None]]) -> None:
    created, ready, ended = sorted(life)
    cluster = a_cluster(CreationDateTime=at(created), ReadyDateTime=at(ready), EndDateTime=at(ended))
    found = phases_of(cluster, [a_step(*step) for step in steps])
    known = [seconds for seconds in found.model_dump().values() if seconds is not None]
    assert sum(known) == (ended - created) * 60
    assert min(known) >= 0
    assert len(known) == (5 if steps else 2)


def test_workers_count_for_the_time_they_were_there() -> None:
    nodes = [
        a_node(8),
        a_node(5, 60),
        a_node(30, 60, "SPOT"),  # 20 of the 35 minutes in which a step ran
        a_node(8, 22, "SPOT", "INSTANCE_FAILURE", "m6g.xlarge"),  # 10 of them: what it waited does not count
        a_node(None, None, "SPOT"),
        a_node(55, 60),
        a_node(1, 5),
    ]
    found = workers_used({}, STEPS, nodes)
    assert found is not None
    assert found.nodes == {"m7g.xlarge": pytest.approx(2 + 20 / 35), "m6g.xlarge": pytest.approx(10 / 35)}
    assert found.total == pytest.approx(2 + 30 / 35)
    assert found.spot_share == pytest.approx(30 / 100)
    assert found.spot_lost == 1


def test_only_spot_that_was_taken_back_during_the_work_is_lost() -> None:
    nodes = [
        a_node(8, 20, "SPOT"),  # taken away by scaling
        a_node(8, 20, "ON_DEMAND", "INSTANCE_FAILURE"),
        a_node(8, 51, "SPOT", "INSTANCE_FAILURE"),
        a_node(8, 52, "SPOT", "CLUSTER_TERMINATED"),
    ]
    found = workers_used({}, STEPS, nodes)
    assert found is not None
    assert found.spot_lost == 0


def test_no_workers_no_figures() -> None:
    assert workers_used({}, STEPS, []) is None
    assert workers_used({}, STEPS, [a_node(55)]) is None
    assert workers_used({}, [], [a_node(5)]) is None
    assert workers_used({}, [a_step(10, 10)], [a_node(5)]) is None
