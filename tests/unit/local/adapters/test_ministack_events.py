"""The EMR engine's events on ministack's bus."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import eventbridge

from scripts.local.adapters import ministack, ministack_events
from scripts.local.adapters.hooks import HookMissingError
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.events import STEP_EVENT
from scripts.local.emr.runner import ScriptedRunner
from tests.unit.local.emr.lab import READY_SECONDS, groups, step

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:record-step"


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a rule such as the stack's has delivered to its function."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(eventbridge, "_dispatch_to_lambda", lambda _arn, payload: found.append(json.loads(payload)))
    pattern = {"source": ["aws.emr"], "detail-type": [STEP_EVENT], "detail": {"state": ["COMPLETED"]}}
    eventbridge._ensure_default_bus()
    eventbridge._put_rule({"Name": "step-ended", "EventPattern": json.dumps(pattern), "State": "ENABLED"})
    eventbridge._put_targets({"Rule": "step-ended", "Targets": [{"Id": "record-step", "Arn": FUNCTION}]})
    yield found
    eventbridge.reset()


def test_a_rule_hears_of_a_step_as_from_emr(delivered: list[dict[str, Any]]) -> None:
    clock = VirtualClock()
    engine = EmrEngine(clock, ScriptedRunner(clock), observer=ministack_events.publish)
    cluster_id = engine.call("RunJobFlow", groups())["JobFlowId"]
    clock.sleep(READY_SECONDS)
    (step_id,) = engine.call("AddJobFlowSteps", {"JobFlowId": cluster_id, "Steps": [step("clean")]})["StepIds"]
    assert delivered == []
    clock.sleep(3600)
    (event,) = delivered
    assert (event["source"], event["detail-type"]) == ("aws.emr", STEP_EVENT)
    about = {"clusterId": cluster_id, "stepId": step_id, "name": "clean", "state": "COMPLETED"}
    assert about.items() <= event["detail"].items()


def test_another_ministack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(eventbridge, "_put_events")
    with pytest.raises(HookMissingError, match="_put_events"):
        ministack_events.install(ministack.PINNED)
