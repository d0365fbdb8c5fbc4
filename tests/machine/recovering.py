"""Runs that fail at first: scripts for it, and what their clusters and records must show."""

from collections import defaultdict
from typing import Any

import pytest

from lambdas.inputs.formats import Kind
from lambdas.inputs.measure import Measurement
from lambdas.runs import planning
from lambdas.specs.job import OnFailure
from lambdas.specs.load import load_job
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import SUBNET_IDS, Ended, InProcessCloud
from tests.machine.conftest import (
    JOB,
    assert_no_orphan,
    record_of,
)

SUBNETS = SUBNET_IDS.split(",")
UNKNOWN = StepOutcome(succeeded=False, reason="Unknown Error.")
TERABYTE = Measurement(
    bytes=10**12,
    files=1_000,
    largest_file_bytes=10**9,
    largest_unsplittable_bytes=0,
    unsplittable_bytes=0,
    unsplittable_files=0,
    kinds=((Kind("csv", "none"), 10**12),),
)


class FirstTimes:
    """A script in which some steps fail the first times they run, with a log."""

    def __init__(self, failures: dict[str, tuple[int, str]]) -> None:
        self.ran: list[str] = []
        self._failures = failures

    def __call__(self, step: dict[str, Any]) -> ScriptedStep | None:
        name = step["Name"]
        self.ran.append(name)
        times, log = self._failures.get(name, (0, ""))
        return ScriptedStep(60, UNKNOWN, log) if self.ran.count(name) <= times else None


def clusters(cloud: InProcessCloud) -> list[dict[str, Any]]:
    """Return all clusters as described, oldest first."""
    listed = cloud.engine.call("ListClusters", {})["Clusters"][::-1]
    return [cloud.engine.call("DescribeCluster", {"ClusterId": each["Id"]})["Cluster"] for each in listed]


def worker_types(cloud: InProcessCloud, cluster: dict[str, Any]) -> set[str]:
    """Return the types a cluster's core nodes might have."""
    fleets = cloud.engine.call("ListInstanceFleets", {"ClusterId": cluster["Id"]})["InstanceFleets"]
    core = next(fleet for fleet in fleets if fleet["InstanceFleetType"] == "CORE")
    return {kind["InstanceType"] for kind in core["InstanceTypeSpecifications"]}


def spark_defaults(cluster: dict[str, Any]) -> dict[str, str]:
    found = {each["Classification"]: each["Properties"] for each in cluster["Configurations"]}
    return dict(found["spark-defaults"])


def mib(cluster: dict[str, Any], name: str) -> int:
    return int(spark_defaults(cluster)[name].removesuffix("m"))


def billed(cloud: InProcessCloud) -> dict[str, float]:
    """Return the seconds paid for, by instance type, of all clusters."""
    paid: defaultdict[str, float] = defaultdict(float)
    for cluster in clusters(cloud):
        for each in cloud.engine.billing(cluster["Id"]):
            assert each.ended is not None
            paid[each.instance_type] += each.ended - each.started
    return dict(paid)


def recorded(record: dict[str, Any]) -> dict[str, float]:
    """Return the seconds a record counts, by instance type."""
    paid: defaultdict[str, float] = defaultdict(float)
    for used in record["instances"]:
        paid[used["instance_type"]] += used["seconds"]
    return dict(paid)


def assert_succeeded(cloud: InProcessCloud, ended: Ended, attempts: int) -> dict[str, Any]:
    """Assert that a run succeeded in so many attempts, each paid for; return its record."""
    assert ended.status == "SUCCEEDED", ended.cause
    assert_no_orphan(cloud)
    assert cloud.messages() == []
    record = record_of(ended)
    assert (record["status"], record["error"], record["plan"]["attempt"]) == ("SUCCEEDED", None, attempts)
    earlier = record["plan"]["earlier"]
    assert [attempt["number"] for attempt in earlier] == list(range(1, attempts))
    made = [cluster["Id"] for cluster in clusters(cloud)]
    known = [attempt["cluster_id"] for attempt in earlier] + [record["cluster_id"]]
    assert [each for each in known if each] == made
    assert recorded(record) == pytest.approx(billed(cloud), abs=0.1)
    return record


def allow_attempts(monkeypatch: pytest.MonkeyPatch, attempts: int) -> None:
    """Let the job's spec say ``on_failure: {attempts: ...}``."""
    job = load_job(JOB).model_copy(update={"on_failure": OnFailure(attempts=attempts)})
    monkeypatch.setattr(planning, "load_job", lambda _name: job)
