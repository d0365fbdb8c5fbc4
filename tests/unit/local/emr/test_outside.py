"""What the outside gets to see: bills, events, failing calls."""

import json
import threading
from typing import Any

import pytest

from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.faults import ApiFault, Faults, SpotLoss
from scripts.local.emr.runner import ScriptedRunner
from tests.unit.local.emr.lab import END_SECONDS, FAILS, READY_SECONDS, Lab, fleet, fleets, groups, step


class TestBilling:
    def test_from_launch_to_end_per_instance(self) -> None:
        lab = Lab(faults=Faults(spot_losses=[SpotLoss(600, "CORE")]))
        cluster_id = lab.run(fleets(fleet("MASTER", 1), fleet("CORE", spot=1)))
        lab.clock.sleep(1000)
        lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
        lab.clock.sleep(END_SECONDS)
        primary, lost, replacement = lab.engine.billing(cluster_id)
        end = lab.start + 1000 + END_SECONDS
        assert (primary.role, primary.market, primary.instance_type) == ("MASTER", "ON_DEMAND", "m5.xlarge")
        assert (primary.started, primary.ended, primary.billed_seconds) == (lab.start, end, 1090)
        assert (lost.role, lost.market, lost.billed_seconds) == ("CORE", "SPOT", 600)
        assert (replacement.started, replacement.ended) == (lab.start + 600, end)

    def test_at_least_a_minute_and_until_now_while_running(self) -> None:
        lab = Lab()
        cluster_id = lab.run(groups())
        assert [(item.ended, item.billed_seconds) for item in lab.engine.billing(cluster_id)] == [(None, 60)] * 3
        lab.clock.sleep(90.5)
        assert lab.engine.billing(cluster_id)[0].billed_seconds == 91


class TestEvents:
    def test_the_life_of_a_cluster(self) -> None:
        lab = Lab({"bad": FAILS})
        cluster_id = lab.ready(groups(Steps=[step("bad", "TERMINATE_CLUSTER")]))
        lab.clock.sleep(1000)
        shown = [(event["detail-type"], event["detail"]["state"]) for event in lab.events]
        cluster, step_ = "EMR Cluster State Change", "EMR Step Status Change"
        assert shown == [
            (cluster, "STARTING"),
            (step_, "PENDING"),
            (cluster, "BOOTSTRAPPING"),
            (cluster, "RUNNING"),
            (step_, "RUNNING"),
            (step_, "FAILED"),
            (cluster, "TERMINATING"),
            (cluster, "TERMINATED_WITH_ERRORS"),
        ]
        last = lab.events[-1]
        assert last["source"] == "aws.emr"
        assert last["resources"] == []
        assert last["time"] == "2026-01-01T00:09:00Z"
        assert last["detail"]["severity"] == "CRITICAL"
        assert json.loads(last["detail"]["stateChangeReason"]) == {
            "code": "STEP_FAILURE",
            "message": "Shut down as step failed",
        }
        assert last["detail"]["message"] == (
            f"Amazon EMR Cluster {cluster_id} (nightly) has terminated with errors at 2026-01-01 00:09 UTC "
            "with a reason of STEP_FAILURE."
        )

    def test_a_step_event(self) -> None:
        lab = Lab({"bad": FAILS})
        cluster_id = lab.ready()
        (step_id,) = lab.add(cluster_id, step("bad"))
        lab.clock.sleep(60)
        detail = next(event["detail"] for event in lab.events if event["detail"]["state"] == "FAILED")
        assert detail == {
            "severity": "ERROR",
            "actionOnFailure": "CONTINUE",
            "stepId": step_id,
            "name": "bad",
            "clusterId": cluster_id,
            "state": "FAILED",
            "message": f"Step {step_id} (bad) failed in Amazon EMR cluster {cluster_id} (nightly) "
            "at 2026-01-01 00:07 UTC.",
        }

    def test_waiting_is_said_differently_the_first_time(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        lab.add(cluster_id, step())
        lab.clock.sleep(1000)
        messages = [event["detail"]["message"] for event in lab.events if event["detail"]["state"] == "WAITING"]
        assert "is ready for use" in messages[0]
        assert "finished running all pending steps" in messages[1]

    def test_an_observer_may_call_the_engine(self) -> None:
        clock = VirtualClock()
        seen: list[str] = []

        def observe(event: dict[str, Any]) -> None:
            cluster_id = event["detail"]["clusterId"]
            answers: list[str] = []
            # On another thread, as a server would: it would hang if the engine's lock were held.
            asking = threading.Thread(
                target=lambda: answers.append(
                    engine.call("DescribeCluster", {"ClusterId": cluster_id})["Cluster"]["Status"]["State"]
                ),
                daemon=True,
            )
            asking.start()
            asking.join(5)
            seen.extend(answers)

        engine = EmrEngine(clock, ScriptedRunner(clock), observer=observe)
        engine.call("RunJobFlow", groups())
        clock.sleep(READY_SECONDS)
        assert seen == ["STARTING", "BOOTSTRAPPING", "WAITING", "WAITING"]


class TestFailingCalls:
    def test_throttled_before_the_work(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault("RunJobFlow", calls=2)]))
        for _ in range(2):
            with pytest.raises(EmrApiError) as refused:
                lab.run(groups())
            assert (refused.value.code, refused.value.message) == ("ThrottlingException", "Rate exceeded")
        assert lab.engine.live_clusters() == []
        lab.run(groups())

    def test_throttled_after_the_work(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault("RunJobFlow", accepted=True)]))
        with pytest.raises(EmrApiError, match="Rate exceeded"):
            lab.run(groups())
        assert len(lab.engine.live_clusters()) == 1

    def test_what_a_failing_call_did_is_told_at_once(self) -> None:
        lab = Lab(faults=Faults(api=[ApiFault("RunJobFlow", accepted=True)]))
        with pytest.raises(EmrApiError):
            lab.run(groups())
        assert [event["detail"]["state"] for event in lab.events] == ["STARTING"]

    def test_an_internal_error(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        lab.faults.api.append(ApiFault.internal_error("TerminateJobFlows"))
        with pytest.raises(EmrApiError) as refused:
            lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
        assert refused.value.code == "InternalServerException"
        assert lab.state(cluster_id) == "WAITING"
