import datetime
from typing import Any

import pytest

from lambdas.failures.classes import FailureClass
from lambdas.ledger.entry import LedgerStep
from lambdas.replays.errors import ReplaySizeError
from lambdas.replays.past import Replay
from lambdas.replays.request import AskedSize, ReplayRequest
from lambdas.replays.size import FailedSize, Sizing, asked_shape, enlarge, size_again
from lambdas.runs.plan import Plan
from lambdas.sizing import Asked, Goal, Known, weigh_sizes
from lambdas.specs import load_scaling
from lambdas.specs.scaling import ManagedLimits, ManagedScaling
from tests.unit.lambdas.plans import CATALOGUE, SPARK, a_plan, csv
from tests.unit.lambdas.recovery.test_elastic import an_elastic_plan
from tests.unit.lambdas.replays.support import STARTED, a_job, an_entry
from tests.unit.lambdas.sizing.test_elastic import ELASTIC, POLICY

HOUR = 3600.0
STEPWISE = a_job({"clean": None, "count": None}, "stepwise")
PIPELINED = a_job({"clean": None, "count": None})
GIGABYTES = 200
NO_GOAL = Goal()


def replay(failure: FailureClass, *steps: LedgerStep, size: AskedSize | None = None, **fields: Any) -> Replay:
    entry = an_entry(*steps, failure_class=failure.value, **fields)
    return Replay(ReplayRequest("run-1", size=size), entry, {}, 2)


def failed(plan: Plan) -> FailedSize:
    return FailedSize(plan.size, plan.measured.bytes)


def took(name: str, hours: float) -> LedgerStep:
    return LedgerStep(name=name, state="COMPLETED", started=STARTED, ended=STARTED + datetime.timedelta(hours=hours))


def again(asked: Replay, job: Any = STEPWISE, size: FailedSize | None = None, goal: Goal = NO_GOAL) -> Sizing:
    return size_again(asked, size, job, Sizing(Asked(40, goal=goal), Known()), SPARK, CATALOGUE)


def test_the_whole_job_must_be_as_much_faster_as_the_step_that_timed_out() -> None:
    found = again(replay(FailureClass.TIMEOUT, took("clean", 3), took("count", 1), failed_state="Run step count"))
    # Of 3 h and the 1.25 h that the step would have taken, in which it must end within 1 h.
    expected = 4.25 / 1.25 * HOUR + Known().overhead_seconds
    assert found.asked.goal.deadline_seconds == pytest.approx(expected)
    assert found.is_ours


def test_pipelined_all_steps_share_their_timeouts() -> None:
    asked = replay(FailureClass.TIMEOUT, took("clean", 1.5), took("count", 0.5), failed_state="Run step count")
    found = again(asked, PIPELINED)
    assert found.asked.goal.deadline_seconds == pytest.approx(2 * HOUR + Known().overhead_seconds)


def test_a_shorter_deadline_of_the_job_stays() -> None:
    asked = replay(FailureClass.TIMEOUT, took("count", 1), failed_state="Run step count")
    assert again(asked, goal=Goal(600.0)).asked.goal.deadline_seconds == 600.0


def test_after_a_timeout_there_are_at_least_as_many_cores() -> None:
    plan = a_plan(GIGABYTES)
    asked = replay(FailureClass.TIMEOUT, took("count", 1), failed_state="Run step count")
    found = again(asked, size=failed(plan))
    sizes = weigh_sizes(csv(GIGABYTES), found.asked, found.known, SPARK, CATALOGUE)
    assert sizes is not None
    assert min(shape.vcpus for shape in sizes.shapes) >= plan.size.vcpus
    assert sizes.best.shape.vcpus > plan.size.vcpus


@pytest.mark.parametrize("state", ["Create cluster", "Run step gone", None])
def test_a_timeout_that_says_nothing_of_the_size(state: str | None) -> None:
    found = again(replay(FailureClass.TIMEOUT, failed_state=state))
    assert (found.asked, found.why) == (Asked(40), None)


