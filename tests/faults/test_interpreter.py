"""What the hooks make of moto's interpreter: the virtual clock, AWS's rules for errors, the seam for faults."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas import aws
from scripts.local.adapters.moto_errors import matches
from scripts.local.adapters.moto_faults import TaskFaultError, Visit
from scripts.local.emr.clock import VIRTUAL_START, VirtualClock
from scripts.local.in_process import Conditions, Ended, in_process_cloud
from tests.faults.conftest import JOB

WEEK = 604_800
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "Caught"}]
RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600, "MaxAttempts": 2, "BackoffRate": 1.0}]


class Nothing:
    """Interferes with nothing; the base of those that do."""

    def entered(self, visit: Visit) -> None: ...

    def left(self, visit: Visit) -> None: ...

    def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
        return call()

    def ended(self, execution: str, status: str) -> None: ...


def task(function: str = "work", **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"arn:aws:lambda:us-east-1:123456789012:function:{function}"},
        "Next": "Done",
        **fields,
    }


def run(
    start: dict[str, Any], interference: Nothing | None = None, answer: Any = None, **machine: Any
) -> tuple[Ended, float]:
    """Run a machine of one state of interest; return how it ended and after how many virtual seconds."""
    states = {"Start": start, "Done": {"Type": "Succeed"}, "Caught": {"Type": "Fail", "Error": "Caught"}}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Start", "States": states, **machine}
    clock = VirtualClock(VIRTUAL_START)
    conditions = Conditions(json.dumps(definition), interference=interference or Nothing(), clock=clock)
    with in_process_cloud(JOB, handlers={"work": lambda _event, _context: answer}, conditions=conditions) as cloud:
        ended = cloud.execute()
        return ended, clock.now() - VIRTUAL_START


def test_a_wait_takes_virtual_time_only() -> None:
    ended, seconds = run({"Type": "Wait", "Seconds": WEEK, "Next": "Done"})
    assert (ended.status, seconds) == ("SUCCEEDED", WEEK)


def test_the_machines_own_timeout_ends_a_wait() -> None:
    ended, seconds = run({"Type": "Wait", "Seconds": WEEK, "Next": "Done"}, TimeoutSeconds=7200)
    assert ended.status == "TIMED_OUT"
    assert seconds == pytest.approx(7200, abs=10)


def test_a_machine_that_ends_in_time_does_not_time_out() -> None:
    ended, _ = run({"Type": "Wait", "Seconds": 7100, "Next": "Done"}, TimeoutSeconds=7200)
    assert ended.status == "SUCCEEDED"


def test_the_history_keeps_virtual_time() -> None:
    states = {"Start": {"Type": "Wait", "Seconds": WEEK, "End": True}}
    definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Start", "States": states})
    with in_process_cloud(JOB, conditions=Conditions(definition, clock=VirtualClock(VIRTUAL_START))) as cloud:
        arn = cloud.execute().arn
        events = aws.stepfunctions().get_execution_history(executionArn=arn)["events"]
    assert events[0]["timestamp"].timestamp() == VIRTUAL_START
    assert (events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds() == WEEK


@pytest.mark.parametrize("moment", ["entered", "left"])
def test_an_execution_is_stopped_before_or_after_a_state(moment: str) -> None:
    class Stops(Nothing):
        pass

    setattr(Stops, moment, lambda _self, visit: visit.stop())
    ended, _ = run(task(Catch=CATCH_ALL, Retry=RETRY), Stops())
    assert (ended.status, ended.states) == ("ABORTED", ["Start"])


def test_a_task_that_is_stopped_at_work_ends_the_execution_as_stopped_and_not_as_failed() -> None:
    class Stops(Nothing):
        def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
            visit.stop()
            raise TaskFaultError("Lambda.Unknown", "too late")

    ended, _ = run(task(Catch=CATCH_ALL, Retry=RETRY), Stops())
    assert ended.status == "ABORTED"


def test_an_error_is_tried_again_on_virtual_time() -> None:
    class FailsTwice(Nothing):
        def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
            if visit.attempt <= 2:
                raise TaskFaultError("Lambda.Unknown")
            return call()

    ended, seconds = run(task(Retry=RETRY), FailsTwice())
    assert (ended.status, seconds) == ("SUCCEEDED", 7200)


def test_a_task_times_out_on_virtual_time() -> None:
    class Hangs(Nothing):
        def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
            visit.sleep(visit.timeout)
            raise TaskFaultError("States.Timeout")

    ended, seconds = run(task(TimeoutSeconds=1800, Catch=CATCH_ALL), Hangs())
    assert (ended.error, seconds) == ("Caught", 1800)


@pytest.mark.parametrize("error", ["States.Runtime", "States.DataLimitExceeded"])
def test_no_catch_sees_what_is_terminal(error: str) -> None:
    class Fails(Nothing):
        def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
            raise TaskFaultError(error, "cause")

    ended, seconds = run(task(Catch=CATCH_ALL, Retry=RETRY), Fails())
    assert (ended.status, ended.error, seconds) == ("FAILED", error, 0)


def test_a_result_that_is_too_large_is_terminal() -> None:
    ended, _ = run(task(Catch=CATCH_ALL, Output={}), answer="x" * 262_144)
    assert ended.error == "States.DataLimitExceeded"


@pytest.mark.parametrize("field", ["Output", "Assign"])
def test_a_catch_sees_what_cannot_be_evaluated(field: str) -> None:
    value = "{% $states.result.Payload.nothing %}"
    fields: dict[str, Any] = {field: value if field == "Output" else {"found": value}}
    ended, _ = run(task(Catch=CATCH_ALL, **fields))
    assert ended.error == "Caught"


@pytest.mark.parametrize(
    ("names", "error", "expected"),
    [
        (["States.ALL"], "Anything", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.Runtime"], "States.Runtime", False),
        (["States.TaskFailed"], "Lambda.Unknown", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["Lambda.Unknown"], "Lambda.Unknown", True),
        (["Lambda.Unknown"], "KeyError", False),
    ],
)
def test_errors_match_as_on_aws(names: list[str], error: str, expected: bool) -> None:
    assert matches(names, error) is expected
