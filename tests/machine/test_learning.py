"""Every run teaches the next one."""

import pytest

from scripts.local.emr.runner import ScriptedStep
from tests.machine.conftest import CloudMaker, record_of

SECONDS = {"clean": 900, "summarise": 300}


def test_the_next_plan_knows_the_runs_before_it(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script={name: ScriptedStep(seconds=seconds) for name, seconds in SECONDS.items()})
    records = [record_of(cloud.execute()) for _ in range(4)]
    plans = [record["plan"] for record in records]

    assert plans[0]["reasons"]["runs"] == []
    assert plans[3]["reasons"]["runs"] == [record["run"] for record in records[2::-1]]
    assert plans[3]["reasons"]["last_error"] == pytest.approx(
        sum(SECONDS.values()) / plans[2]["estimate"]["runtime_seconds"] - 1, abs=0.01
    )
    assert "the last took" in plans[3]["receipt"][1]

    # Nothing but time differs between these runs, so after three the fourth is foreseen.
    assert records[3]["phases"]["working_seconds"] == sum(SECONDS.values())
    assert plans[3]["estimate"]["runtime_seconds"] == pytest.approx(sum(SECONDS.values()), rel=0.15)
    low, high = plans[3]["estimate"]["minutes_interval"]
    assert high - low < 0.3 * plans[3]["estimate"]["minutes"]
