import datetime
import json
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.history.phases import Phases
from lambdas.runs.events import RecordEvent
from lambdas.runs.plan import Attempt
from lambdas.runs.recording import make_record
from lambdas.specs import Catalogue
from scripts.local.emr.faults import CapacityShortage, SlowProvisioning, SpotLoss
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from tests.unit.lambdas.emr import ARN, START, Emr, fleet
from tests.unit.lambdas.plans import a_plan

STEPS = ["clean", "count", "summarise"]
FLEETS = [fleet("MASTER"), fleet("CORE", "SPOT"), fleet("TASK", "SPOT")]


def at(minutes: float) -> datetime.datetime:
    return START + datetime.timedelta(minutes=minutes)


@pytest.fixture
def cluster_id(emr: Emr) -> str:
    """A cluster of one on-demand and two spot instances, made at minute 1; each step takes ten minutes from 7:30 on."""
    emr.script.update({name: ScriptedStep(600) for name in STEPS})
    emr.until(at(1))
    return emr.run(fleets=FLEETS, steps=STEPS)


def event(cluster_id: str | None = None, **changes: Any) -> RecordEvent:
    execution = {"id": ARN, "name": "run-1", "started": START.isoformat()}
    return RecordEvent.model_validate(
        {"job": "count", "execution": execution, "plan": None, "cluster_id": cluster_id, "failure": None, **changes}
    )


def test_what_ran_and_what_it_cost(emr: Emr, catalogue: Catalogue) -> None:
    emr.faults.spot_losses.append(SpotLoss(after_seconds=1800, role="TASK"))
    emr.script.update({name: ScriptedStep(600) for name in STEPS})
    emr.until(at(1))
    cluster_id = emr.run(fleets=FLEETS, steps=STEPS)
    emr.faults.shortages.append(CapacityShortage(market="SPOT"))  # nothing comes in place of what is lost
    emr.end(cluster_id, at(61))
    record = make_record(event(cluster_id), emr.client, catalogue, at(91))
    assert (record.status, record.error, record.cause) == ("SUCCEEDED", None, None)
    assert (record.started, record.ended, record.cluster_state) == (START, at(61), "TERMINATED")
    assert [(found.name, found.started, found.ended) for found in record.steps] == [
        ("clean", at(7.5), at(17.5)),
        ("count", at(17.5), at(27.5)),
        ("summarise", at(27.5), at(37.5)),
    ]
    used = {found.market: (found.count, found.seconds) for found in record.instances}
    assert used == {"on_demand": (1, 3600.0), "spot": (2, 1800.0 + 3600.0)}
    assert record.cost.ec2 == pytest.approx(0.192 * (1 + 0.4 * 1.5))
    assert record.cost.emr == pytest.approx(0.048 * 2.5)
    assert record.cost.ebs > 0
    assert record.cost.total == pytest.approx(record.cost.ec2 + record.cost.emr + record.cost.ebs)
    assert record.phases == Phases(
        provisioning_seconds=390, waiting_seconds=0, working_seconds=1800, gap_seconds=0, tail_seconds=23.5 * 60
    )
    json.dumps(record.as_document())


