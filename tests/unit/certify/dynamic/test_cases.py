"""Which cases there are for a machine."""

from typing import Any

import pytest

from scripts.certify.dynamic.acts import Ends, Stands
from scripts.certify.dynamic.cases import Case, enumerate_cases, random_cases, scenario_cases, slug
from scripts.certify.dynamic.catalogue import acts_for
from scripts.certify.dynamic.journal import Stay
from scripts.certify.dynamic.nets import ACTION_ON_FAILURE, AUTO_TERMINATION, MACHINE, STATUS_EVENT, SWEEP

LAMBDA = "arn:aws:states:::lambda:invoke"
EMR = "arn:aws:states:::elasticmapreduce:"
STEP = {"Step": {"Name": "clean", "ActionOnFailure": "TERMINATE_CLUSTER"}}
DEFINITION: dict[str, Any] = {
    "States": {
        "Plan": {"Type": "Task", "Resource": LAMBDA, "Next": "Create"},
        "Create": {"Type": "Task", "Resource": f"{EMR}createCluster.sync", "Next": "Run"},
        "Run": {"Type": "Task", "Resource": f"{EMR}addStep.sync", "Arguments": STEP, "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "End"},
        "End": {"Type": "Succeed"},
    }
}
PATH = (
    Stay("Plan", 0.0, False),
    Stay("Create", 420.0, True),
    Stay("Run", 120.0, True),
    Stay("Wait", 60.0, True),
    Stay("End", 0.0, False),
)
CASES = enumerate_cases(DEFINITION, {"success": PATH})
BY_ID = {case.id: case for case in CASES}


def test_ids_are_distinct_and_need_no_quotes() -> None:
    assert len(BY_ID) == len(CASES)
    assert all(set(case.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-/~") for case in CASES)


def test_every_state_is_tried() -> None:
    assert {fault.state for case in CASES for fault in case.faults} == set(DEFINITION["States"])


@pytest.mark.parametrize(
    ("case_id", "allowed", "outcomes"),
    [
        ("success/plan/service-exception-once", MACHINE, {"as without"}),
        ("success/plan/unknown-once", MACHINE, {"diagnosed"}),
        ("success/plan/too-large", STATUS_EVENT, {"uncatchable"}),
        ("success/create/stopped-during", STATUS_EVENT, {"ABORTED"}),
        ("success/create/stopped-during/event-fails-once", STATUS_EVENT, {"ABORTED"}),
        ("success/create/stopped-during/event-lost", SWEEP, {"ABORTED"}),
        ("success/create/stopped-during/only-emr", AUTO_TERMINATION, {"ABORTED"}),
        ("success/run/timed-out-during", STATUS_EVENT, {"TIMED_OUT"}),
        ("success/run/stands-still", AUTO_TERMINATION, {"RUNNING"}),
        ("success/run/throttled-always", MACHINE, {"diagnosed"}),
        ("success/run/late", MACHINE, {"as without"}),
    ],
)
def test_what_a_case_expects(case_id: str, allowed: str, outcomes: set[str]) -> None:
    assert (BY_ID[case_id].allowed, set(BY_ID[case_id].outcomes)) == (allowed, outcomes)


def test_nets_fail_only_where_a_cluster_lives() -> None:
    assert "success/plan/stopped-during" in BY_ID
    assert "success/plan/stopped-during/event-lost" not in BY_ID


def test_nothing_happens_after_the_last_state() -> None:
    assert "success/wait/stopped-after" in BY_ID
    assert "success/end/stopped-after" not in BY_ID
    assert "success/end/stands-still" not in BY_ID


def test_a_state_that_is_over_too_soon_is_not_stopped_meanwhile() -> None:
    short = (*PATH[:2], Stay("Run", 20.0, True), *PATH[3:])
    ids = {case.id for case in enumerate_cases(DEFINITION, {"success": short})}
    assert "success/run/stopped-during" not in ids
    assert "success/run/stopped-before" in ids


def test_a_second_entry_and_another_path_get_what_depends_on_them() -> None:
    again = (*PATH[:3], *PATH[1:])
    cases = enumerate_cases(DEFINITION, {"success": again, "step-hangs": PATH})
    ids = {case.id for case in cases}
    assert "success/run~2/stopped-during" in ids
    assert "success/run~2/answers-null" not in ids
    assert "step-hangs/run/stopped-during" in ids
    assert "step-hangs/run/answers-null" not in ids


def test_a_hanging_step_leaves_a_standing_execution_to_the_sweep() -> None:
    cases = {case.id: case for case in enumerate_cases(DEFINITION, {"step-hangs": PATH})}
    assert cases["step-hangs/run/stands-still"].allowed == SWEEP
    assert cases["step-hangs/create/stands-still"].allowed == AUTO_TERMINATION


BESIDE: dict[str, Any] = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Look"},
        "Look": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:emr:listSteps", "End": True},
    },
}
PARALLEL: dict[str, Any] = {
    "States": {
        "Add": {"Type": "Task", "Resource": f"{EMR}addStep", "Arguments": STEP, "Next": "Finish"},
        "Finish": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Run",
                    "States": {
                        "Run": {
                            "Type": "Task",
                            "Resource": f"{EMR}addStep.sync",
                            "Arguments": {"Step": {"Name": "report"}},
                            "End": True,
                        }
                    },
                },
                BESIDE,
            ],
            "Next": "End",
        },
        "End": {"Type": "Succeed"},
    }
}
BRANCHES = tuple(
    Stay(name, seconds, with_cluster=True)
    for name, seconds in {"Add": 0.0, "Finish": 120.0, "Run": 120.0, "Wait": 5.0, "Look": 0.0, "End": 0.0}.items()
)


