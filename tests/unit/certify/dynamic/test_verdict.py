"""What is wrong with what was seen of a case."""

from dataclasses import replace

import pytest

from scripts.certify.dynamic.acts import Fails, Fault
from scripts.certify.dynamic.cases import Case, Outcome
from scripts.certify.dynamic.nets import MACHINE, ORDER, STATUS_EVENT, NetFaults
from scripts.certify.dynamic.run import Ended, Observation
from scripts.certify.dynamic.verdict import judge

FAULT = Fault("unknown-once", "Record run", 1, Fails("Lambda.Unknown"))
CASE = Case("success/record-run/unknown-once", "success", (FAULT,))
CLUSTER = Ended("j-1", MACHINE, (), False, 10.0, 0.01)
FAILED = Observation(
    status="FAILED",
    error="ApplicationError",
    cause="step 'report', cluster j-1.",
    struck=True,
    steps=("clean", "report"),
    left=("report",),
    clusters=(CLUSTER,),
    stays=(),
    timeline=(),
)
SUCCEEDED = replace(FAILED, status="SUCCEEDED", error=None, cause=None, left=())


def kinds(case: Case, seen: Observation, baseline: Observation = SUCCEEDED) -> list[str]:
    return [problem.kind for problem in judge(case, seen, baseline)]


def with_net(net: str | None, *, meanwhile: bool = False) -> Observation:
    return replace(FAILED, clusters=(replace(CLUSTER, net=net, meanwhile=meanwhile),))


def test_all_is_well() -> None:
    assert kinds(CASE, FAILED) == []


def test_a_cluster_that_lives_is_a_survivor() -> None:
    assert kinds(CASE, with_net(None)) == ["survivor"]


@pytest.mark.parametrize("net", ORDER)
@pytest.mark.parametrize("allowed", [MACHINE, STATUS_EVENT])
def test_a_later_net_is_late_but_for_what_emr_does_at_once(net: str, allowed: str) -> None:
    late = ORDER.index(net) > ORDER.index(allowed) and net not in ("action_on_failure", "emr")
    assert kinds(replace(CASE, allowed=allowed), with_net(net)) == (["late"] if late else [])


@pytest.mark.parametrize("net", ["auto_termination", "sweep"])
def test_what_idles_or_is_too_old_may_end_while_a_task_hangs(net: str) -> None:
    assert kinds(CASE, with_net(net, meanwhile=True)) == []


def test_a_success_needs_every_step() -> None:
    assert kinds(CASE, replace(SUCCEEDED, left=("report",))) == ["outcome"]


def test_a_run_whose_steps_were_all_completed_is_no_failure() -> None:
    assert kinds(CASE, replace(FAILED, left=())) == ["outcome"]


@pytest.mark.parametrize("error", ["RecordFailed", "TerminateFailed"])
def test_a_failure_may_say_that_every_step_was_completed(error: str) -> None:
    assert kinds(CASE, replace(FAILED, error=error, left=())) == []


@pytest.mark.parametrize(("scenario", "expected"), [("last-step-fails", []), ("step-fails", ["outcome"])])
def test_the_cause_names_the_step_that_failed(scenario: str, expected: list[str]) -> None:
    assert kinds(Case(scenario, scenario), FAILED) == expected
    # Whatever else is done to the run may be the cause as well.
    assert kinds(replace(CASE, scenario=scenario), FAILED) == []


@pytest.mark.parametrize(("minutes", "expected"), [(4.5, []), (4.7, ["late"])])
def test_the_sweep_may_come_before_the_events_next_try(minutes: float, expected: list[str]) -> None:
    case = replace(CASE, allowed=STATUS_EVENT, nets=NetFaults(event_failures=2))
    seen = replace(FAILED, clusters=(replace(CLUSTER, net="sweep", minutes=minutes),))
    assert kinds(case, seen) == expected


def test_a_cluster_must_have_the_tags() -> None:
    seen = replace(FAILED, clusters=(replace(CLUSTER, untagged=("slow-lambda:stage",)),))
    assert kinds(CASE, seen) == ["untagged"]


@pytest.mark.parametrize("error", ["States.TaskFailed", "Lambda.Unknown", "KeyError", "lower", "", None])
def test_a_failure_must_have_a_name_of_our_own(error: str | None) -> None:
    assert kinds(CASE, replace(FAILED, error=error)) == ["outcome"]


def test_a_failure_must_have_a_cause() -> None:
    assert kinds(CASE, replace(FAILED, cause="")) == ["outcome"]


def test_a_fault_must_have_happened() -> None:
    assert kinds(CASE, replace(FAILED, struck=False)) == ["outcome"]


def test_a_fault_that_is_made_up_for_changes_nothing() -> None:
    case = replace(CASE, outcomes=frozenset({"as without"}))
    assert kinds(case, SUCCEEDED) == []
    assert kinds(case, FAILED) == ["outcome"]


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "RUNNING"])
def test_an_execution_that_is_ended_from_outside(status: Outcome) -> None:
    case = replace(CASE, outcomes=frozenset({status}))
    assert kinds(case, replace(FAILED, status=status)) == []
    assert kinds(case, FAILED) == ["outcome"]


def test_only_what_no_catch_sees_may_keep_its_name() -> None:
    case = replace(CASE, outcomes=frozenset({"uncatchable"}))
    assert kinds(case, replace(FAILED, error="States.Runtime")) == []
    assert kinds(case, replace(FAILED, error="States.Timeout")) == ["outcome"]
