"""A job scaled by a policy: the machine asks for the policy and its role, and for no managed scaling."""

import pytest

from lambdas.runs import deciding, planning
from lambdas.specs import load_job
from lambdas.specs.job import Job
from scripts.local import in_process
from tests.machine.conftest import JOB, CloudMaker, record_of
from tests.machine.recovering import TERABYTE, FirstTimes, assert_succeeded, clusters
from tests.unit.lambdas.sizing.test_elastic import changed, group

OUT_OF_MEMORY = "ExecutorLostFailure: Container killed by YARN for exceeding memory limits. Exit code is 137"


def scaled(_name: str) -> Job:
    return load_job(JOB).model_copy(update={"cluster": "elastic", "scaling": "yarn-memory"})


@pytest.fixture(autouse=True)
def _policy(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (planning, deciding, in_process):
        monkeypatch.setattr(module, "load_job", scaled)
    monkeypatch.setattr(planning, "measure_input", lambda _s3, request, _manifest: ((str(request),), TERABYTE))


def test_a_run_by_the_policy(make_cloud: CloudMaker) -> None:
    cloud = make_cloud()

    ended = cloud.execute()

    assert ended.status == "SUCCEEDED", ended.cause
    (cluster,) = clusters(cloud)
    assert cluster["AutoScalingRole"].endswith("emr-auto-scaling")
    policy = cloud.engine.call("GetManagedScalingPolicy", {"ClusterId": cluster["Id"]})
    assert policy == {}
    groups = cloud.engine.call("ListInstanceGroups", {"ClusterId": cluster["Id"]})["InstanceGroups"]
    task = next(group for group in groups if group["InstanceGroupType"] == "TASK")
    assert task["InstanceType"] == "r5.2xlarge"
    assert [rule["Name"] for rule in task["AutoScalingPolicy"]["Rules"]] == ["out-of-memory", "memory-to-spare"]
    receipt = record_of(ended)["plan"]["receipt"]
    assert any("by the policy yarn-memory" in line for line in receipt)


def test_another_attempt_by_the_policy(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(script=FirstTimes({"clean": (1, OUT_OF_MEMORY)}))

    record = assert_succeeded(cloud, cloud.execute(), attempts=2)

    assert record["plan"]["size"]["executor_cores"] == 2
    assert {cluster["AutoScalingRole"].rpartition("/")[2] for cluster in clusters(cloud)} == {"emr-auto-scaling"}


def test_the_managed_cluster_has_no_such_role(make_cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (planning, deciding, in_process):
        monkeypatch.setattr(module, "load_job", lambda _name: load_job(JOB))
    cloud = make_cloud()

    assert cloud.execute().status == "SUCCEEDED"

    (cluster,) = clusters(cloud)
    assert "AutoScalingRole" not in cluster


def test_a_policy_that_cannot_be_followed_starts_nothing(
    make_cloud: CloudMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "load_scaling", lambda _name: changed(task_groups=[group("r5.4xlarge")]))
    cloud = make_cloud()

    ended = cloud.execute()

    assert (ended.status, ended.error) == ("FAILED", "JobInvalid")
    assert "the scaling policy 'yarn-memory' cannot be followed: with task nodes r5.4xlarge" in str(ended.cause)
    assert clusters(cloud) == []
