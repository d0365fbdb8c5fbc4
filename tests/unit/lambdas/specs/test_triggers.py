from typing import Any

import pytest
from pydantic import ValidationError

from lambdas.specs import Trigger
from lambdas.specs.triggers import MAX_PATTERN_CHARACTERS


@pytest.mark.parametrize(
    "trigger",
    [
        {"object_created": {"suffix": "_SUCCESS"}},
        {"object_created": {"prefix": "2026/", "input": "object", "batch": {"window": "10m", "max_objects": 500}}},
        {"schedule": {"expression": "cron(0 3 * * ? *)", "timezone": "Europe/Berlin", "flexible_window": "15m"}},
        {"schedule": {"expression": "cron(0/5 8-17 ? * MON-FRI *)", "paused": True}},
        {"schedule": {"expression": "rate(1 day)"}},
        {"schedule": {"expression": "at(2026-12-31T23:00:00)"}},
        {"event": {"source": ["my.app"], "detail": {"state": ["ready", {"prefix": "re"}]}}},
    ],
)
def test_triggers(trigger: dict[str, Any]) -> None:
    assert Trigger.model_validate(trigger).model_dump(exclude_none=True, exclude_defaults=True).keys() == trigger.keys()


def test_durations_are_seconds() -> None:
    schedule = Trigger.model_validate({"schedule": {"expression": "rate(1 day)", "flexible_window": "2h"}}).schedule
    assert schedule is not None
    assert (schedule.flexible_window, schedule.timezone, schedule.paused) == (7200, "UTC", False)


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({}, "one of object_created, schedule and event"),
        ({"event": {"source": ["x"]}, "schedule": {"expression": "rate(1 day)"}}, "one of object_created"),
        ({"object_created": {}}, "a prefix, a suffix or both"),
        ({"object_created": {"suffix": "x", "batch": {"window": "10m", "max_objects": 5}}}, "input: object"),
        (
            {"object_created": {"suffix": "x", "input": "object", "batch": {"window": "25h", "max_objects": 5}}},
            "at most 24h",
        ),
        (
            {"object_created": {"suffix": "x", "input": "object", "batch": {"window": "1h", "max_objects": 3001}}},
            "less than or equal to 3000",
        ),
        ({"schedule": {"expression": "every day"}}, "cron\\(minutes hours"),
        ({"schedule": {"expression": "cron(0 3 * *)"}}, "cron\\(minutes hours"),
        ({"schedule": {"expression": "cron(0 3 * * * *)"}}, "a '\\?' for the day"),
        ({"schedule": {"expression": "cron(0 3 ? * ? *)"}}, "a '\\?' for the day"),
        ({"schedule": {"expression": "rate(0 days)"}}, "cron\\(minutes hours"),
        ({"schedule": {"expression": "rate(1 day)", "timezone": "Berlin"}}, "IANA"),
        ({"schedule": {"expression": "rate(1 day)", "flexible_window": "90s"}}, "whole minutes"),
        ({"schedule": {"expression": "rate(1 day)", "flexible_window": "25h"}}, "whole minutes"),
        ({"event": {}}, "an event pattern by source"),
        ({"event": {"sorce": ["x"]}}, "an event pattern by source"),
        ({"event": {"source": "x"}}, "lists of what may match"),
        ({"event": {"source": []}}, "lists of what may match"),
        ({"event": {"source": ["x" * MAX_PATTERN_CHARACTERS]}}, "at most 2,048 characters"),
    ],
)
def test_mistakes(trigger: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        Trigger.model_validate(trigger)
