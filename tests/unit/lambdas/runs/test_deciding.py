"""What is done about a failed attempt: wait, try again, take it as done, or fail with a reason."""

import pytest

from lambdas import aws
from lambdas.recovery.shortage_store import recent_shortages
from lambdas.runs.deciding import MAX_LOOKS, Decision, decide
from lambdas.runs.events import DiagnoseEvent
from lambdas.runs.plan import Plan
from lambdas.settings import load_settings
from scripts.local.emr.faults import CapacityShortage
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.log_tails import DRIVER_OOM, EXECUTOR_OOM, TRACEBACK
from tests.unit.lambdas.emr import ARN, Emr
from tests.unit.lambdas.plans import a_plan
from tests.unit.lambdas.runs.failed import (
    API_ERROR,
    LOG_URI,
    READY_SECONDS,
    SHUT_DOWN,
    THROTTLED,
    attempted,
    event,
    put_log,
    step_failed,
)

pytestmark = pytest.mark.usefixtures("deployment")
FAILS = ScriptedStep(10, StepOutcome(succeeded=False, reason="Unknown Error."))
SUCCEEDS = ScriptedStep(10)
REPLAY = "To run it again: slow-lambda replay run-1"


def decision(emr: Emr, asked: DiagnoseEvent) -> Decision:
    found = decide(asked, load_settings(), emr.client, aws.s3(), aws.dynamodb(), emr.now())
    assert len(found.failure.error) <= 256
    assert len(found.failure.cause.encode()) <= 32_768
    return found


def after_steps(emr: Emr, steps: dict[str, ScriptedStep], *, ended: bool = True) -> str:
    """Run steps on a cluster, and end it."""
    emr.script.update(steps)
    cluster_id = emr.run(steps=list(steps), log_uri=LOG_URI)
    emr.clock.sleep(READY_SECONDS + sum(step.seconds for step in steps.values()))
    if ended:
        emr.end(cluster_id)
    return cluster_id


def step_event(
    emr: Emr, cluster_id: str, step: str = "clean", *, plan: Plan | None = None, looks: int = 0
) -> DiagnoseEvent:
    cause = step_failed(emr, cluster_id, step, Reason="Unknown Error.")
    return event(f"Run step {step}", "States.TaskFailed", cause, cluster_id=cluster_id, plan=plan, looks=looks)


def failed_step(
    emr: Emr, log: str, *, ended: bool = True, plan: Plan | None = None, looks: int = 0
) -> tuple[str, DiagnoseEvent]:
    """Let the step `clean` fail with a log."""
    cluster_id = after_steps(emr, {"clean": FAILS}, ended=ended)
    if log:
        put_log(cluster_id, emr.step_ids(cluster_id)["clean"], log)
    return cluster_id, step_event(emr, cluster_id, plan=plan, looks=looks)


@pytest.mark.parametrize("looks", range(MAX_LOOKS))
def test_logs_that_have_not_arrived_are_waited_for(emr: Emr, looks: int) -> None:
    _, asked = failed_step(emr, "", looks=looks)
    found = decision(emr, asked)
    assert (found.outcome, found.failure, found.diagnosis, found.plan) == ("wait", asked.failure, None, None)


def test_logs_that_never_arrive_are_not_waited_for_for_ever(emr: Emr) -> None:
    cluster_id, asked = failed_step(emr, "", looks=MAX_LOOKS)
    found = decision(emr, asked)
    assert (found.outcome, found.failure.error, found.failure.state) == ("failed", "Unknown", "Run step clean")
    assert "EMR has not shipped all logs yet; 'slow-lambda diagnose' looks again." in found.failure.cause
    assert f"Full log: {LOG_URI}{cluster_id}/" in found.failure.cause
    assert found.failure.cause.endswith(REPLAY)


def test_seven_looks_a_minute_apart_are_longer_than_emr_takes(emr: Emr) -> None:
    """ "Every 5 minutes": https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html."""
    assert MAX_LOOKS * 60 > 5 * 60


def test_no_log_is_waited_for_of_a_step_that_did_not_fail_by_itself(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"clean": ScriptedStep(3600)})
    cause = step_failed(emr, cluster_id, state="CANCELLED")
    found = decision(emr, event("Run step clean", "States.TaskFailed", cause, cluster_id=cluster_id))
    assert (found.outcome, found.failure.error) == ("failed", "CancelledOrKilled")
    assert "not shipped" not in found.failure.cause


