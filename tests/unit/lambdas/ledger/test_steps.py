import datetime
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.ledger.entry import LedgerStep
from lambdas.ledger.steps import merged, proven, supersedes, with_run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
PLANNED = LedgerStep(name="clean", number=3, state="PENDING", outputs=("s3://the-data/clean/",))


def a_step(state: str, minute: int | None = 0, step_id: str = "s-1", **fields: Any) -> LedgerStep:
    started = None if minute is None else START + minute * MINUTE
    ended = None if started is None else started + MINUTE
    return LedgerStep(
        name="clean", number=3, state=state, cluster_id="j-1", step_id=step_id, started=started, ended=ended, **fields
    )


PROVEN = a_step("COMPLETED", manifest="s3://the-logs/clean.json")


def test_how_emr_has_run_a_planned_step() -> None:
    timeline = {"StartDateTime": START, "EndDateTime": (START + MINUTE).timestamp()}
    shown = {"Id": "s-1", "Name": "clean", "Status": {"State": "FAILED", "Timeline": timeline}}
    found = with_run(PROVEN.model_copy(update={"outputs": PLANNED.outputs}), "j-1", shown)
    assert found == a_step("FAILED", outputs=PLANNED.outputs)


@pytest.mark.parametrize(
    ("found", "known", "does"),
    [
        (a_step("FAILED"), PLANNED, True),
        (a_step("COMPLETED", step_id="s-2"), a_step("FAILED", minute=9), True),
        (a_step("COMPLETED"), a_step("COMPLETED"), True),
        (a_step("COMPLETED"), PROVEN, False),
        (a_step("FAILED"), a_step("COMPLETED"), False),
        (a_step("COMPLETED", step_id="s-2"), a_step("COMPLETED"), False),
        (a_step("COMPLETED"), LedgerStep(name="clean", state="KEPT", run="run-0"), False),
        (a_step("FAILED", minute=9, step_id="s-2"), a_step("FAILED"), True),
        (a_step("FAILED", step_id="s-2"), a_step("CANCELLED", minute=9), False),
        (a_step("CANCELLED", minute=None, step_id="s-2"), a_step("FAILED"), False),
        (a_step("FAILED", step_id="s-2"), a_step("CANCELLED", minute=None), True),
        (a_step("FAILED"), a_step("RUNNING"), True),
    ],
)
def test_what_says_more(found: LedgerStep, known: LedgerStep, does: bool) -> None:
    assert supersedes(found, known) is does


@given(st.lists(st.tuples(st.sampled_from(["FAILED", "CANCELLED", "COMPLETED"]), st.integers(0, 5)), max_size=4))
def test_the_order_of_events_makes_no_difference(attempts: list[tuple[str, int]]) -> None:
    """Each attempt runs at a time of its own; whatever comes first, the last one counts, or the one that completed."""
    at_once = [a_step(state, 10 * n, f"s-{n}") for n, (state, _) in enumerate(attempts)]
    completed = [step for step in at_once if step.state == "COMPLETED"][:1]
    seen = at_once[: at_once.index(completed[0]) + 1] if completed else at_once
    for order in permutations(seen):
        (last,) = merged([PLANNED], order) or [PLANNED]
        assert last == (completed or seen or [PLANNED])[-1]


def test_steps_nobody_planned_are_passed_over() -> None:
    assert merged([], [PROVEN]) == []


def test_a_completed_step_is_proven(deployment: "S3Client") -> None:
    deployment.put_object(Bucket="the-data", Key="clean/part-0", Body=b"123")
    done, why = proven(deployment, "the-logs", "count", "run-1", a_step("COMPLETED", outputs=PLANNED.outputs))
    assert (done.is_proven, done.run, done.objects, done.bytes, why) == (True, "run-1", 1, 3, None)
    assert done.manifest == "s3://the-logs/runs/count/run-1/outputs/clean.json"


@pytest.mark.parametrize("step", [PLANNED, a_step("FAILED", outputs=PLANNED.outputs), PROVEN])
def test_nothing_else_is_looked_for(deployment: "S3Client", step: LedgerStep) -> None:
    assert proven(deployment, "the-logs", "count", "run-1", step) == (step, None)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ((), None),
        (("s3://the-data/nothing/",), "nothing lies at s3://the-data/nothing/"),
        (("s3://no-such-bucket/x/",), "NoSuchBucket"),
    ],
)
def test_what_cannot_be_proven_is_completed_all_the_same(
    deployment: "S3Client", outputs: tuple[str, ...], words: str | None
) -> None:
    done, why = proven(deployment, "the-logs", "count", "run-1", a_step("COMPLETED", outputs=outputs))
    assert (done.state, done.run, done.is_proven) == ("COMPLETED", "run-1", False)
    assert why == words or (words is not None and words in str(why))
