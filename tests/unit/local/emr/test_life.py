"""From RunJobFlow to the end."""

from tests.unit.local.emr.lab import END_SECONDS, FAILS, READY_SECONDS, STEP_SECONDS, Lab, fleets, groups, step


def test_a_cluster_starts_bootstraps_and_waits() -> None:
    lab = Lab()
    cluster_id = lab.run(groups())
    assert lab.state(cluster_id) == "STARTING"
    assert lab.status(cluster_id)["Timeline"] == {"CreationDateTime": lab.start}
    lab.clock.sleep(240)
    assert lab.state(cluster_id) == "BOOTSTRAPPING"
    lab.clock.sleep(150)
    assert lab.status(cluster_id) == {
        "State": "WAITING",
        "StateChangeReason": {"Message": "Cluster ready to run steps."},
        "Timeline": {"CreationDateTime": lab.start, "ReadyDateTime": lab.start + READY_SECONDS},
    }


def test_a_request_ends_it() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    reason = {"Code": "USER_REQUEST", "Message": "Terminated by user request"}
    assert (lab.state(cluster_id), lab.reason(cluster_id)) == ("TERMINATING", reason)
    assert lab.engine.live_clusters() == [cluster_id]
    lab.clock.sleep(END_SECONDS)
    assert (lab.state(cluster_id), lab.reason(cluster_id)) == ("TERMINATED", reason)
    assert lab.status(cluster_id)["Timeline"]["EndDateTime"] == lab.start + READY_SECONDS + END_SECONDS
    assert lab.engine.live_clusters() == []


def test_it_can_be_ended_while_it_starts() -> None:
    lab = Lab()
    cluster_id = lab.run(fleets())
    lab.clock.sleep(10)
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(1000)
    assert lab.state(cluster_id) == "TERMINATED"
    assert "ReadyDateTime" not in lab.status(cluster_id)["Timeline"]


def test_ending_it_twice_changes_nothing() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(END_SECONDS)
    ended = lab.cluster(cluster_id)
    lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
    lab.clock.sleep(END_SECONDS)
    assert lab.cluster(cluster_id) == ended


def test_without_keep_alive_it_ends_after_the_last_step() -> None:
    lab = Lab()
    cluster_id = lab.ready(groups(keep_alive=False, Steps=[step("a"), step("b")]))
    assert lab.cluster(cluster_id)["AutoTerminate"] is True
    lab.clock.sleep(2 * STEP_SECONDS)
    assert lab.reason(cluster_id) == {"Code": "ALL_STEPS_COMPLETED", "Message": "Steps completed"}
    lab.clock.sleep(END_SECONDS)
    assert lab.state(cluster_id) == "TERMINATED"


def test_without_keep_alive_a_failed_step_that_continues_is_mentioned() -> None:
    lab = Lab({"bad": FAILS})
    cluster_id = lab.ready(groups(keep_alive=False, Steps=[step("bad"), step("good")]))
    lab.clock.sleep(1000)
    assert lab.state(cluster_id) == "TERMINATED"
    assert lab.reason(cluster_id) == {"Code": "ALL_STEPS_COMPLETED", "Message": "Steps completed with errors"}


def test_without_keep_alive_and_steps_it_ends_when_ready() -> None:
    lab = Lab()
    cluster_id = lab.ready(groups(keep_alive=False))
    assert lab.state(cluster_id) == "TERMINATING"


def test_keep_alive_taken_away_ends_it_after_its_steps() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.add(cluster_id, step())
    lab.call("SetKeepJobFlowAliveWhenNoSteps", JobFlowIds=[cluster_id], KeepJobFlowAliveWhenNoSteps=False)
    assert lab.state(cluster_id) == "RUNNING"
    lab.clock.sleep(STEP_SECONDS)
    assert lab.state(cluster_id) == "TERMINATING"


def test_keep_alive_taken_away_ends_an_idle_cluster_now() -> None:
    lab = Lab()
    cluster_id = lab.ready()
    lab.call("SetKeepJobFlowAliveWhenNoSteps", JobFlowIds=[cluster_id], KeepJobFlowAliveWhenNoSteps=False)
    assert lab.state(cluster_id) == "TERMINATING"


def test_steps_given_at_creation_wait_for_the_cluster() -> None:
    lab = Lab()
    cluster_id = lab.run(groups(Steps=[step()]))
    assert lab.step_states(cluster_id) == ["PENDING"]
    lab.clock.sleep(READY_SECONDS)
    assert (lab.state(cluster_id), lab.step_states(cluster_id)) == ("RUNNING", ["RUNNING"])
    assert lab.reason(cluster_id) == {"Message": "Running step"}


def test_describe_cluster_shows_what_aws_shows() -> None:
    lab = Lab()
    request = fleets(
        Tags=[{"Key": "team", "Value": "data"}],
        Applications=[{"Name": "Spark"}],
        LogUri="s3://logs/emr/",
        AutoTerminationPolicy={"IdleTimeout": 600},
        Configurations=[{"Classification": "spark", "Properties": {"a": "b"}}],
    )
    cluster_id = lab.ready(request)
    shown = lab.cluster(cluster_id)
    assert shown["InstanceCollectionType"] == "INSTANCE_FLEET"
    assert shown["Tags"] == [{"Key": "team", "Value": "data"}]
    assert shown["LogUri"] == "s3://logs/emr/"
    assert shown["ScaleDownBehavior"] == "TERMINATE_AT_TASK_COMPLETION"
    assert shown["MasterPublicDnsName"].startswith("ip-10-")
    assert shown["NormalizedInstanceHours"] == 3 * 8
    assert shown["ClusterArn"] == f"arn:aws:elasticmapreduce:us-east-1:000000000000:cluster/{cluster_id}"
    assert not {"AutoTerminationPolicy", "ManagedScalingPolicy", "Instances", "Steps"} & set(shown)


def test_a_description_is_a_copy() -> None:
    lab = Lab()
    cluster_id = lab.run(groups(Configurations=[{"Classification": "spark", "Properties": {"a": "b"}}]))
    lab.cluster(cluster_id)["Configurations"][0]["Properties"]["a"] = "changed"
    assert lab.cluster(cluster_id)["Configurations"][0]["Properties"] == {"a": "b"}


def test_instance_types_and_a_count_are_groups() -> None:
    lab = Lab()
    request = groups()
    request["Instances"] = {"MasterInstanceType": "m5.xlarge", "SlaveInstanceType": "r5.xlarge", "InstanceCount": 3}
    shown = lab.call("ListInstanceGroups", ClusterId=lab.run(request))["InstanceGroups"]
    assert [(pool["InstanceGroupType"], pool["InstanceType"], pool["RequestedInstanceCount"]) for pool in shown] == [
        ("MASTER", "m5.xlarge", 1),
        ("CORE", "r5.xlarge", 2),
    ]
