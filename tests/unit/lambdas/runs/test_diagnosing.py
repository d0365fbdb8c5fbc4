"""Looking at a failed attempt: which cluster, which step, which logs, and what they say."""

from typing import Any

import pytest

from lambdas import aws
from lambdas.failures.classes import Action, FailureClass
from lambdas.failures.verdict import Verdict
from lambdas.runs.diagnosing import Findings, examine
from lambdas.runs.events import DiagnoseEvent
from scripts.local.emr.faults import BootstrapFailure, CapacityShortage, SlowProvisioning, SpotLoss
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.log_tails import EXECUTOR_OOM, TRACEBACK
from tests.unit.lambdas.emr import ARN, Emr, fleet
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
CREATE = "Create cluster"


def look(emr: Emr, asked: DiagnoseEvent) -> Findings:
    return examine(asked, emr.client, aws.s3())


def seen_class(emr: Emr, asked: DiagnoseEvent) -> FailureClass:
    return look(emr, asked).diagnosis.failure_class


def ready(emr: Emr, steps: tuple[str, ...] = ("clean",), seconds: float = 3600) -> str:
    """Start a cluster, with a log address, whose first step runs."""
    for name in steps:
        emr.script.setdefault(name, ScriptedStep(seconds))
    cluster_id = emr.run(steps=steps, log_uri=LOG_URI)
    emr.clock.sleep(READY_SECONDS)
    return cluster_id


