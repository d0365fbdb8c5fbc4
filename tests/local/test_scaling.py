"""A load that grows while a job runs: nodes arrive and leave, as anybody sees who asks EMR."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws
from scripts.local.cloud import local_cloud
from tests.local.support import wait_for

if TYPE_CHECKING:
    from mypy_boto3_emr.type_defs import InstanceGroupTypeDef

# A worker of 16 vCPUs holds 4 containers. 16 are wanted, for as long as 16000 container-seconds take, then 2.
TRACE = "seconds,running,pending\n0,0,16\n1000,2,0\n1400,2,0\n"
WORKER = "m5.4xlarge"
SCALE = 150.0


def _rule(name: str, by: int, operator: str, threshold: float) -> dict[str, Any]:
    alarm = {
        "ComparisonOperator": operator,
        "MetricName": "YARNMemoryAvailablePercentage",
        "Period": 300,
        "Threshold": threshold,
    }
    return {
        "Name": name,
        "Action": {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": by}},
        "Trigger": {"CloudWatchAlarmDefinition": alarm},
    }


POLICY = {
    "Constraints": {"MinCapacity": 0, "MaxCapacity": 3},
    "Rules": [_rule("out", 2, "LESS_THAN", 15.0), _rule("in", -3, "GREATER_THAN", 75.0)],
}


def _start_cluster(bucket: str) -> str:
    groups: list[Any] = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {"InstanceRole": "CORE", "InstanceType": WORKER, "InstanceCount": 1},
        {"InstanceRole": "TASK", "InstanceType": WORKER, "InstanceCount": 0, "AutoScalingPolicy": POLICY},
    ]
    step: Any = {
        "Name": "work",
        "ActionOnFailure": "TERMINATE_CLUSTER",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", f"s3://{bucket}/work.py"]},
    }
    made = aws.emr().run_job_flow(
        Name="scaled",
        ReleaseLabel="emr-7.14.0",
        Instances={"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": False},
        Steps=[step],
        AutoScalingRole="EMR_AutoScaling_DefaultRole",
        ServiceRole="EMR_DefaultRole",
        JobFlowRole="EMR_EC2_DefaultRole",
    )
    return made["JobFlowId"]


def _task_group(cluster_id: str) -> "InstanceGroupTypeDef":
    groups = aws.emr().list_instance_groups(ClusterId=cluster_id)["InstanceGroups"]
    return next(group for group in groups if group["InstanceGroupType"] == "TASK")


@pytest.mark.spark
def test_a_policy_that_fires_brings_nodes_and_takes_them_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "wave.csv"
    trace.write_text(TRACE, encoding="utf-8")
    with local_cloud(tmp_path / "cloud", SCALE, str(trace)) as cloud:
        for name, value in cloud.environment().items():
            monkeypatch.setenv(name, value)
        aws.forget()
        aws.s3().create_bucket(Bucket="scripts")
        aws.s3().put_object(Bucket="scripts", Key="work.py", Body=b"print('done')\n")
        cluster_id = _start_cluster("scripts")
        seen: list[tuple[int, int, str]] = []

        def look() -> bool:
            group = _task_group(cluster_id)
            now = (group["RequestedInstanceCount"], group["RunningInstanceCount"], group["Status"]["State"])
            if not seen or seen[-1] != now:
                seen.append(now)
            return now[2] == "TERMINATED"

        wait_for(look)
        instances = aws.emr().list_instances(ClusterId=cluster_id, InstanceGroupTypes=["TASK"])["Instances"]
        steps = aws.emr().list_steps(ClusterId=cluster_id)["Steps"]
    aws.forget()

    assert [step["Status"]["State"] for step in steps] == ["COMPLETED"]
    # Two more, then one more up to the limit, and all three fewer.
    scaled = [state for state in seen if state[2] in {"RUNNING", "RESIZING"}]
    wanted = [(0, 0, "RUNNING"), (2, 0, "RESIZING"), (2, 2, "RUNNING"), (3, 2, "RESIZING"), (3, 3, "RUNNING")]
    assert scaled == [*wanted, (0, 0, "RUNNING")]
    assert len(instances) == 3
    times = [instance["Status"]["Timeline"] for instance in instances]
    first, second, third = sorted(time["CreationDateTime"].timestamp() for time in times)
    # The second look that finds too little is at 900 s: at 600 s the first two are still on their way.
    assert second - first == pytest.approx(0, abs=5)
    assert third - first == pytest.approx(600, abs=30)
