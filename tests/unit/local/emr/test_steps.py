"""The queue of steps."""

from collections.abc import Callable
from typing import Any

import pytest

from scripts.local.emr.clock import Cancel, VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.load import Load
from scripts.local.emr.runner import ScriptedRunner, ScriptedStep, StepOutcome
from tests.unit.local.emr.lab import END_SECONDS, FAILS, READY_SECONDS, STEP_SECONDS, Lab, groups, step


def test_steps_run_one_after_the_other() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    first, second = lab.add(cluster_id, step("a"), step("b"))
    assert lab.step_states(cluster_id) == ["RUNNING", "PENDING"]
    lab.clock.sleep(STEP_SECONDS)
    assert lab.step_states(cluster_id) == ["COMPLETED", "RUNNING"]
    lab.clock.sleep(STEP_SECONDS)
    begin = lab.start + READY_SECONDS
    assert lab.step(cluster_id, second)["Status"]["Timeline"] == {
        "CreationDateTime": begin,
        "StartDateTime": begin + STEP_SECONDS,
        "EndDateTime": begin + 2 * STEP_SECONDS,
    }
    assert lab.step_state(cluster_id, first) == "COMPLETED"
    assert lab.reason(cluster_id) == {"Message": "Cluster ready after last step completed."}


def test_describe_step_differs_from_the_request() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    (step_id,) = lab.add(cluster_id, step(Properties=[{"Key": "k", "Value": "v"}], MainClass="Main"))
    shown = lab.step(cluster_id, step_id)
    assert shown["Config"] == {
        "Jar": "command-runner.jar",
        "Properties": {"k": "v"},
        "MainClass": "Main",
        "Args": ["spark-submit", "job.py"],
    }
    assert "HadoopJarStep" not in shown


def test_an_omitted_action_on_failure_continues() -> None:
    lab = Lab({"work": FAILS})
    cluster_id = lab.ready()
    config = step()
    del config["ActionOnFailure"]
    lab.add(cluster_id, config, step("next"))
    lab.clock.sleep(60)
    assert lab.step_states(cluster_id) == ["FAILED", "RUNNING"]


@pytest.mark.parametrize(
    ("outcome", "details"),
    [
        (StepOutcome(succeeded=False), None),
        (
            StepOutcome(succeeded=False, message="exit 1", log_file="s3://l/e.gz"),
            {"Reason": "Unknown Error.", "Message": "exit 1", "LogFile": "s3://l/e.gz"},
        ),
        (StepOutcome(succeeded=False, reason="Disk full."), {"Reason": "Disk full."}),
    ],
)
def test_failure_details(outcome: StepOutcome, details: dict[str, str] | None) -> None:
    lab = Lab({"work": ScriptedStep(5, outcome)})
    cluster_id = lab.ready()
    (step_id,) = lab.add(cluster_id, step())
    lab.clock.sleep(5)
    status = lab.step(cluster_id, step_id)["Status"]
    assert status["State"] == "FAILED"
    assert status.get("FailureDetails") == details


# "Using termination protection": what a failing step does, by its action, KeepJobFlowAlive and protection.
@pytest.mark.parametrize(
    ("action", "keep_alive", "protected", "state", "next_step"),
    [
        ("CONTINUE", True, False, "RUNNING", "RUNNING"),
        ("CONTINUE", False, False, "RUNNING", "RUNNING"),
        ("CANCEL_AND_WAIT", True, False, "WAITING", "CANCELLED"),
        ("CANCEL_AND_WAIT", True, True, "WAITING", "CANCELLED"),
        ("CANCEL_AND_WAIT", False, False, "TERMINATING", "CANCELLED"),
        ("TERMINATE_CLUSTER", True, False, "TERMINATING", "CANCELLED"),
        ("TERMINATE_CLUSTER", True, True, "RUNNING", "RUNNING"),
        ("TERMINATE_CLUSTER", False, False, "TERMINATING", "CANCELLED"),
        ("TERMINATE_CLUSTER", False, True, "TERMINATING", "CANCELLED"),
        ("TERMINATE_JOB_FLOW", True, False, "TERMINATING", "CANCELLED"),
        ("TERMINATE_JOB_FLOW", True, True, "RUNNING", "RUNNING"),
    ],
)
def test_action_on_failure(action: str, keep_alive: bool, protected: bool, state: str, next_step: str) -> None:
    lab = Lab({"bad": FAILS})
    steps = [step("bad", action), step("next")]
    cluster_id = lab.ready(groups(keep_alive=keep_alive, protected=protected, Steps=steps))
    lab.clock.sleep(60)
    assert (lab.state(cluster_id), lab.step_states(cluster_id)) == (state, ["FAILED", next_step])
    if state == "TERMINATING":
        lab.clock.sleep(END_SECONDS)
        assert lab.state(cluster_id) == "TERMINATED_WITH_ERRORS"
        assert lab.reason(cluster_id) == {"Code": "STEP_FAILURE", "Message": "Shut down as step failed"}