def test_a_step_is_judged_by_what_the_machine_saw_not_by_what_ending_the_cluster_made_of_it(emr: Emr) -> None:
    cluster_id = ready(emr)
    cause = step_failed(emr, cluster_id, Reason="Unknown Error.", Message="ValueError: bad row")
    emr.end(cluster_id)
    assert emr.client.list_steps(ClusterId=cluster_id)["Steps"][0]["Status"]["State"] == "CANCELLED"
    found = look(emr, event("Run step clean", "States.TaskFailed", cause, cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.APPLICATION_ERROR
    assert found.step == cause["Step"]
    assert not any("USER_REQUEST" in line for line in found.diagnosis.evidence)


def test_a_step_somebody_cancelled_is_cancelled(emr: Emr) -> None:
    cluster_id = ready(emr)
    cause = step_failed(emr, cluster_id, state="CANCELLED")
    emr.end(cluster_id)
    found = look(emr, event("Run step clean", "States.TaskFailed", cause, cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.CANCELLED_OR_KILLED
    assert found.diagnosis.action is Action.FAIL_NOW
    assert found.verdict is Verdict.CANCELLED
    assert found.logs.has_arrived


def test_a_cluster_somebody_ended_between_two_steps(emr: Emr) -> None:
    cluster_id = ready(emr)
    emr.end(cluster_id)
    found = look(emr, event("Run step summarise", API_ERROR, SHUT_DOWN, cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.CANCELLED_OR_KILLED


def test_a_cluster_that_lost_its_primary_takes_its_step_with_it(emr: Emr) -> None:
    emr.faults.spot_losses.append(SpotLoss(READY_SECONDS + 60, "MASTER"))
    emr.script["clean"] = ScriptedStep(3600)
    cluster_id = emr.run(fleets=[fleet("MASTER", "SPOT")], steps=["clean"], log_uri=LOG_URI)
    emr.clock.sleep(READY_SECONDS + 200)
    assert emr.state(cluster_id) == "TERMINATED_WITH_ERRORS"
    cause = step_failed(emr, cluster_id, state="CANCELLED")
    found = look(emr, event("Run step clean", "States.TaskFailed", cause, cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.NODE_LOST_OR_SPOT
    assert found.diagnosis.action is Action.RETRY_AS_IS
    assert found.verdict is Verdict.FAILED


def test_a_cluster_that_lost_its_primary_between_two_steps(emr: Emr) -> None:
    emr.faults.spot_losses.append(SpotLoss(READY_SECONDS + 60, "MASTER"))
    cluster_id = emr.run(fleets=[fleet("MASTER", "SPOT")], steps=["clean"], log_uri=LOG_URI)
    emr.script["clean"] = ScriptedStep(10)
    emr.clock.sleep(READY_SECONDS + 200)
    found = look(emr, event("Run step summarise", API_ERROR, SHUT_DOWN, cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.NODE_LOST_OR_SPOT
    assert found.completed == {"clean"}


def test_without_a_snapshot_the_step_is_the_one_of_the_state(emr: Emr) -> None:
    emr.script["clean"] = ScriptedStep(10, StepOutcome(succeeded=False, message="ValueError: bad row"))
    cluster_id = ready(emr, ("clean", "summarise"))
    emr.end(cluster_id)
    found = look(emr, event("Run step clean", "States.TaskFailed", '{"Step": {"cut o', cluster_id=cluster_id))
    assert found.step is not None
    assert found.step["Name"] == "clean"
    assert found.diagnosis.failure_class is FailureClass.APPLICATION_ERROR


def test_the_log_says_more_than_the_status(emr: Emr) -> None:
    emr.script["clean"] = ScriptedStep(10, StepOutcome(succeeded=False))
    cluster_id = ready(emr)
    emr.end(cluster_id)
    asked = event("Run step clean", "States.TaskFailed", step_failed(emr, cluster_id), cluster_id=cluster_id)
    before = look(emr, asked)
    assert before.diagnosis.failure_class is FailureClass.UNKNOWN
    assert not before.logs.has_arrived
    put_log(cluster_id, emr.step_ids(cluster_id)["clean"], EXECUTOR_OOM)
    after = look(emr, asked)
    assert after.diagnosis.failure_class is FailureClass.EXECUTOR_OUT_OF_MEMORY
    assert after.logs.has_arrived
    assert "memoryOverhead" in after.diagnosis.evidence[0]


def test_a_lost_cluster_is_found_by_its_cause(emr: Emr) -> None:
    emr.faults.bootstrap.append(BootstrapFailure())
    cluster_id = emr.run(None, log_uri=LOG_URI)
    emr.clock.sleep(READY_SECONDS + 200)
    cluster = {"Cluster": {"Id": cluster_id, "Status": {"State": "TERMINATED_WITH_ERRORS"}}}
    found = look(emr, event(CREATE, "States.TaskFailed", cluster))
    assert found.cluster_id == cluster_id
    assert found.diagnosis.failure_class is FailureClass.BOOTSTRAP_FAILURE
    assert not emr.called("ListClusters")
    assert not found.logs.has_arrived


@pytest.mark.parametrize("cause", ["", "cut o", '{"Cluster": {"Id": "j-'])
def test_a_lost_cluster_is_found_by_its_tag_even_when_it_is_gone(emr: Emr, cause: str) -> None:
    cluster_id = emr.run(ARN)
    emr.run(f"{ARN}-2")
    emr.end(cluster_id)
    assert look(emr, event(CREATE, "States.Timeout", cause)).cluster_id == cluster_id


def test_a_lost_cluster_is_never_that_of_an_earlier_attempt(emr: Emr) -> None:
    earlier = emr.run(ARN)
    emr.end(earlier)
    plan = attempted(a_plan(), earlier)
    found = look(emr, event(CREATE, API_ERROR, THROTTLED, plan=plan))
    assert (found.cluster_id, found.is_ending) == (None, True)
    assert found.diagnosis.failure_class is FailureClass.API_THROTTLED
    again = emr.run(ARN)
    assert look(emr, event(CREATE, API_ERROR, THROTTLED, plan=plan)).cluster_id == again


def test_a_refused_request_has_no_cluster(emr: Emr) -> None:
    refused = "The supplied release label is invalid: x. (Service: ...; Error Code: ValidationException)"
    found = look(emr, event(CREATE, API_ERROR, refused))
    assert found.cluster is None
    assert found.diagnosis.failure_class is FailureClass.VALIDATION
    assert found.verdict is Verdict.FAILED


def planned_cluster(emr: Emr) -> str:
    """Start the cluster of the plan, as the machine would."""
    request = a_plan().cluster.model_dump(by_alias=True)
    return emr.run(fleets=request["InstanceFleets"], Ec2SubnetIds=request["Ec2SubnetIds"])


def test_a_cluster_not_ready_in_time_because_ec2_had_no_instances(emr: Emr) -> None:
    emr.faults.shortages.append(CapacityShortage())
    cluster_id = planned_cluster(emr)
    emr.clock.sleep(600)
    emr.end(cluster_id)
    found = look(emr, event(CREATE, "States.Timeout"))
    assert found.diagnosis.failure_class is FailureClass.CAPACITY_SHORTAGE
    assert found.diagnosis.action is Action.NEXT_CAPACITY


def test_a_cluster_not_ready_in_time_though_it_had_its_instances(emr: Emr) -> None:
    emr.faults.provisioning.append(SlowProvisioning(1e9))
    cluster_id = planned_cluster(emr)
    emr.clock.sleep(600)
    emr.end(cluster_id)
    found = look(emr, event(CREATE, "States.Timeout"))
    assert found.diagnosis.failure_class is FailureClass.TIMEOUT
    assert found.diagnosis.action is Action.NEXT_CAPACITY


def test_missing_task_nodes_are_no_shortage(emr: Emr) -> None:
    emr.faults.shortages.append(CapacityShortage(market="SPOT"))
    emr.faults.provisioning.append(SlowProvisioning(1e9))
    plan = a_plan(1_000)
    fleets = plan.cluster.instance_fleets
    assert fleets[-1]["TargetSpotCapacity"] > 0
    cluster_id = emr.run(fleets=fleets)
    emr.clock.sleep(60)
    emr.end(cluster_id)
    assert seen_class(emr, event(CREATE, "States.Timeout", plan=plan)) is FailureClass.TIMEOUT


def test_a_shortage_emr_gives_up_on(emr: Emr) -> None:
    emr.faults.shortages.append(CapacityShortage())
    planned_cluster(emr)
    emr.clock.sleep(3600)
    found = look(emr, event(CREATE, "States.TaskFailed", "cut o"))
    assert found.diagnosis.failure_class is FailureClass.CAPACITY_SHORTAGE
    assert found.is_ending


def test_a_step_that_timed_out_says_what_its_log_shows(emr: Emr) -> None:
    cluster_id = ready(emr)
    emr.end(cluster_id)
    put_log(cluster_id, emr.step_ids(cluster_id)["clean"], TRACEBACK)
    found = look(emr, event("Run step clean", "States.Timeout", cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.TIMEOUT
    assert found.diagnosis.action is Action.FAIL_NOW
    assert found.diagnosis.evidence[0] == "'Run step clean' did not end within its timeout"
    assert any("bad row" in line for line in found.diagnosis.evidence)
    assert found.logs.has_arrived


def test_the_step_that_failed_is_named_not_the_one_that_was_waited_for(emr: Emr) -> None:
    emr.script["clean"] = ScriptedStep(60, StepOutcome(succeeded=False))
    cluster_id = ready(emr, ("clean", "summarise"))
    emr.clock.sleep(60)
    steps = emr.step_ids(cluster_id)
    cause = {"Step": {"Id": steps["summarise"], "Name": "summarise", "Status": {"State": "CANCELLED"}}}
    found = look(emr, event("Finish with step summarise", "States.TaskFailed", cause, cluster_id=cluster_id))
    assert found.step is not None
    assert (found.step["Name"], found.verdict) == ("clean", Verdict.FAILED)


def test_the_step_that_ran_too_long_is_named_not_the_one_that_was_waited_for(emr: Emr) -> None:
    cluster_id = ready(emr, ("clean", "summarise"))
    emr.end(cluster_id)
    found = look(emr, event("Finish with step summarise", "States.Timeout", cluster_id=cluster_id))
    assert found.step is not None
    assert found.step["Name"] == "clean"
    assert found.diagnosis.evidence[0].endswith("within its timeout, while step 'clean' was running")


def test_a_refused_add_step_is_no_fault_of_the_step_before(emr: Emr) -> None:
    cluster_id = ready(emr, ("clean",))
    emr.end(cluster_id)
    cause = "Rate exceeded (Service: AmazonElasticMapReduce; Status Code: 400; Error Code: ThrottlingException)"
    found = look(emr, event("Add step summarise", "EMR.AmazonElasticMapReduceException", cause, cluster_id=cluster_id))
    assert found.step is None


def test_a_throttled_add_step_is_no_cancelled_step(emr: Emr) -> None:
    cluster_id = ready(emr, ())
    emr.end(cluster_id)
    found = look(emr, event("Run step clean", API_ERROR, THROTTLED, cluster_id=cluster_id))
    assert found.diagnosis.failure_class is FailureClass.API_THROTTLED
    assert found.step is None


@pytest.mark.parametrize("cause", ["[" * 30_000, '{"Step": 3}', '{"Cluster": {"Id": 7}}', '{"Step": {"Status": null}}'])
def test_odd_causes_are_survived(emr: Emr, cause: Any) -> None:
    cluster_id = ready(emr)
    emr.end(cluster_id)
    found = look(emr, event("Run step clean", "States.TaskFailed", cause, cluster_id=cluster_id))
    assert found.verdict is Verdict.CANCELLED
    assert found.diagnosis.action is Action.FAIL_NOW


def test_a_long_list_of_steps_is_read_whole_and_oldest_first(emr: Emr) -> None:
    names = tuple(f"step-{number}" for number in range(55))
    cluster_id = ready(emr, names, seconds=1)
    emr.clock.sleep(3600)
    emr.end(cluster_id)
    found = look(emr, event("Terminate cluster", "States.Timeout", cluster_id=cluster_id))
    assert [step["Name"] for step in found.steps] == list(names)
    assert found.completed == set(names)