def test_nodes_that_came_and_went(emr: Emr, catalogue: Catalogue) -> None:
    roles = (("MASTER", 1), ("CORE", 1), ("TASK", 2))
    groups = [{"InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": count} for role, count in roles]
    instances = {"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True}
    cluster_id = str(emr.engine.call("RunJobFlow", {"Name": "groups", "Instances": instances})["JobFlowId"])
    listed = emr.engine.call("ListInstanceGroups", {"ClusterId": cluster_id})["InstanceGroups"]
    task = next(group["Id"] for group in listed if group["InstanceGroupType"] == "TASK")
    for minutes, count in ((10, 5), (30, 1)):
        emr.until(at(minutes))
        change = {"InstanceGroupId": task, "InstanceCount": count}
        emr.engine.call("ModifyInstanceGroups", {"ClusterId": cluster_id, "InstanceGroups": [change]})
    emr.end(cluster_id, at(61))
    record = make_record(event(cluster_id), emr.client, catalogue, at(91))
    # Ready after 6:30; the three that are asked for at minute 10 are, too.
    assert [(change.at, change.role, change.before, change.after) for change in record.nodes] == [
        (at(6.5), "MASTER", 0, 1),
        (at(6.5), "CORE", 0, 1),
        (at(6.5), "TASK", 0, 2),
        (at(16.5), "TASK", 2, 5),
        (at(30), "TASK", 5, 1),
    ]
    assert {change.pool for change in record.nodes if change.role == "TASK"} == {task}


def test_volumes_are_priced_as_the_plan_asked_for_them(emr: Emr, cluster_id: str, catalogue: Catalogue) -> None:
    emr.end(cluster_id, at(61))
    disks = {"EbsBlockDeviceConfigs": [{"VolumesPerInstance": 2, "VolumeSpecification": {"SizeInGB": 365}}]}
    node = {"InstanceType": "m5.xlarge", "EbsConfiguration": disks}
    plan = a_plan()
    fleets = [{**plan.cluster.instance_fleets[1], "InstanceTypeConfigs": [node]}]
    asked = plan.model_copy(update={"cluster": plan.cluster.model_copy(update={"instance_fleets": fleets})})
    record = make_record(event(cluster_id, plan=asked.as_document()), emr.client, catalogue, at(91))
    # Three nodes of 730 GiB for an hour each, at 0.08 in 730 hours.
    assert record.cost.ebs == pytest.approx(3 * 0.08)


def test_what_still_runs_is_paid_until_now(emr: Emr, cluster_id: str, catalogue: Catalogue) -> None:
    emr.until(at(61))
    record = make_record(event(cluster_id), emr.client, catalogue, at(91))
    assert (record.status, record.ended, record.cluster_state) == ("SUCCEEDED", at(91), "WAITING")
    used = {found.market: (found.count, found.seconds) for found in record.instances}
    assert used == {"on_demand": (1, 5400.0), "spot": (2, 2 * 5400.0)}


def test_instances_on_every_page_whatever_is_known_of_them(emr: Emr, catalogue: Catalogue) -> None:
    """The engine lists all instances on one page, each with all it has."""

    def instance(number: int, market: str, **timeline: datetime.datetime) -> dict[str, Any]:
        status = {"State": "TERMINATED", "Timeline": timeline}
        about = {"InstanceType": "m5.xlarge", "Market": market, "Status": status}
        return {"Id": f"ci-{number}", "Ec2InstanceId": f"i-{number}", **about}

    timeline = {"CreationDateTime": at(1), "EndDateTime": at(61)}
    cluster = {"Id": "j-1", "Status": {"State": "TERMINATED", "Timeline": timeline}}
    pages = [
        [instance(1, "ON_DEMAND", **timeline), instance(2, "SPOT", CreationDateTime=at(1), EndDateTime=at(31))],
        [
            instance(3, "SPOT", CreationDateTime=at(1)),
            {"Id": "ci-4", "InstanceType": "m5.xlarge", "Status": {"State": "PROVISIONING", "Timeline": {}}},
        ],
        [
            {"Id": "ci-5", "Ec2InstanceId": "i-5", "InstanceType": "m5.xlarge", "Status": {"State": "PROVISIONING"}},
            {"Id": "ci-6", "InstanceType": "m5.xlarge", "Status": {"Timeline": {"CreationDateTime": at(1)}}},
        ],
    ]
    asked = {"ClusterId": "j-1"}
    with Stubber(emr.client) as stub:
        stub.add_response("describe_cluster", {"Cluster": cluster}, asked)
        stub.add_response("list_steps", {"Steps": []}, asked)
        stub.add_response("list_instances", {"Instances": pages[0], "Marker": "2"}, asked)
        stub.add_response("list_instances", {"Instances": pages[1], "Marker": "3"}, {**asked, "Marker": "2"})
        stub.add_response("list_instances", {"Instances": pages[2]}, {**asked, "Marker": "3"})
        stub.add_response("list_instances", {"Instances": pages[0][:1]}, {**asked, "InstanceGroupTypes": ["MASTER"]})
        stub.add_response("list_instances", {"Instances": pages[0][1:]}, {**asked, "InstanceGroupTypes": ["CORE"]})
        record = make_record(event("j-1"), emr.client, catalogue, at(91))
        stub.assert_no_pending_responses()
    assert record.ended == at(61)
    used = {found.market: (found.count, found.seconds) for found in record.instances}
    assert used == {"on_demand": (1, 3600.0), "spot": (2, 1800.0 + 5400.0)}
    assert record.cost.ec2 == pytest.approx(0.192 * (1 + 0.4 * 2))
    assert record.cost.emr == pytest.approx(0.048 * 3)


def test_steps_on_every_page(emr: Emr, catalogue: Catalogue) -> None:
    names = [f"step-{number}" for number in range(52)]
    cluster_id = emr.run(steps=names)
    emr.clock.sleep(3 * 3600)
    record = make_record(event(cluster_id), emr.client, catalogue, emr.now())
    assert [found.name for found in record.steps] == names
    assert record.status == "SUCCEEDED"
    assert len(emr.called("ListSteps")) == 2


def test_same_record_when_written_again(emr: Emr, cluster_id: str, catalogue: Catalogue) -> None:
    emr.end(cluster_id, at(61))
    first, second = (make_record(event(cluster_id), emr.client, catalogue, at(minutes)) for minutes in (91, 95))
    assert first == second


def test_cancelled_step_is_no_success(emr: Emr, cluster_id: str, catalogue: Catalogue) -> None:
    emr.until(at(20))
    emr.engine.call("CancelSteps", {"ClusterId": cluster_id, "StepIds": [emr.step_ids(cluster_id)["count"]]})
    emr.end(cluster_id, at(61))
    record = make_record(event(cluster_id), emr.client, catalogue, at(91))
    assert [found.state for found in record.steps] == ["COMPLETED", "CANCELLED", "COMPLETED"]
    assert (record.status, record.error) == ("FAILED", "CancelledOrKilled")


def test_failed_step_is_no_success(emr: Emr, cluster_id: str, catalogue: Catalogue) -> None:
    log = "s3://logs/stderr.gz"
    message = "Exception in thread main: ValueError: bad row"
    emr.script["count"] = ScriptedStep(60, StepOutcome(succeeded=False, message=message, log_file=log))
    emr.end(cluster_id, at(61))
    record = make_record(event(cluster_id), emr.client, catalogue, at(91))
    assert [found.state for found in record.steps] == ["COMPLETED", "FAILED", "COMPLETED"]
    assert (record.status, record.error) == ("FAILED", "ApplicationError")
    assert record.cause is not None
    assert log in record.cause


def test_rejected_run_cost_nothing(emr: Emr, catalogue: Catalogue) -> None:
    failure = {"state": "Plan run", "error": "InputEmpty", "cause": "there is no data"}
    record = make_record(event(failure=failure), emr.client, catalogue, at(1))
    assert (record.status, record.error, record.cause) == ("FAILED", "InputEmpty", "there is no data")
    assert record.cost.total == 0
    assert record.cluster_id is None
    assert not emr.calls


def test_cluster_that_only_the_diagnosis_knows_is_priced(emr: Emr, catalogue: Catalogue) -> None:
    emr.faults.provisioning.append(SlowProvisioning(7200))
    emr.until(at(1))
    cluster_id = emr.run(fleets=FLEETS)
    emr.end(cluster_id, at(61))
    failure = {"state": "Create cluster", "error": "Timeout", "cause": "not ready"}
    diagnosis = {"failure_class": "timeout", "cluster_id": cluster_id}
    record = make_record(event(failure=failure, diagnosis=diagnosis), emr.client, catalogue, at(91))
    assert (record.cluster_id, record.error, record.failed_state) == (cluster_id, "Timeout", "Create cluster")
    assert record.diagnosis == diagnosis
    assert record.cost.emr == pytest.approx(0.048 * 3)
    assert record.cost.total > 0
    assert not emr.called("ListClusters")


def test_every_attempt_is_paid(emr: Emr, catalogue: Catalogue) -> None:
    first, last = (emr.run() for _ in range(2))
    emr.end(first, at(61))
    emr.end(last, at(121))
    earlier = Attempt(
        number=1, cluster_id=first, failed_state="Run step clean", failure_class="x", action="retry_as_is", change="x"
    )
    lost = earlier.model_copy(update={"cluster_id": None})
    plan = a_plan().model_copy(update={"attempt": 3, "done": ["clean"], "earlier": [earlier, lost]})
    failure = {"state": "Run step summarise", "error": "Timeout", "cause": "slow"}
    record = make_record(event(last, plan=plan.as_document(), failure=failure), emr.client, catalogue, at(200))
    assert [(used.count, used.seconds) for used in record.instances] == [(2, 3660.0 + 7260.0)]
    assert record.cost.emr == pytest.approx(0.048 * (61 + 121) / 60, rel=1e-4)
    assert (record.cluster_id, record.ended) == (last, at(121))


def test_what_an_earlier_attempt_completed_need_not_run_again(emr: Emr, catalogue: Catalogue) -> None:
    cluster_id = emr.run(steps=["summarise"])
    emr.end(cluster_id, at(61))
    whole = a_plan()
    resumed = whole.model_copy(update={"attempt": 2, "done": ["clean"]})
    asked = event(cluster_id, plan=resumed.as_document())
    assert make_record(asked, emr.client, catalogue, at(91)).status == "SUCCEEDED"
    asked = event(cluster_id, plan=whole.as_document())
    record = make_record(asked, emr.client, catalogue, at(91))
    assert record.status == "FAILED"


def test_cluster_ended_by_somebody_before_its_steps_is_no_success(emr: Emr, catalogue: Catalogue) -> None:
    cluster_id = emr.run()
    emr.end(cluster_id, at(61))
    asked = event(cluster_id, plan=a_plan().as_document())
    record = make_record(asked, emr.client, catalogue, at(91))
    assert (record.status, record.error, record.failed_state) == ("FAILED", "CancelledOrKilled", "Record run")