def of_parallel(scenario: str, only: set[str] | None = None) -> dict[str, Case]:
    return {case.id: case for case in enumerate_cases(PARALLEL, {scenario: BRANCHES}, only)}


def test_states_inside_a_parallel_are_tried_and_the_parallel_itself() -> None:
    cases = of_parallel("success").values()
    assert {fault.state for case in cases for fault in case.faults} == {stay.state for stay in BRANCHES}
    assert "success/finish/stopped-during" in of_parallel("success")


def test_only_the_states_asked_for_are_tried() -> None:
    assert {fault.state for case in of_parallel("success", {"Look"}).values() for fault in case.faults} == {"Look"}


def test_what_happens_beside_the_work_changes_nothing() -> None:
    cases = of_parallel("success")
    for name in ("internal-always", "times-out-always", "denied-always", "answers-null", "answers-no-steps", "late"):
        assert cases[f"success/look/{name}"].outcomes == {"as without"}
    assert cases["success/look/too-large"].outcomes == {"uncatchable"}


def test_a_state_that_takes_no_time_is_stopped_around_its_call() -> None:
    assert {"success/add/stopped-during", "success/add/stopped-working"} <= of_parallel("success").keys()
    assert "success/add/poll-throttled-once" not in of_parallel("success")


def test_a_short_wait_is_stopped_in_its_middle() -> None:
    (fault,) = of_parallel("success")["success/wait/stopped-during"].faults
    assert fault.act == Ends(expires=False, moment="during", seconds=2.5)


def test_in_a_race_only_what_can_meet_it_is_tried() -> None:
    ids = {case_id for case_id in of_parallel("done-at-look") if "/" in case_id}
    assert {"done-at-look/run/late", "done-at-look/look/throttled-once"} < ids
    assert not any("stopped" in case_id for case_id in ids)


def test_a_standing_execution_leaves_it_to_the_steps_that_were_given_by_then() -> None:
    failing = of_parallel("step-fails")
    assert failing["step-fails/add/stands-still"].allowed == ACTION_ON_FAILURE
    assert failing["step-fails/run/stands-still"].allowed == ACTION_ON_FAILURE
    # Without an ActionOnFailure nothing ends the cluster of the last step but that it idles.
    last = of_parallel("last-step-fails")
    assert last["last-step-fails/add/stands-still"].allowed == AUTO_TERMINATION
    assert last["last-step-fails/run/stands-still"].allowed == AUTO_TERMINATION


def test_scenarios_need_the_steps_they_speak_of() -> None:
    names = {case.id for case in scenario_cases(PARALLEL)}
    assert "last-step-fails" in names
    assert not names & {"middle-step-fails", "one-of-two-fails"}


def test_random_cases_compose_two_or_three_and_leave_out_what_never_ends() -> None:
    drawn = list(random_cases(CASES, 50, 3))
    assert {len(case.faults) for case in drawn} == {2, 3}
    assert not any(isinstance(fault.act, Stands) for case in drawn for fault in case.faults)
    assert drawn == list(random_cases(CASES, 50, 3))
    assert drawn[:10] == list(random_cases(CASES, 10, 3))


def test_a_scenario_alone_is_a_case() -> None:
    assert BY_ID["success"] == Case("success", "success")


@pytest.mark.parametrize("kind", ["Choice", "Pass", "Fail"])
def test_a_state_without_a_task_can_only_be_ended(kind: str) -> None:
    names = set(acts_for({"Type": kind, "Next": "End"}))
    assert names - {"stands-still"} == {"stopped-before", "timed-out-before", "stopped-after", "timed-out-after"}


def test_a_slug_is_short_and_plain() -> None:
    assert slug("Is the run accepted?") == "is-the-run-accepted"