def test_an_application_error_fails_with_the_traceback(emr: Emr) -> None:
    cluster_id, asked = failed_step(emr, TRACEBACK)
    found = decision(emr, asked)
    assert (found.outcome, found.failure.error, found.plan) == ("failed", "ApplicationError", None)
    cause = found.failure.cause
    assert cause.startswith(f"The job's own code failed: step 'clean', cluster {cluster_id}, attempt 1 of at most 3.\n")
    assert "  ValueError: bad row\n" in cause
    address = f"s3://the-logs/emr/{cluster_id}/steps/{asked_step(emr, cluster_id)}/stderr.gz"
    assert f"Full log: {address}" in cause
    assert cause.endswith(REPLAY)
    assert found.diagnosis is not None
    assert found.diagnosis.model_dump() == {
        "failure_class": "application_error",
        "action": "fail_now",
        "confidence": found.diagnosis.confidence,
        "evidence": found.diagnosis.evidence,
        "cluster_id": cluster_id,
        "step_id": asked_step(emr, cluster_id),
        "log": address,
    }
    assert found.diagnosis.confidence > 0.5
    assert "ValueError: bad row" in found.diagnosis.evidence


def asked_step(emr: Emr, cluster_id: str) -> str:
    return emr.step_ids(cluster_id)["clean"]


def test_secrets_in_a_log_do_not_reach_the_cause(emr: Emr) -> None:
    _, asked = failed_step(emr, f"{TRACEBACK}password=correct-horse-battery AKIAIOSFODNN7EXAMPLE\n")
    found = decision(emr, asked)
    assert "correct-horse" not in found.model_dump_json()
    assert "AKIA" not in found.model_dump_json()


def test_an_oom_is_tried_again_with_more_memory_from_the_step_that_failed(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"clean": SUCCEEDS, "summarise": FAILS})
    put_log(cluster_id, emr.step_ids(cluster_id)["summarise"], EXECUTOR_OOM)
    plan = a_plan()
    found = decision(emr, step_event(emr, cluster_id, "summarise", plan=plan))
    assert found.outcome == "retry"
    assert found.plan is not None
    assert (found.plan.attempt, found.plan.attempts, found.plan.done) == (2, 3, ["clean"])
    assert found.plan.steps == plan.steps
    assert found.plan.size.executor_memory_mib > plan.size.executor_memory_mib
    (earlier,) = found.plan.earlier
    assert earlier.model_dump() == {
        "number": 1,
        "cluster_id": cluster_id,
        "failed_state": "Run step summarise",
        "failure_class": "executor_out_of_memory",
        "action": "retry_more_memory",
        "change": earlier.change,
    }
    assert earlier.change.startswith("more memory: ")


def test_an_oom_of_the_driver_gives_the_driver_more(emr: Emr) -> None:
    _, asked = failed_step(emr, DRIVER_OOM)
    found = decision(emr, asked)
    assert found.plan is not None
    assert asked.plan is not None
    assert found.plan.size.driver_memory_mib == 2 * asked.plan.size.driver_memory_mib
    assert found.plan.done == []


def test_a_step_completed_though_its_task_was_not_told_is_not_run_again(emr: Emr) -> None:
    """The machine timed out or was throttled while EMR finished the step."""
    cluster_id = after_steps(emr, {"clean": SUCCEEDS})
    found = decision(emr, event("Run step clean", API_ERROR, THROTTLED, cluster_id=cluster_id))
    assert found.outcome == "retry"
    assert found.plan is not None
    assert found.plan.done == ["clean"]


def test_the_last_attempt_says_what_was_tried(emr: Emr) -> None:
    plan = attempted(a_plan(attempts=2), "j-EARLIER")
    cluster_id, asked = failed_step(emr, EXECUTOR_OOM, plan=plan)
    found = decision(emr, asked)
    assert (found.outcome, found.failure.error, found.plan) == ("failed", "ExecutorOutOfMemory", None)
    assert found.failure.cause.split("\n")[:2] == [
        f"An executor ran out of memory: step 'clean', cluster {cluster_id}, attempt 2 of at most 2.",
        "Attempt 1: capacity shortage in 'Create cluster'; then tried: other instance types.",
    ]


@pytest.mark.parametrize("log", [EXECUTOR_OOM, DRIVER_OOM])
def test_nothing_is_tried_again_while_the_cluster_lives(emr: Emr, log: str) -> None:
    cluster_id, asked = failed_step(emr, log, ended=False)
    assert emr.state(cluster_id) == "WAITING"
    found = decision(emr, asked)
    assert (found.outcome, found.plan) == ("failed", None)
    note = f"The cluster {cluster_id} could not be ended here; reap_clusters does it after this execution."
    assert note in found.failure.cause


