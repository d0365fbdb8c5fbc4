"""The archive of the events that start jobs."""

import json
from typing import Any

import pytest

from lambdas.specs import Job, Trigger, load_job
from scripts.rendering.archive import (
    ARCHIVE,
    MAX_PATTERN,
    ArchivePatternError,
    archive_pattern,
    archive_resources,
)
from scripts.rendering.triggers import trigger_resources

JOB = load_job("pricing-summary")


def job(*triggers: dict[str, Any], name: str = "pricing-summary") -> Job:
    made = tuple(Trigger.model_validate(each) for each in triggers)
    return JOB.model_copy(update={"triggers": made, "name": name})


def test_it_keeps_what_the_rules_match_and_nothing_else() -> None:
    batch = {"suffix": ".csv", "input": "object", "batch": {"window": "10m", "max_objects": 5}}
    one = job({"object_created": {"suffix": "_SUCCESS"}}, {"object_created": batch})
    other = job({"schedule": {"expression": "rate(1 day)"}}, {"event": {"source": ["my.app"]}}, name="other")
    archive = archive_resources([one, other])["Resources"][ARCHIVE]["Properties"]
    rules = [*trigger_resources(one, "One").values(), *trigger_resources(other, "Other").values()]
    expected = [rule["Properties"]["EventPattern"] for rule in rules if "EventPattern" in rule["Properties"]]
    assert archive["EventPattern"] == {"$or": expected}
    assert len(expected) == 3


def test_one_pattern_stands_alone() -> None:
    pattern = {"source": ["my.app"]}
    assert archive_pattern([pattern, dict(pattern)]) == pattern


def test_without_events_there_is_none() -> None:
    schedule = job({"schedule": {"expression": "rate(1 day)"}})
    assert archive_resources([schedule, job()]) == {"Resources": {}, "Outputs": {}}


def test_many_jobs_have_a_wider_pattern_that_an_archive_takes() -> None:
    jobs = [
        job(
            {"object_created": {"prefix": f"place-{number}/{'x' * 40}/", "suffix": "_SUCCESS"}},
            {"event": {"source": ["my.app"], "detail": {"table": [f"table-{number}"]}}},
        )
        for number in range(30)
    ]
    pattern = archive_resources(jobs)["Resources"][ARCHIVE]["Properties"]["EventPattern"]
    assert len(json.dumps(pattern)) < MAX_PATTERN
    bucket = {"bucket": {"name": [{"Ref": "DataBucket"}]}}
    of_objects = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": bucket}
    assert pattern == {"$or": [of_objects, {"source": ["my.app"]}]}


def test_more_than_an_archive_takes() -> None:
    with pytest.raises(ArchivePatternError, match="the 100 patterns"):
        archive_pattern({"source": [f"my.application.number-{number}"]} for number in range(100))
