"""A job with ``concurrent_runs`` on moto's interpreter: who waits, who goes next, and that no slot is lost."""

import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lambdas import aws, grant_slots, plan_run, reap_clusters
from lambdas.slots.entries import SlotsError
from lambdas.specs import Job, load_cluster, load_job
from scripts.certify.dynamic.nets import status_change
from scripts.certify.static import certify_definition
from scripts.local import in_process
from scripts.local.adapters.moto_faults import Visit
from scripts.local.emr.clock import VIRTUAL_START, VirtualClock
from scripts.local.in_process import DATA_BUCKET, Conditions, InProcessCloud, in_process_cloud
from scripts.rendering.machine import SLOT_TIMEOUT, render_machine
from tests.machine.conftest import JOB

PATIENCE_SECONDS = 30.0
WAIT = "Wait for slot"


def limited(runs: int | None) -> Job:
    job = load_job(JOB)
    return job.model_copy(update={"limits": job.limits.model_copy(update={"concurrent_runs": runs})})


def rendered(runs: int | None) -> str:
    job = limited(runs)
    return render_machine(job, load_cluster(job.cluster))


class Course:
    """Executions of one machine side by side. Those that plan stand still until they are let go."""

    def __init__(self, runs: int, stack: ExitStack, **handlers: Any) -> None:
        self.cloud: InProcessCloud
        self.events_are_lost = False
        self.aborted_at: dict[str, str] = {}
        self.entered_states: list[tuple[str, str]] = []
        self.statuses: dict[str, str] = {}
        self._asked: set[str] = set()
        self._go = threading.Event()
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for module in (in_process, grant_slots):
            patch.setattr(module, "load_job", lambda name: limited(runs) if name == JOB else load_job(name))
        conditions = Conditions(interference=self, clock=VirtualClock(VIRTUAL_START))
        self.cloud = stack.enter_context(in_process_cloud(JOB, handlers=handlers, conditions=conditions))
        aws.s3().put_object(Bucket=DATA_BUCKET, Key="landing/tpch/lineitem/lineitem.1.csv", Body=b"1,2\n" * 1000)

    def entered(self, visit: Visit) -> None:
        name = visit.execution.rpartition(":")[2]
        self.entered_states.append((name, visit.state))
        if self.aborted_at.get(name) == visit.state:
            visit.stop()

    def left(self, visit: Visit) -> None: ...

    def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
        if visit.state == "Plan run":
            assert self._go.wait(PATIENCE_SECONDS)
        result = call()
        if visit.state == WAIT:
            self._asked.add(visit.execution.rpartition(":")[2])
        return result

    def ended(self, execution: str, status: str) -> None:
        """Be EventBridge."""
        found = dict(aws.stepfunctions().describe_execution(executionArn=execution))
        event = status_change(found, self.cloud.clock.now())
        if status != "SUCCEEDED":
            reap_clusters.handler(event, None)
        if not self.events_are_lost:
            grant_slots.handler(event, None)
        self.statuses[execution.rpartition(":")[2]] = status

    def start(self, *names: str) -> None:
        """Start executions one after the other; each has asked for its slot when the next one starts."""
        for name in names:
            aws.stepfunctions().start_execution(stateMachineArn=self.cloud.machine, name=name, input="{}")
            self.until(lambda: {name} <= self._asked | self.statuses.keys())  # noqa: B023 - asked at once

    def let_go(self, *ending: str) -> None:
        """Let them plan, until these have ended."""
        self._go.set()
        self.until(lambda: set(ending) <= self.statuses.keys())

    def stop(self, name: str) -> None:
        """Abort an execution."""
        aws.stepfunctions().stop_execution(executionArn=self.arn(name))
        self.until(lambda: name in self.statuses)

    def arn(self, name: str) -> str:
        return f"{self.cloud.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def states(self, name: str) -> list[str]:
        """Return the states an execution has entered."""
        return [state for each, state in list(self.entered_states) if each == name]

    def lives(self) -> list[tuple[float, float]]:
        """Return when clusters were made and were gone, in order."""
        found = self.cloud.engine.call("ListClusters", {})["Clusters"]
        times = [each["Status"]["Timeline"] for each in found]
        return sorted((each["CreationDateTime"], each["EndDateTime"]) for each in times)

    def planned(self) -> list[str]:
        """Return who planned, in order."""
        return [name for name, state in list(self.entered_states) if state == "Plan run"]

    def failure(self, name: str) -> tuple[str, str]:
        """Return the Error and the Cause of an execution."""
        *_, last = aws.stepfunctions().get_execution_history(executionArn=self.arn(name))["events"]
        details = last["executionFailedEventDetails"]
        return details["error"], details["cause"]

    @staticmethod
    def until(is_so: Callable[[], bool]) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < give_up
            time.sleep(0.005)


@pytest.fixture
def make_course() -> Iterator[Callable[..., Course]]:
    with ExitStack() as stack:
        yield lambda runs, **handlers: Course(runs, stack, **handlers)


MakeCourse = Callable[..., Course]


