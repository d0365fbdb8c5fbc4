"""Which cases there are for a machine."""

from typing import Any

import pytest

from scripts.certify.dynamic.acts import Stands
from scripts.certify.dynamic.cases import Case, enumerate_cases, random_cases, slug
from scripts.certify.dynamic.catalogue import acts_for
from scripts.certify.dynamic.journal import Stay
from scripts.certify.dynamic.nets import AUTO_TERMINATION, MACHINE, STATUS_EVENT, SWEEP

LAMBDA = "arn:aws:states:::lambda:invoke"
EMR = "arn:aws:states:::elasticmapreduce:"
DEFINITION: dict[str, Any] = {
    "States": {
        "Plan": {"Type": "Task", "Resource": LAMBDA, "Next": "Create"},
        "Create": {"Type": "Task", "Resource": f"{EMR}createCluster.sync", "Next": "Run"},
        "Run": {"Type": "Task", "Resource": f"{EMR}addStep.sync", "Next": "Wait"},
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
