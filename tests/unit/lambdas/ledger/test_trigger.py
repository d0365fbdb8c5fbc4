from typing import Any

import pytest

from lambdas.ledger.trigger import trigger_of
from lambdas.specs import load_job
from lambdas.specs.job import Job
from lambdas.specs.triggers import ObjectCreated, Schedule, Trigger
from lambdas.starts.decide import execution_name

JOB = load_job("pricing-summary")
OBJECT = Trigger(object_created=ObjectCreated(suffix="_SUCCESS"))
NIGHTLY = Trigger(schedule=Schedule.model_validate({"expression": "rate(1 day)"}))
EVENT = Trigger(event={"source": ["my.app"]})
BY_HAND = "run-1"


def started_by(job: Job = JOB) -> str:
    return execution_name(job, "some occasion")


@pytest.mark.parametrize(
    ("run", "document", "triggers", "trigger"),
    [
        (BY_HAND, {}, [NIGHTLY], "manual"),
        (BY_HAND, {"input": "s3://b/in/"}, [OBJECT], "manual"),
        (BY_HAND, ["nonsense"], [], "manual"),
        (BY_HAND, {"source": "aws.s3", "detail-type": "Object Created"}, [], "object_created"),
        (BY_HAND, {"input": "s3://b/in/", "version": "ab"}, [OBJECT], "object_created"),
        (BY_HAND, {"replay": "run-0"}, [], "replay"),
        (started_by(), {"replay": "run-0"}, [OBJECT], "replay"),
        (started_by(), {"input": "s3://b/empty/"}, [OBJECT], "object_created"),
        (started_by(), {}, [OBJECT, NIGHTLY, NIGHTLY], "schedule"),
        (started_by(), {}, [EVENT], "event"),
        (started_by(), {}, [EVENT, NIGHTLY], None),
        (started_by(), {}, [], None),
        (f"other-{started_by()}", {}, [NIGHTLY], "manual"),
    ],
)
def test_name_and_input_tell_what_started_a_run(
    run: str, document: Any, triggers: list[Trigger], trigger: str | None
) -> None:
    assert trigger_of(JOB.name, run, document, triggers) == trigger