def test_one_after_the_other(make_course: MakeCourse) -> None:
    course = make_course(1)
    course.start("a", "b", "c")
    assert course.states("b") == course.states("c") == [WAIT]
    course.let_go("a", "b", "c")
    assert course.statuses == dict.fromkeys("abc", "SUCCEEDED")
    assert course.planned() == ["a", "b", "c"]
    lives = course.lives()
    assert len(lives) == 3
    assert all(gone <= made for (_, gone), (made, _) in itertools.pairwise(lives))


def test_as_many_at_a_time_as_there_are_slots(make_course: MakeCourse) -> None:
    course = make_course(2)
    course.start("a", "b", "c")
    assert course.planned() == ["a", "b"]
    course.let_go("a", "b", "c")
    assert course.statuses == dict.fromkeys("abc", "SUCCEEDED")


def test_who_is_aborted_while_it_waits_is_left_out(make_course: MakeCourse) -> None:
    course = make_course(1)
    course.start("a", "b", "c")
    course.stop("b")
    course.let_go("a", "c")
    assert course.statuses == {"a": "SUCCEEDED", "b": "ABORTED", "c": "SUCCEEDED"}
    assert course.planned() == ["a", "c"]


def test_the_slot_of_an_aborted_holder_comes_back_by_the_event(make_course: MakeCourse) -> None:
    course = make_course(1)
    course.aborted_at = {"a": "Which step first?"}
    course.start("a", "b")
    course.let_go("a", "b")
    assert course.statuses == {"a": "ABORTED", "b": "SUCCEEDED"}


def test_the_slot_of_an_aborted_holder_comes_back_by_the_sweep(make_course: MakeCourse) -> None:
    course = make_course(1)
    course.events_are_lost = True
    course.aborted_at = {"a": "Which step first?"}
    course.start("a", "c")
    course.let_go("a")
    assert course.states("c") == [WAIT]
    assert grant_slots.handler({"sweep": True}, None) == {"granted": ["c"]}
    course.let_go("c")
    assert course.statuses == {"a": "ABORTED", "c": "SUCCEEDED"}


def test_who_waits_too_long_says_so_and_has_created_nothing(make_course: MakeCourse) -> None:
    course = make_course(1)
    course.start("a", "b")
    course.cloud.clock.sleep(SLOT_TIMEOUT + 60)
    course.until(lambda: "b" in course.statuses)
    error, cause = course.failure("b")
    assert error == "NoSlot"
    assert "waited 14 days" in cause
    assert "may have 1 runs at a time" in cause
    assert course.cloud.engine.call("ListClusters", {})["Clusters"] == []
    assert course.states("b") == [WAIT, "Record failed run", "Notify failure", "Run failed"]
    course.let_go("a")
    course.start("c")
    course.let_go("c")
    assert course.statuses == {"a": "SUCCEEDED", "b": "FAILED", "c": "SUCCEEDED"}


def test_a_ticket_that_could_not_be_written_is_asked_for_again(make_course: MakeCourse) -> None:
    failures = [SlotsError("throttled"), SlotsError("throttled")]

    def grant(event: dict[str, Any], context: object) -> dict[str, Any]:
        if failures:
            raise failures.pop()
        return grant_slots.handler(event, context)

    course = make_course(1, **{"grant-slots": grant})
    course.start("a")
    course.let_go("a")
    assert course.statuses == {"a": "SUCCEEDED"}


def test_a_bug_in_the_function_is_said(make_course: MakeCourse) -> None:
    course = make_course(1, **{"grant-slots": lambda event, _: event["no such key"]})
    course.start("a")
    course.let_go("a")
    error, cause = course.failure("a")
    assert error == "SlotFailed"
    assert "grant_slots failed with KeyError" in cause
    assert course.cloud.engine.call("ListClusters", {})["Clusters"] == []


def test_the_input_reaches_the_plan(make_course: MakeCourse) -> None:
    seen: list[dict[str, Any]] = []

    def plan(event: dict[str, Any], context: object) -> dict[str, Any]:
        seen.append(event)
        return plan_run.handler(event, context)

    course = make_course(1, **{"plan-run": plan})
    course.let_go()
    given = {"input": f"s3://{DATA_BUCKET}/landing/tpch/lineitem/lineitem.1.csv"}
    assert course.cloud.execute(given).status == "SUCCEEDED"
    assert [event["input"] for event in seen] == [given]


def test_a_job_without_a_limit_asks_nobody() -> None:
    text = rendered(None)
    assert json.loads(text)["StartAt"] == "Plan run"
    assert "Slot" not in text


def test_the_limit_changes_nothing_behind_the_first_state() -> None:
    free, bound = json.loads(rendered(None)), json.loads(rendered(1))
    first = bound["States"].pop(WAIT)
    digests = [machine["States"]["Plan run"]["Arguments"]["Payload"].pop("definition") for machine in (free, bound)]
    assert digests[0] != digests[1]
    assert bound["States"] == free["States"]
    assert (bound["StartAt"], first["Next"]) == (WAIT, "Plan run")
    assert bound["TimeoutSeconds"] == free["TimeoutSeconds"] + first["TimeoutSeconds"]


def test_every_path_ends_the_cluster() -> None:
    report = certify_definition(json.loads(rendered(1)), strict=True)
    assert (report.findings, report.warnings) == ((), ())


def test_statelint_finds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "definition.json"
    path.write_text(rendered(1))
    command = [str(Path(sys.executable).parent / "statelint"), "--eval-jsonata", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