def test_a_throttled_create_is_not_repeated_while_its_cluster_lives(emr: Emr) -> None:
    cluster_id = emr.run(ARN)
    asked = event("Create cluster", API_ERROR, THROTTLED)
    assert decision(emr, asked).outcome == "failed"
    emr.end(cluster_id)
    again = decision(emr, asked)
    assert again.outcome == "retry"
    assert again.plan is not None
    assert [attempt.cluster_id for attempt in again.plan.earlier] == [cluster_id]
    assert again.plan.cluster == a_plan().cluster


def test_finished_work_is_done_though_ending_the_cluster_failed(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"clean": SUCCEEDS, "summarise": SUCCEEDS})
    found = decision(emr, event("Terminate cluster", API_ERROR, THROTTLED, cluster_id=cluster_id))
    assert (found.outcome, found.plan) == ("succeeded", None)


def test_finished_work_on_a_cluster_that_will_not_end_fails_loudly(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"clean": SUCCEEDS, "summarise": SUCCEEDS}, ended=False)
    found = decision(emr, event("Terminate cluster", API_ERROR, THROTTLED, cluster_id=cluster_id))
    assert (found.outcome, found.failure.error, found.plan) == ("failed", "TerminateFailed", None)
    assert found.failure.cause.startswith(
        f"All steps were completed, but the cluster {cluster_id} could not be ended: Rate exceeded"
    )
    assert "reap_clusters ends it after this execution" in found.failure.cause


def test_what_an_earlier_attempt_did_counts(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"summarise": SUCCEEDS})
    whole = a_plan()
    resumed = attempted(whole, "j-EARLIER").model_copy(update={"done": ["clean"]})
    failure = ("Terminate cluster", API_ERROR, THROTTLED)
    assert decision(emr, event(*failure, cluster_id=cluster_id, plan=resumed)).outcome == "succeeded"
    assert decision(emr, event(*failure, cluster_id=cluster_id, plan=whole)).outcome != "succeeded"


def test_a_shortage_is_remembered_and_takes_the_next_rung(emr: Emr) -> None:
    emr.faults.shortages.append(CapacityShortage())
    plan = a_plan()
    cluster_id = emr.run(fleets=plan.cluster.instance_fleets, Ec2SubnetIds=plan.cluster.ec2_subnet_ids)
    emr.clock.sleep(3600)
    assert emr.state(cluster_id) == "TERMINATED_WITH_ERRORS"
    found = decision(emr, event("Create cluster", "States.TaskFailed", "cut o", plan=plan))
    assert found.outcome == "retry"
    assert found.plan is not None
    assert found.plan.cluster == plan.ladder[0].cluster
    assert found.plan.earlier[0].change == plan.ladder[0].why
    remembered = recent_shortages(aws.dynamodb(), "the-runs", emr.now())
    primary = plan.cluster.instance_fleets[0]["InstanceTypeConfigs"]
    assert {short.instance_type for short in remembered} >= {kind["InstanceType"] for kind in primary}
    assert {short.market for short in remembered} == {"on_demand"}


def test_what_is_no_shortage_is_not_remembered(emr: Emr) -> None:
    _, asked = failed_step(emr, EXECUTOR_OOM)
    assert decision(emr, asked).outcome == "retry"
    assert recent_shortages(aws.dynamodb(), "the-runs", emr.now()) == []


def test_a_cluster_somebody_ended_is_not_made_again(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"clean": SUCCEEDS})
    found = decision(emr, event("Run step summarise", API_ERROR, SHUT_DOWN, cluster_id=cluster_id))
    assert (found.outcome, found.failure.error, found.plan) == ("failed", "CancelledOrKilled", None)


def test_without_a_plan_there_is_nothing_to_try(emr: Emr) -> None:
    asked = event("Create cluster", API_ERROR, THROTTLED).model_copy(update={"plan": None})
    found = decision(emr, asked)
    assert (found.outcome, found.failure.error) == ("failed", "ApiThrottled")
    assert "attempt" not in found.failure.cause


def test_where_emr_says_the_log_is(emr: Emr) -> None:
    cluster_id = after_steps(emr, {"clean": FAILS})
    cause = step_failed(emr, cluster_id, Reason="Unknown Error.", LogFile="s3://elsewhere/stderr.gz")
    asked = event("Run step clean", "States.TaskFailed", cause, cluster_id=cluster_id, looks=MAX_LOOKS)
    assert "Full log: s3://elsewhere/stderr.gz" in decision(emr, asked).failure.cause