def test_a_cluster_waiting_after_a_failure_says_so() -> None:
    lab = Lab({"bad": FAILS})
    cluster_id = lab.ready()
    lab.add(cluster_id, step("bad", "CANCEL_AND_WAIT"))
    lab.clock.sleep(60)
    assert lab.reason(cluster_id) == {"Message": "Cluster ready after last step failed."}


def test_concurrent_steps() -> None:
    lab = Lab()
    cluster_id = lab.ready(groups(StepConcurrencyLevel=2))
    lab.add(cluster_id, step("a"), step("b"), step("c"))
    assert lab.step_states(cluster_id) == ["RUNNING", "RUNNING", "PENDING"]
    assert lab.call("ModifyCluster", ClusterId=cluster_id, StepConcurrencyLevel=3) == {"StepConcurrencyLevel": 3}
    assert lab.step_states(cluster_id) == ["RUNNING"] * 3


@pytest.mark.parametrize("action", ["TERMINATE_CLUSTER", "CANCEL_AND_WAIT"])
def test_a_level_raised_later_disarms_the_action(action: str) -> None:
    lab = Lab({"bad": FAILS})
    cluster_id = lab.ready()
    lab.add(cluster_id, step("bad", action), step("a"), step("b"))
    lab.call("ModifyCluster", ClusterId=cluster_id, StepConcurrencyLevel=2)
    lab.clock.sleep(60)
    assert lab.step_states(cluster_id) == ["FAILED", "RUNNING", "RUNNING"]


def test_cancelling() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    running, pending, last = lab.add(cluster_id, step("a"), step("b"), step("c"))
    answer = lab.call("CancelSteps", ClusterId=cluster_id, StepIds=[running, pending])
    assert answer["CancelStepsInfoList"] == [
        {"StepId": running, "Status": "SUBMITTED"},
        {"StepId": pending, "Status": "SUBMITTED"},
    ]
    assert lab.step_states(cluster_id) == ["CANCEL_PENDING", "CANCELLED", "PENDING"]
    lab.clock.sleep(10)
    assert lab.step_states(cluster_id) == ["CANCELLED", "CANCELLED", "RUNNING"]
    assert "StartDateTime" not in lab.step(cluster_id, pending)["Status"]["Timeline"]
    lab.clock.sleep(STEP_SECONDS)
    assert lab.step_states(cluster_id) == ["CANCELLED", "CANCELLED", "COMPLETED"]
    (info,) = lab.call("CancelSteps", ClusterId=cluster_id, StepIds=[last])["CancelStepsInfoList"]
    assert info["Status"] == "FAILED"


def test_cancelling_the_last_step_lets_the_cluster_wait() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    (step_id,) = lab.add(cluster_id, step(action="TERMINATE_CLUSTER"))
    lab.call("CancelSteps", ClusterId=cluster_id, StepIds=[step_id])
    lab.clock.sleep(10)
    assert lab.state(cluster_id) == "WAITING"


def test_the_end_of_the_cluster_cancels_pending_and_running_steps() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.add(cluster_id, step("a"), step("b"))
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    assert lab.step_states(cluster_id) == ["CANCELLED", "CANCELLED"]
    lab.clock.sleep(STEP_SECONDS)
    assert lab.step_states(cluster_id) == ["CANCELLED", "CANCELLED"]


class _NoLoad:
    def load(self, step: dict[str, Any]) -> Load:
        return ()


class _RecordingRunner(_NoLoad):
    """Ends a step when the test says so."""

    def __init__(self) -> None:
        self.started: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.done: list[Callable[[StepOutcome], None]] = []
        self.cancelled = 0

    def start(self, cluster: dict[str, Any], step: dict[str, Any], done: Callable[[StepOutcome], None]) -> Cancel:
        self.started.append((cluster, step))
        self.done.append(done)

        def cancel() -> None:
            self.cancelled += 1

        return cancel


def _with_runner(runner: Any, clock: VirtualClock | None = None) -> tuple[EmrEngine, str, str]:
    clock = clock or VirtualClock()
    engine = EmrEngine(clock, runner)
    cluster_id = engine.call("RunJobFlow", groups())["JobFlowId"]
    clock.sleep(READY_SECONDS)
    step_id = engine.call("AddJobFlowSteps", {"JobFlowId": cluster_id, "Steps": [step()]})["StepIds"][0]
    return engine, cluster_id, step_id


