import datetime
import json
from typing import Any

import pytest

from lambdas.runs.events import RecordEvent
from lambdas.runs.recording import make_record
from lambdas.specs import Catalogue
from tests.unit.lambdas.emr import FakeEmr

START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
ARN = "arn:aws:states:us-east-1:111122223333:execution:count:run-1"


def at(minutes: float) -> datetime.datetime:
    return START + datetime.timedelta(minutes=minutes)


def instance(number: int, market: str, start: float, end: float | None, **more: Any) -> dict[str, Any]:
    timeline = {"CreationDateTime": at(start)} | ({"EndDateTime": at(end)} if end is not None else {})
    return {
        "Id": f"ci-{number}",
        "Ec2InstanceId": f"i-{number}",
        "InstanceType": "m5.xlarge",
        "Market": market,
        "Status": {"State": "TERMINATED", "Timeline": timeline},
        **more,
    }


def step(name: str, state: str = "COMPLETED") -> dict[str, Any]:
    timeline = {"CreationDateTime": at(9), "StartDateTime": at(10), "EndDateTime": at(20)}
    return {"Id": f"s-{name}", "Name": name, "Status": {"State": state, "Timeline": timeline}}


@pytest.fixture
def emr() -> FakeEmr:
    fake = FakeEmr(
        {
            "Id": "j-1",
            "Status": {"State": "TERMINATED", "Timeline": {"CreationDateTime": at(1), "EndDateTime": at(61)}},
            "Tags": [{"Key": "slow-lambda:execution", "Value": ARN}],
        }
    )
    fake.steps["j-1"] = [step("clean"), step("count"), step("summarise")]
    fake.instances["j-1"] = [
        instance(1, "ON_DEMAND", 1, 61),
        instance(2, "SPOT", 1, 31),
        instance(3, "SPOT", 1, None),
        {"Id": "ci-4", "InstanceType": "m5.xlarge", "Status": {"State": "PROVISIONING", "Timeline": {}}},
    ]
    return fake


def event(**changes: Any) -> RecordEvent:
    execution = {"id": ARN, "name": "run-1", "started": START.isoformat()}
    return RecordEvent.model_validate(
        {"job": "count", "execution": execution, "plan": None, "cluster_id": "j-1", "failure": None, **changes}
    )


def test_what_ran_and_what_it_cost(emr: FakeEmr, catalogue: Catalogue) -> None:
    record = make_record(event(), emr.client, catalogue, at(91))
    assert (record.status, record.error, record.cause) == ("SUCCEEDED", None, None)
    assert (record.started, record.ended) == (START, at(61))
    assert [found.name for found in record.steps] == ["clean", "count", "summarise"]
    used = {found.market: (found.count, found.seconds) for found in record.instances}
    assert used == {"on_demand": (1, 3600.0), "spot": (2, 1800.0 + 5400.0)}
    assert record.cost.ec2 == pytest.approx(0.192 * (1 + 0.4 * 2))
    assert record.cost.emr == pytest.approx(0.048 * 3)
    assert record.cost.total == pytest.approx(record.cost.ec2 + record.cost.emr + record.cost.ebs)
    json.dumps(record.as_document())


def test_same_record_when_written_again(emr: FakeEmr, catalogue: Catalogue) -> None:
    emr.instances["j-1"].pop(2)
    first, second = (make_record(event(), emr.client, catalogue, at(minutes)) for minutes in (91, 95))
    assert first == second


def test_cancelled_step_is_no_success(emr: FakeEmr, catalogue: Catalogue) -> None:
    emr.steps["j-1"][1] = step("count", "CANCELLED")
    record = make_record(event(), emr.client, catalogue, at(91))
    assert (record.status, record.error) == ("FAILED", "StepCancelled")


def test_rejected_run_cost_nothing(catalogue: Catalogue) -> None:
    failure = {"state": "Plan run", "error": "InputEmpty", "cause": "there is no data"}
    emr = FakeEmr()
    record = make_record(event(cluster_id=None, failure=failure), emr.client, catalogue, at(1))
    assert (record.status, record.error, record.cause) == ("FAILED", "InputEmpty", "there is no data")
    assert record.cost.total == 0
    assert record.cluster_id is None
    assert not emr.calls


@pytest.mark.parametrize("cause", [json.dumps({"Cluster": {"Id": "j-1", "Status": {}}}), "cut o", ""])
def test_cluster_that_never_became_ready_is_found_and_priced(emr: FakeEmr, catalogue: Catalogue, cause: str) -> None:
    failure = {"state": "Create cluster", "error": "States.Timeout", "cause": cause}
    record = make_record(event(cluster_id=None, failure=failure), emr.client, catalogue, at(91))
    assert (record.cluster_id, record.error) == ("j-1", "ClusterTimedOut")
    assert record.cost.total > 0
