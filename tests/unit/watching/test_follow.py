"""Following a run, on the in-process machine: the same APIs as on AWS."""

import time

from lambdas import aws
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import DATA_BUCKET, in_process_cloud
from scripts.watching.follow import Follower, Observation
from scripts.watching.record import read_record
from scripts.watching.summary import summary


def follow(arn: str) -> tuple[Follower, list[Observation]]:
    follower = Follower(arn, interval=0.001)
    return follower, list(follower.observations())


def test_a_run_that_is_over_is_told_from_its_start() -> None:
    with in_process_cloud("pricing-summary") as cloud:
        aws.s3().put_object(Bucket=DATA_BUCKET, Key="landing/tpch/orders/a.csv", Body=b"1\n")
        follower, seen = follow(cloud.execute().arn)
        record = read_record(follower.execution)

    assert record is not None
    time_line, nodes_line = summary(record)
    # Two steps of two minutes, the first of which the machine notices to be able to start after 7.
    assert time_line == (
        "Paid 12 minutes: 6.5 starting, 0.5 waiting for its first step, 4 working, 0 between steps, 1.5 after the last."
    )
    assert nodes_line.startswith("Nodes: primary m7g.xlarge on demand: 1; core ")
    states = [each.name for each in seen if each.kind == "state"]
    assert states[0] == "Plan run"
    assert states[-3:] == ["Record run", "Is the work done?", "Run succeeded"]
    assert [(each.name, each.status) for each in seen if each.kind == "step"] == [
        ("clean", "COMPLETED"),
        ("summarise", "COMPLETED"),
    ]
    assert seen[-1].status == "SUCCEEDED"
    assert follower.cluster is not None
    assert follower.cluster["Status"]["State"] == "TERMINATED"


def test_a_refused_run_has_no_cluster() -> None:
    with in_process_cloud("pricing-summary") as cloud:
        follower, seen = follow(cloud.execute({"input": "s3://no-such-bucket/x/"}).arn)
    assert follower.cluster is None
    assert {each.kind for each in seen} == {"state", "execution"}


def test_it_ends_though_a_cluster_is_left() -> None:
    """An orphan must not make the watcher wait for ever."""
    failing = ScriptedStep(10, StepOutcome(succeeded=False))
    with in_process_cloud("pricing-summary", script={"clean": failing}) as cloud:
        aws.s3().put_object(Bucket=DATA_BUCKET, Key="landing/tpch/orders/a.csv", Body=b"1\n")
        ended = cloud.execute()
        left = cloud.engine.call(
            "RunJobFlow",
            {
                "Name": "orphan",
                "Instances": {
                    "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}],
                    "KeepJobFlowAliveWhenNoSteps": True,
                },
                "Tags": [{"Key": "slow-lambda:execution", "Value": ended.arn}],
            },
        )["JobFlowId"]
        began = time.monotonic()
        follower, seen = follow(ended.arn)
    assert time.monotonic() - began < 5
    assert seen[-1].status == "FAILED"
    assert follower.cluster is not None
    assert follower.cluster["Id"] == left
