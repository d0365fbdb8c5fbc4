import datetime
from typing import Any

import pytest

from lambdas import aws
from lambdas.ledger.entry import LedgerEntry, LedgerStep
from lambdas.ledger.open import open_entry, size_in_words
from lambdas.ledger.store import read_entry, write_entry
from lambdas.runs.events import PlanEvent
from lambdas.runs.plan import KeptStep, Nodes, Plan, ReplayOf
from tests.unit.lambdas.plans import a_plan

TABLE = "the-runs"
JOB = "pricing-summary"
START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
KEPT = KeptStep(name="clean", outputs=["s3://d/clean/run-1/"], manifest="s3://l/clean.json", version="ab", run="run-1")

pytestmark = pytest.mark.usefixtures("deployment")


def opened(plan: Plan | None, document: Any, run: str = "run-1") -> LedgerEntry:
    execution = {"id": f"arn:{run}", "name": run, "started": START}
    event = PlanEvent.model_validate({"job": JOB, "execution": execution, "input": document, "definition": "d"})
    open_entry(aws.dynamodb(), TABLE, plan, event)
    return read(run)


def read(run: str) -> LedgerEntry:
    entry = read_entry(aws.dynamodb(), TABLE, JOB, run)
    assert entry is not None
    return entry


def planned(**fields: Any) -> Plan:
    return a_plan().model_copy(update=fields)


def a_replay(run: str, of: str, attempt: int) -> Plan:
    replay = ReplayOf(run=of, origin="run-1", attempt=attempt)
    return planned(run=run, kept=[KEPT], done=["clean"], replay=replay)


def test_a_planned_run() -> None:
    plan = planned(version="ab", code="cd", definition="d")
    entry = opened(plan, {})
    assert (entry.status, entry.execution, entry.started, entry.ended) == ("RUNNING", "arn:run-1", START, None)
    assert (entry.document, entry.trigger, entry.attempt, entry.root) == ({}, "manual", 1, "run-1")
    assert (entry.input, entry.manifest, entry.version) == (plan.input, plan.manifest, "ab")
    assert (entry.code, entry.definition) == ("cd", "d")
    assert (entry.vcpus, entry.minutes, entry.usd_estimated) == (
        plan.size.vcpus,
        plan.estimate.minutes,
        plan.estimate.usd,
    )
    assert [(step.name, step.state, step.is_proven) for step in entry.steps] == [
        ("clean", "PENDING", False),
        ("summarise", "PENDING", False),
    ]


def test_a_rejected_run() -> None:
    entry = opened(None, {"input": "s3://d/empty/"})
    assert (entry.status, entry.document, entry.definition) == ("RUNNING", {"input": "s3://d/empty/"}, "d")
    assert (entry.input, entry.steps) == (None, ())


def test_a_rejected_replay_says_what_it_was_to_replay() -> None:
    assert opened(None, {"replay": "run-0"}, "run-0-r2").replays == "run-0"
    assert opened(None, {"replay": 7}, "run-9").replays is None


def test_a_replay_is_entered_in_its_chain() -> None:
    opened(planned(), {})
    second = opened(a_replay("run-1-r2", "run-1", 2), {"replay": "run-1"}, "run-1-r2")
    opened(a_replay("run-1-r3", "run-1-r2", 3), {"replay": "run-1-r2"}, "run-1-r3")
    assert (second.attempt, second.origin, second.replays, second.trigger) == (2, "run-1", "run-1", "replay")
    assert second.steps == (
        LedgerStep(
            name="clean",
            number=0,
            state="KEPT",
            outputs=("s3://d/clean/run-1/",),
            manifest="s3://l/clean.json",
            version="ab",
            run="run-1",
        ),
        LedgerStep(name="summarise", number=1, state="PENDING"),
    )
    assert second.steps[0].is_proven
    assert set(read("run-1").replayed_by) == {"run-1-r2", "run-1-r3"}
    assert read("run-1-r2").replayed_by == ("run-1-r3",)


def test_a_replayed_run_without_an_entry_gets_none() -> None:
    opened(a_replay("run-1-r2", "run-1", 2), {"replay": "run-1"}, "run-1-r2")
    assert read_entry(aws.dynamodb(), TABLE, JOB, "run-1") is None


def test_an_old_run_of_the_same_name_leaves_nothing() -> None:
    opened(planned(version="ab"), {})
    old = {"ended": START, "usd": 1.0, "error": "Wrong", "record": "s3://l/r.json", "cluster_ids": ["j-1"]}
    write_entry(aws.dynamodb(), TABLE, JOB, "run-1", {**old, "status": "FAILED", "replayed_by": ["run-2"]})
    entry = opened(planned(), {})
    assert (entry.status, entry.ended, entry.usd, entry.error, entry.record) == ("RUNNING", None, None, None, None)
    assert (entry.cluster_ids, entry.replayed_by, entry.version) == ((), (), None)


def test_the_size_in_words() -> None:
    size = a_plan().size
    core, task = Nodes(instance_type="m7g.xlarge", count=2), Nodes(instance_type="r7g.xlarge", count=3)
    assert size_in_words(size.model_copy(update={"core": core, "task": task, "task_market": "spot"})) == (
        "2 core m7g.xlarge, 3 task r7g.xlarge (spot)"
    )
    none = Nodes(instance_type="m7g.xlarge", count=0)
    assert size_in_words(size.model_copy(update={"core": core, "task": none})) == "2 core m7g.xlarge"