@pytest.mark.parametrize(
    "failure", [FailureClass.EXECUTOR_OUT_OF_MEMORY, FailureClass.DRIVER_OUT_OF_MEMORY], ids=["executor", "driver"]
)
def test_memory_grows_until_there_is_more_than_ran_out(failure: FailureClass) -> None:
    plan, scaling = a_plan(), load_scaling("managed")
    sizes = [plan.size]
    for _ in range(2):
        made = enlarge(plan, replay(failure), FailedSize(sizes[-1], 1), SPARK, CATALOGUE, scaling)
        sizes.append(made.size)
    heaps = [
        size.driver_memory_mib
        if failure is FailureClass.DRIVER_OUT_OF_MEMORY
        else size.executor_memory_mib // size.executor_cores
        for size in sizes
    ]
    assert heaps == sorted(set(heaps))
    assert made.estimate.usd >= plan.estimate.usd
    assert "more memory: " in made.receipt[-1]


def test_a_policy_keeps_its_types_and_gets_more_memory_a_task() -> None:
    plan = an_elastic_plan()
    asked = replay(FailureClass.EXECUTOR_OUT_OF_MEMORY)
    made = enlarge(plan, asked, failed(plan), ELASTIC, CATALOGUE, POLICY)
    assert made.size.executor_cores < plan.size.executor_cores
    assert made.size.core == plan.size.core


def test_when_there_is_no_more_memory_it_says_so() -> None:
    plan = a_plan()
    size = plan.size.model_copy(update={"executor_memory_mib": 10**9})
    asked = replay(FailureClass.EXECUTOR_OUT_OF_MEMORY)
    made = enlarge(plan, asked, FailedSize(size, 1), SPARK, CATALOGUE, load_scaling("managed"))
    assert "there is no more to be had" in made.receipt[-1]
    assert made.size.executor_cores == 1


@pytest.mark.parametrize("failure", [FailureClass.S3_THROTTLED, FailureClass.DISK_FULL])
def test_another_failure_changes_no_size(failure: FailureClass) -> None:
    plan = a_plan()
    asked = replay(failure, failed_state="Run step count")
    assert enlarge(plan, asked, failed(plan), SPARK, CATALOGUE, load_scaling("managed")) == plan
    assert again(asked).asked == Asked(40)


def test_an_asked_size_is_the_only_one() -> None:
    found = again(replay(FailureClass.TIMEOUT, size=AskedSize("m7g.xlarge", 3), failed_state="Run step count"))
    sizes = weigh_sizes(csv(1), found.asked, found.known, SPARK, CATALOGUE)
    assert sizes is not None
    assert [(shape.core_type, shape.workers) for shape in sizes.shapes] == [("m7g.xlarge", 3)]


CAPPED = ManagedScaling(name="capped", description="Few.", managed=ManagedLimits(minimum=2, maximum=4))


@pytest.mark.parametrize(
    ("size", "asked", "words"),
    [
        (AskedSize("m7g.xlarg", 1), Asked(10), "there is no type 'm7g.xlarg'"),
        (AskedSize("m5.xlarge", 1), Asked(10), "'spark' does not allow m5.xlarge"),
        (AskedSize("m7g.xlarge", 10), Asked(10), "10 workers were asked for, and 'count' may have 1 to 9"),
        (AskedSize("m7g.xlarge", 5), Asked(10, scaling=CAPPED), "may have 2 to 4"),
        (AskedSize("m7g.xlarge", 1), Asked(10, scaling=CAPPED), "may have 2 to 4"),
        (AskedSize("m7g.xlarge", 1), Asked(10, scaling=load_scaling("yarn-memory")), "the policy 'yarn-memory'"),
    ],
    ids=["unknown", "not allowed", "too many", "above the limits", "below the limits", "policy"],
)
def test_sizes_that_cannot_be_had(size: AskedSize, asked: Asked, words: str) -> None:
    with pytest.raises(ReplaySizeError) as caught:
        asked_shape(size, STEPWISE, asked, SPARK, CATALOGUE)
    assert words in str(caught.value)


def test_a_type_without_room_for_an_executor() -> None:
    small = CATALOGUE.model_copy(
        update={"types": tuple(known.model_copy(update={"yarn_memory_mib": 3_072}) for known in CATALOGUE.types)}
    )
    with pytest.raises(ReplaySizeError, match="no room for a driver and an executor"):
        asked_shape(AskedSize("m7g.xlarge", 1), STEPWISE, Asked(10), SPARK, small)
