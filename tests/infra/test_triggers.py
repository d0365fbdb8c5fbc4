"""What each trigger of a job becomes."""

import json
from typing import Any

import pytest

from lambdas.specs import Job, Trigger, load_job
from lambdas.starts.message import StartMessage, parse_message
from scripts.rendering.triggers import trigger_resources

JOB = load_job("pricing-summary")


def resources(*triggers: dict[str, Any], runs: int | None = None) -> dict[str, Any]:
    limits = JOB.limits.model_copy(update={"concurrent_runs": runs})
    made = tuple(Trigger.model_validate(each) for each in triggers)
    job: Job = JOB.model_copy(update={"triggers": made, "limits": limits})
    return trigger_resources(job, "Job")


def only(*triggers: dict[str, Any]) -> dict[str, Any]:
    (found,) = resources(*triggers).values()
    properties: dict[str, Any] = found["Properties"]
    return properties


@pytest.mark.parametrize(
    ("created", "key"),
    [
        ({"suffix": "_SUCCESS"}, {"wildcard": "landing/tpch/*_SUCCESS"}),
        ({"prefix": "2026/"}, {"prefix": "landing/tpch/2026/"}),
        ({"prefix": "2026/", "suffix": ".csv"}, {"wildcard": "landing/tpch/2026/*.csv"}),
        ({"prefix": "a*b\\"}, {"prefix": "landing/tpch/a*b\\"}),
        ({"suffix": "a*b\\"}, {"wildcard": "landing/tpch/*a\\*b\\\\"}),
    ],
)
def test_the_narrowest_pattern_of_an_object(created: dict[str, str], key: dict[str, str]) -> None:
    pattern = only({"object_created": created})["EventPattern"]
    assert pattern["detail"] == {"bucket": {"name": [{"Ref": "DataBucket"}]}, "object": {"key": [key]}}


def test_a_rule_sends_what_start_runs_reads() -> None:
    (target,) = only({"event": {"source": ["my.app"]}})["Targets"]
    template = target["InputTransformer"]["InputTemplate"]
    event = {"id": "1", "time": "2026-11-27T03:00:00Z", "replay-name": "again", "detail": {}}
    sent = template.replace("<aws.events.event.json>", json.dumps(event))
    assert parse_message(sent) == StartMessage(job="pricing-summary", trigger=0, event=event)


def test_schedules() -> None:
    schedule = {"expression": "cron(0 3 * * ? *)", "timezone": "Europe/Berlin", "flexible_window": "15m"}
    found = only({"schedule": {**schedule, "paused": True}})
    assert found["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    assert found["State"] == "DISABLED"
    assert json.loads(found["Target"]["Input"])["scheduled"] == "<aws.scheduler.scheduled-time>"
    plain = only({"schedule": {"expression": "rate(1 day)"}})
    assert (plain["FlexibleTimeWindow"], plain["State"]) == ({"Mode": "OFF"}, "ENABLED")


def test_whatever_is_not_delivered_is_kept() -> None:
    batch = {"suffix": ".csv", "input": "object", "batch": {"window": "10m", "max_objects": 5}}
    found = resources(
        {"object_created": {"suffix": "_SUCCESS"}},
        {"object_created": batch},
        {"schedule": {"expression": "rate(1 day)"}},
        {"event": {"source": ["my.app"]}},
        runs=2,
    )
    senders = {name: each["Properties"] for name, each in found.items() if not name.endswith("Permission")}
    assert list(senders) == [
        "JobObjectCreated",
        "JobObjectCreated1",
        "JobBatchSweep1",
        "JobSchedule2",
        "JobEvent3",
        "JobSlotFreed",
    ]
    for properties in senders.values():
        for target in properties.get("Targets") or [properties["Target"]]:
            assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
            assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}}
    names = [properties["Name"] for properties in senders.values()]
    assert len(set(names)) == len(names)


def test_only_a_job_with_slots_hears_of_their_end() -> None:
    assert resources() == {}
    freed = resources(runs=1)["JobSlotFreed"]["Properties"]["EventPattern"]
    assert freed["detail"]["stateMachineArn"] == [{"Ref": "JobStateMachine"}]