def _state(engine: EmrEngine, cluster_id: str, step_id: str) -> str:
    return str(engine.call("DescribeStep", {"ClusterId": cluster_id, "StepId": step_id})["Step"]["Status"]["State"])


def test_the_runner_gets_cluster_and_step_as_described() -> None:
    runner = _RecordingRunner()
    engine, cluster_id, step_id = _with_runner(runner)
    ((cluster, shown),) = runner.started
    assert (cluster["Id"], cluster["Status"]["State"]) == (cluster_id, "RUNNING")
    assert shown == engine.call("DescribeStep", {"ClusterId": cluster_id, "StepId": step_id})["Step"]


def test_a_cancelled_execution_is_stopped_and_its_outcome_ignored() -> None:
    runner = _RecordingRunner()
    engine, cluster_id, step_id = _with_runner(runner)
    engine.call("TerminateJobFlows", {"JobFlowIds": [cluster_id]})
    runner.done[0](StepOutcome(succeeded=True))
    assert (runner.cancelled, _state(engine, cluster_id, step_id)) == (1, "CANCELLED")


def test_a_cancelled_execution_is_stopped_once() -> None:
    runner = _RecordingRunner()
    clock = VirtualClock()
    engine, cluster_id, step_id = _with_runner(runner, clock)
    engine.call("CancelSteps", {"ClusterId": cluster_id, "StepIds": [step_id]})
    runner.done[0](StepOutcome(succeeded=True))
    clock.sleep(10)
    assert (runner.cancelled, _state(engine, cluster_id, step_id)) == (1, "CANCELLED")


def test_done_counts_once() -> None:
    runner = _RecordingRunner()
    engine, cluster_id, step_id = _with_runner(runner)
    runner.done[0](StepOutcome(succeeded=True))
    runner.done[0](StepOutcome(succeeded=False))
    assert _state(engine, cluster_id, step_id) == "COMPLETED"


def test_a_runner_may_be_done_at_once() -> None:
    class Immediate(_NoLoad):
        def start(self, cluster: Any, step: Any, done: Callable[[StepOutcome], None]) -> Cancel:
            done(StepOutcome(succeeded=True))
            return lambda: None

    engine, cluster_id, step_id = _with_runner(Immediate())
    assert _state(engine, cluster_id, step_id) == "COMPLETED"


def test_a_step_that_cannot_be_started_has_failed() -> None:
    class Broken(_NoLoad):
        def start(self, cluster: Any, step: Any, done: Callable[[StepOutcome], None]) -> Cancel:
            raise OSError("no java")

    engine, cluster_id, step_id = _with_runner(Broken())
    shown = engine.call("DescribeStep", {"ClusterId": cluster_id, "StepId": step_id})["Step"]
    assert shown["Status"]["FailureDetails"] == {"Reason": "Unknown Error.", "Message": "no java"}


def test_a_script_may_be_computed() -> None:
    clock = VirtualClock()
    runner = ScriptedRunner(clock, lambda shown: FAILS if "job.py" in shown["Config"]["Args"] else None)
    engine = EmrEngine(clock, runner)
    cluster_id = engine.call("RunJobFlow", groups(Steps=[step(), step(Args=[])]))["JobFlowId"]
    clock.sleep(READY_SECONDS + 1000)
    shown = engine.call("ListSteps", {"ClusterId": cluster_id})["Steps"]
    assert [item["Status"]["State"] for item in shown] == ["COMPLETED", "FAILED"]


@pytest.mark.parametrize(
    ("configs", "concurrency", "text"),
    [
        ([step()] * 257, 1, "256 steps"),
        ([step(Args=["x" * 10_240])], 1, "10240"),
        ([step(action="TERMINATE_CLUSTER")], 2, "concurrency"),
        ([step(action="CANCEL_AND_WAIT")], 2, "concurrency"),
        ([step(action="TERMINATE_JOB_FLOW")], 2, "concurrency"),
        ([], 1, "At least one step"),
    ],
)
def test_steps_that_are_refused(configs: list[dict[str, Any]], concurrency: int, text: str) -> None:
    lab = Lab()
    cluster_id = lab.run(groups(StepConcurrencyLevel=concurrency))
    with pytest.raises(EmrApiError, match=text) as refused:
        lab.add(cluster_id, *configs)
    assert refused.value.code == "ValidationException"
    assert lab.step_states(cluster_id) == []


def test_no_more_than_256_active_steps() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.add(cluster_id, *[step()] * 256)
    with pytest.raises(EmrApiError, match="Maximum number of active steps"):
        lab.add(cluster_id, step())
    lab.clock.sleep(STEP_SECONDS)
    lab.add(cluster_id, step())


def test_an_ended_cluster_takes_no_steps() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    with pytest.raises(EmrApiError, match="may not be modified"):
        lab.add(cluster_id, step())
