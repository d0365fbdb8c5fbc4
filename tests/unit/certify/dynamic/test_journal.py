"""How long an execution is in its states, and which net ended a cluster."""

import json
from typing import Any

import pytest

from scripts.certify.dynamic.journal import Journal, Stay
from scripts.local.emr.clock import VIRTUAL_START, VirtualClock
from scripts.local.emr.ending import STEP_FAILURE, STEPS_COMPLETED, STEPS_COMPLETED_WITH_ERRORS, USER_REQUEST
from scripts.local.emr.events import CLUSTER_EVENT
from scripts.local.emr.idle import AUTO_TERMINATED
from scripts.local.emr.model import Reason


def test_states_of_two_branches_overlap() -> None:
    clock = VirtualClock(VIRTUAL_START)
    journal = Journal(clock)
    journal.entered("Both")
    journal.entered("Run")
    journal.entered("Wait")
    clock.sleep(5)
    journal.left({"Wait"})
    journal.entered("Look")
    clock.sleep(115)
    journal.left({"Both", "Run", "Look"})
    journal.entered("End")
    clock.sleep(1)
    journal.ended("arn", "SUCCEEDED")
    clock.sleep(1000)
    stays = [("Both", 120.0), ("Run", 120.0), ("Wait", 5.0), ("Look", 115.0), ("End", 1.0)]
    assert list(journal.stays()) == [Stay(state, seconds, with_cluster=False) for state, seconds in stays]


def test_a_state_entered_again_stays_anew() -> None:
    clock = VirtualClock(VIRTUAL_START)
    journal = Journal(clock)
    for seconds in (10, 20):
        journal.entered("Wait")
        clock.sleep(seconds)
        journal.left({"Wait"})
    assert [stay.seconds for stay in journal.stays()] == [10, 20]


def terminating(reason: Reason) -> dict[str, Any]:
    change = json.dumps({"code": reason.code, "message": reason.message})
    return {
        "detail-type": CLUSTER_EVENT,
        "detail": {"clusterId": "j-1", "state": "TERMINATING", "stateChangeReason": change},
    }


@pytest.mark.parametrize(
    ("reason", "net"),
    [
        (STEPS_COMPLETED, "steps_done"),
        (STEPS_COMPLETED_WITH_ERRORS, "steps_done"),
        (STEP_FAILURE, "action_on_failure"),
        (AUTO_TERMINATED, "auto_termination"),
        (USER_REQUEST, "sweep"),
        (Reason("On the master instance, bootstrap action 1 failed", "BOOTSTRAP_FAILURE"), "emr"),
    ],
)
def test_the_reason_tells_the_net(reason: Reason, net: str) -> None:
    journal = Journal(VirtualClock(VIRTUAL_START))
    with journal.acting("sweep"):
        journal.observe(terminating(reason))
    assert journal.lives["j-1"].net == net
