"""A cluster spec with instance groups: the machine asks for groups, in one subnet, and the run succeeds."""

import pytest

from lambdas.runs import deciding, planning
from lambdas.specs import load_cluster
from lambdas.specs.cluster import Cluster
from scripts.local import in_process
from tests.machine.conftest import JOB, CloudMaker, record_of
from tests.machine.recovering import SUBNETS, TERABYTE, FirstTimes, assert_succeeded, clusters

OUT_OF_MEMORY = "ExecutorLostFailure: Container killed by YARN for exceeding memory limits. Exit code is 137"


def with_groups(_name: str) -> Cluster:
    return load_cluster("spark").model_copy(update={"capacity": "groups"})


@pytest.fixture(autouse=True)
def _groups(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (planning, deciding, in_process):
        monkeypatch.setattr(module, "load_cluster", with_groups)
    monkeypatch.setattr(planning, "measure_input", lambda _s3, request, _manifest: ((str(request),), TERABYTE))


def test_a_run_on_groups(make_cloud: CloudMaker) -> None:
    cloud = make_cloud()

    ended = cloud.execute()

    assert ended.status == "SUCCEEDED", ended.cause
    (cluster,) = clusters(cloud)
    assert cluster["InstanceCollectionType"] == "INSTANCE_GROUP"
    assert cluster["Ec2InstanceAttributes"]["RequestedEc2SubnetIds"] == SUBNETS[:1]
    groups = cloud.engine.call("ListInstanceGroups", {"ClusterId": cluster["Id"]})["InstanceGroups"]
    size = record_of(ended)["plan"]["size"]
    assert [(each["InstanceGroupType"], each["InstanceType"], each["RequestedInstanceCount"]) for each in groups] == [
        (role, size[name]["instance_type"], size[name]["count"])
        for role, name in (("MASTER", "primary"), ("CORE", "core"), ("TASK", "task"))
    ]


def test_more_memory_on_groups(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script=FirstTimes({"clean": (1, OUT_OF_MEMORY)}))

    record = assert_succeeded(cloud, cloud.execute(), attempts=2)

    assert record["job"] == JOB
    assert {each["InstanceCollectionType"] for each in clusters(cloud)} == {"INSTANCE_GROUP"}
