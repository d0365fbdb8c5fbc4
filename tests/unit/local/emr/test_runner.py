"""Steps by script, and their logs."""

import json
from typing import Any

import pytest

from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.runner import LOG_SECONDS, ScriptedRunner, ScriptedStep, StepOutcome
from tests.unit.local.emr.lab import READY_SECONDS, groups, step

FAILED = StepOutcome(succeeded=False)
Shipped = list[tuple[float, str, str]]


def started(scripted: ScriptedStep) -> tuple[VirtualClock, EmrEngine, str, Shipped]:
    """Return an engine on which a step has just started."""
    clock, shipped = VirtualClock(), []

    def ship(cluster: dict[str, Any], shown: dict[str, Any], text: str) -> None:
        assert json.dumps(cluster)
        shipped.append((clock.now(), shown["Name"], text))

    engine = EmrEngine(clock, ScriptedRunner(clock, {"one": scripted}, ship=ship))
    cluster_id = str(engine.call("RunJobFlow", groups())["JobFlowId"])
    clock.sleep(READY_SECONDS)
    engine.call("AddJobFlowSteps", {"JobFlowId": cluster_id, "Steps": [step("one")]})
    return clock, engine, cluster_id, shipped


@pytest.mark.parametrize("outcome", [FAILED, StepOutcome(succeeded=True)])
def test_a_log_is_shipped_minutes_after_its_step(outcome: StepOutcome) -> None:
    clock, _, _, shipped = started(ScriptedStep(60, outcome, "the log"))
    end = clock.now() + 60
    clock.sleep(60 + LOG_SECONDS - 1)
    assert shipped == []
    clock.sleep(2)
    assert shipped == [(end + LOG_SECONDS, "one", "the log")]
    clock.sleep(3600)
    assert len(shipped) == 1


def test_a_log_is_shipped_though_the_cluster_is_gone() -> None:
    clock, engine, cluster_id, shipped = started(ScriptedStep(60, FAILED, "the log"))
    clock.sleep(61)
    engine.call("TerminateJobFlows", {"JobFlowIds": [cluster_id]})
    clock.sleep(LOG_SECONDS)
    assert [text for _, _, text in shipped] == ["the log"]


def test_a_step_that_was_cancelled_and_one_without_a_log_ship_nothing() -> None:
    clock, engine, cluster_id, shipped = started(ScriptedStep(600, FAILED, "the log"))
    engine.call("TerminateJobFlows", {"JobFlowIds": [cluster_id]})
    clock.sleep(3600)
    assert shipped == []
    clock, _, _, shipped = started(ScriptedStep(60, FAILED))
    clock.sleep(3600)
    assert shipped == []
