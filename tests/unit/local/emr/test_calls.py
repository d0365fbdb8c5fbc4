"""The smaller calls: lists, tags, policies, protection, resizing, unknown ids."""

import datetime
from typing import Any

import pytest

from scripts.local.emr.errors import EmrApiError
from tests.unit.local.emr.lab import END_SECONDS, READY_SECONDS, Lab, fleet, fleets, group, groups, step
from tests.unit.local.emr.test_validation import limits, scaling_policy

GHOST = "j-GHOST"


class TestLists:
    def test_clusters_newest_first_in_pages_of_50(self) -> None:
        lab = Lab()
        made = [lab.run(groups()) for _ in range(51)]
        first = lab.call("ListClusters")
        assert [item["Id"] for item in first["Clusters"]] == made[:0:-1]
        second = lab.call("ListClusters", Marker=first["Marker"])
        assert [item["Id"] for item in second["Clusters"]] == made[:1]
        assert "Marker" not in second

    def test_clusters_by_state_and_creation(self) -> None:
        lab = Lab()
        old = lab.ready()
        new = lab.run(groups())
        by_state = lab.call("ListClusters", ClusterStates=["WAITING"])["Clusters"]
        assert [item["Id"] for item in by_state] == [old]
        moment = lab.start + 1
        for between in (moment, datetime.datetime.fromtimestamp(moment, datetime.UTC)):
            after = lab.call("ListClusters", CreatedAfter=between)["Clusters"]
            before = lab.call("ListClusters", CreatedBefore=between)["Clusters"]
            assert ([item["Id"] for item in after], [item["Id"] for item in before]) == ([new], [old])

    def test_steps_newest_first_in_pages_of_50(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        made = lab.add(cluster_id, *[step()] * 60)
        first = lab.call("ListSteps", ClusterId=cluster_id)
        second = lab.call("ListSteps", ClusterId=cluster_id, Marker=first["Marker"])
        assert [item["Id"] for item in first["Steps"] + second["Steps"]] == made[::-1]

    def test_chosen_steps_in_their_order(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        made = lab.add(cluster_id, step(), step(), step())
        pending = lab.call("ListSteps", ClusterId=cluster_id, StepStates=["PENDING"])["Steps"]
        assert [item["Id"] for item in pending] == made[1:]
        chosen = lab.call("ListSteps", ClusterId=cluster_id, StepIds=[made[2], made[0]])["Steps"]
        assert [item["Id"] for item in chosen] == [made[0], made[2]]

    def test_a_false_marker_is_refused(self) -> None:
        with pytest.raises(EmrApiError, match="Marker 'x' is not valid"):
            Lab().call("ListClusters", Marker="x")

    def test_instances_by_group(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        core = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][1]
        for chosen in ({"InstanceGroupTypes": ["CORE"]}, {"InstanceGroupId": core["Id"]}):
            shown = lab.call("ListInstances", ClusterId=cluster_id, **chosen)["Instances"]
            assert [item["InstanceGroupId"] for item in shown] == [core["Id"]] * 2

    @pytest.mark.parametrize(
        ("action", "request_", "chosen"),
        [
            ("ListInstanceGroups", fleets(), {}),
            ("ListInstanceFleets", groups(), {}),
            ("ListInstances", fleets(), {"InstanceGroupTypes": ["CORE"]}),
            ("ListInstances", groups(), {"InstanceFleetType": "CORE"}),
            ("ModifyInstanceFleet", groups(), {"InstanceFleet": {"InstanceFleetId": "if-X"}}),
        ],
    )
    def test_groups_are_not_fleets(self, action: str, request_: dict[str, Any], chosen: dict[str, Any]) -> None:
        lab = Lab()
        cluster_id = lab.ready(request_)
        with pytest.raises(EmrApiError, match="mutually exclusive") as refused:
            lab.call(action, ClusterId=cluster_id, **chosen)
        assert refused.value.code == "InvalidRequestException"

    def test_a_scaling_policy_is_shown_attached(self) -> None:
        lab = Lab()
        request = groups(group("MASTER"), group("CORE", **scaling_policy()), AutoScalingRole="r")
        core = lab.call("ListInstanceGroups", ClusterId=lab.ready(request))["InstanceGroups"][1]
        assert core["AutoScalingPolicy"]["Status"]["State"] == "ATTACHED"

    def test_ebs_volumes_are_shown(self) -> None:
        lab = Lab()
        volume = {"VolumeType": "gp3", "SizeInGB": 100}
        ebs = {"EbsBlockDeviceConfigs": [{"VolumeSpecification": volume, "VolumesPerInstance": 2}]}
        core = fleet("CORE", 1, InstanceTypeConfigs=[{"InstanceType": "m5.xlarge", "EbsConfiguration": ebs}])
        cluster_id = lab.run(fleets(fleet("MASTER", 1), core))
        shown = lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"][1]
        devices = shown["InstanceTypeSpecifications"][0]["EbsBlockDevices"]
        assert [item["Device"] for item in devices] == ["/dev/sdb", "/dev/sdc"]


class TestIds:
    @pytest.mark.parametrize(
        ("action", "params", "code", "text"),
        [
            ("DescribeCluster", {"ClusterId": GHOST}, "InvalidRequestException", f"Cluster id '{GHOST}' is not valid."),
            ("DescribeCluster", {"ClusterId": "$.x"}, "ValidationException", "clusterId '$.x' is not valid."),
            (
                "AddJobFlowSteps",
                {"JobFlowId": "$.x", "Steps": [step()]},
                "ValidationException",
                "jobFlowId '$.x' is not valid.",
            ),
            (
                "AddJobFlowSteps",
                {"JobFlowId": GHOST, "Steps": [step()]},
                "ValidationException",
                "Specified job flow ID does not exist.",
            ),
            (
                "TerminateJobFlows",
                {"JobFlowIds": [GHOST]},
                "ValidationException",
                "Specified job flow ID does not exist.",
            ),
        ],
    )
    def test_unknown_clusters(self, action: str, params: dict[str, Any], code: str, text: str) -> None:
        with pytest.raises(EmrApiError) as refused:
            Lab().call(action, **params)
        assert (refused.value.code, refused.value.message) == (code, text)

    def test_unknown_steps(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        with pytest.raises(EmrApiError, match="Step id 's-X' is not valid"):
            lab.step(cluster_id, "s-X")
        with pytest.raises(EmrApiError, match="Step id 's-X' is not valid"):
            lab.call("CancelSteps", ClusterId=cluster_id, StepIds=["s-X"])

    def test_billing_of_an_unknown_cluster(self) -> None:
        with pytest.raises(EmrApiError):
            Lab().engine.billing(GHOST)


class TestProtection:
    def test_the_unprotected_end_and_the_call_fails(self) -> None:
        lab = Lab()
        protected, free = lab.ready(groups(protected=True)), lab.ready()
        with pytest.raises(EmrApiError, match="Could not shut down one or more job flows") as refused:
            lab.call("TerminateJobFlows", JobFlowIds=[protected, free])
        assert refused.value.code == "ValidationException"
        assert (lab.state(protected), lab.state(free)) == ("WAITING", "TERMINATING")

    def test_it_can_be_taken_away(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(groups(protected=True))
        lab.call("SetTerminationProtection", JobFlowIds=[cluster_id], TerminationProtected=False)
        lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
        assert lab.state(cluster_id) == "TERMINATING"

    def test_at_most_ten_at_once(self) -> None:
        lab = Lab()
        made = [lab.run(groups()) for _ in range(11)]
        with pytest.raises(EmrApiError, match="At most 10"):
            lab.call("TerminateJobFlows", JobFlowIds=made)
        assert lab.state(made[0]) == "STARTING"


class TestTags:
    def test_add_overwrite_remove(self) -> None:
        lab = Lab()
        cluster_id = lab.run(groups(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}]))
        lab.call("AddTags", ResourceId=cluster_id, Tags=[{"Key": "a", "Value": "2"}, {"Key": "c", "Value": "3"}])
        lab.call("RemoveTags", ResourceId=cluster_id, TagKeys=["b", "unknown"])
        assert lab.cluster(cluster_id)["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "c", "Value": "3"}]

    def test_not_on_ended_clusters(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
        lab.clock.sleep(END_SECONDS)
        with pytest.raises(EmrApiError, match="terminated clusters") as refused:
            lab.call("AddTags", ResourceId=cluster_id, Tags=[{"Key": "a", "Value": "2"}])
        assert refused.value.code == "InvalidRequestException"


class TestPolicies:
    def test_an_idle_cluster_ends_itself(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(groups(AutoTerminationPolicy={"IdleTimeout": 600}))
        lab.clock.sleep(500)
        lab.add(cluster_id, step())
        lab.clock.sleep(120 + 599)
        assert lab.state(cluster_id) == "WAITING"
        lab.clock.sleep(1 + END_SECONDS)
        assert lab.state(cluster_id) == "TERMINATED"

    def test_the_policy_can_be_set_shown_and_removed(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        assert lab.call("GetAutoTerminationPolicy", ClusterId=cluster_id) == {}
        lab.call("PutAutoTerminationPolicy", ClusterId=cluster_id, AutoTerminationPolicy={})
        shown = lab.call("GetAutoTerminationPolicy", ClusterId=cluster_id)
        assert shown == {"AutoTerminationPolicy": {"IdleTimeout": 3600}}
        lab.call("RemoveAutoTerminationPolicy", ClusterId=cluster_id)
        lab.clock.sleep(4000)
        assert lab.state(cluster_id) == "WAITING"
        lab.call("PutAutoTerminationPolicy", ClusterId=cluster_id, AutoTerminationPolicy={"IdleTimeout": 60})
        lab.clock.sleep(60)
        assert lab.state(cluster_id) == "TERMINATING"

    def test_managed_scaling_is_kept(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(fleets())
        assert lab.call("GetManagedScalingPolicy", ClusterId=cluster_id) == {}
        lab.call("PutManagedScalingPolicy", ClusterId=cluster_id, **limits())
        assert lab.call("GetManagedScalingPolicy", ClusterId=cluster_id) == limits()
        lab.call("RemoveManagedScalingPolicy", ClusterId=cluster_id)
        assert lab.call("GetManagedScalingPolicy", ClusterId=cluster_id) == {}

    def test_managed_scaling_does_not_mix_with_custom_policies(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(groups(group("MASTER"), group("CORE", **scaling_policy()), AutoScalingRole="r"))
        with pytest.raises(EmrApiError, match="both a managed scaling policy"):
            lab.call("PutManagedScalingPolicy", ClusterId=cluster_id, **limits("Instances"))


class TestModification:
    @pytest.mark.parametrize(
        ("action", "params"),
        [
            ("SetTerminationProtection", {"JobFlowIds": None, "TerminationProtected": True}),
            ("SetKeepJobFlowAliveWhenNoSteps", {"JobFlowIds": None, "KeepJobFlowAliveWhenNoSteps": True}),
            ("ModifyCluster", {"ClusterId": None, "StepConcurrencyLevel": 2}),
            ("PutAutoTerminationPolicy", {"ClusterId": None, "AutoTerminationPolicy": {"IdleTimeout": 60}}),
            ("RemoveAutoTerminationPolicy", {"ClusterId": None}),
            ("PutManagedScalingPolicy", {"ClusterId": None} | limits("Instances")),
            ("RemoveManagedScalingPolicy", {"ClusterId": None}),
        ],
    )
    def test_ending_clusters_may_not_be_modified(self, action: str, params: dict[str, Any]) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        lab.call("TerminateJobFlows", JobFlowIds=[cluster_id])
        filled = {"JobFlowIds": [cluster_id], "ClusterId": cluster_id}
        params = {name: filled[name] if value is None else value for name, value in params.items()}
        for _ in range(2):
            with pytest.raises(EmrApiError, match="may not be modified") as refused:
                lab.call(action, **params)
            assert refused.value.code == "ValidationException"
            lab.clock.sleep(END_SECONDS)

    def test_a_group_grows_and_shrinks(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        core = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][1]["Id"]

        def to(count: int) -> tuple[str, int]:
            change = [{"InstanceGroupId": core, "InstanceCount": count}]
            lab.call("ModifyInstanceGroups", ClusterId=cluster_id, InstanceGroups=change)
            return shown()

        def shown() -> tuple[str, int]:
            item = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][1]
            return item["Status"]["State"], item["RunningInstanceCount"]

        assert to(4) == ("RESIZING", 2)
        lab.clock.sleep(READY_SECONDS)
        assert shown() == ("RUNNING", 4)
        assert to(1) == ("RUNNING", 1)

    def test_named_instances_leave(self) -> None:
        lab = Lab()
        cluster_id = lab.ready()
        core = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][1]["Id"]
        first, second = lab.call("ListInstances", ClusterId=cluster_id, InstanceGroupTypes=["CORE"])["Instances"]
        change = [{"InstanceGroupId": core, "EC2InstanceIdsToTerminate": [first["Ec2InstanceId"]]}]
        lab.call("ModifyInstanceGroups", InstanceGroups=change)
        left = lab.call("ListInstances", ClusterId=cluster_id, InstanceGroupId=core, InstanceStates=["RUNNING"])
        assert [item["Id"] for item in left["Instances"]] == [second["Id"]]

    def test_a_fleet_grows_and_shrinks(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(fleets())
        core = lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"][1]["Id"]

        def to(on_demand: int, spot: int) -> tuple[int, int]:
            change = {"InstanceFleetId": core, "TargetOnDemandCapacity": on_demand, "TargetSpotCapacity": spot}
            lab.call("ModifyInstanceFleet", ClusterId=cluster_id, InstanceFleet=change)
            lab.clock.sleep(READY_SECONDS)
            item = lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"][1]
            assert (item["TargetOnDemandCapacity"], item["TargetSpotCapacity"]) == (on_demand, spot)
            return item["ProvisionedOnDemandCapacity"], item["ProvisionedSpotCapacity"]

        assert to(3, 2) == (3, 2)
        assert to(1, 0) == (1, 0)

    @pytest.mark.parametrize("kind", ["group", "fleet"])
    def test_not_before_the_cluster_is_ready(self, kind: str) -> None:
        lab = Lab()
        cluster_id = lab.run(groups() if kind == "group" else fleets())
        with pytest.raises(EmrApiError, match="only be modified when the cluster is running or waiting") as refused:
            self._modify(lab, cluster_id, kind, pool=1)
        assert refused.value.code == ("ValidationException" if kind == "group" else "InvalidRequestException")

    @pytest.mark.parametrize("kind", ["group", "fleet"])
    def test_the_primary_stays(self, kind: str) -> None:
        lab = Lab()
        cluster_id = lab.ready(groups() if kind == "group" else fleets())
        with pytest.raises(EmrApiError, match=f"master instance {kind}"):
            self._modify(lab, cluster_id, kind, pool=0)

    def test_unknown_pools(self) -> None:
        lab = Lab()
        cluster_id = lab.ready(fleets())
        with pytest.raises(EmrApiError, match="'if-X' is not valid"):
            lab.call("ModifyInstanceFleet", ClusterId=cluster_id, InstanceFleet={"InstanceFleetId": "if-X"})
        with pytest.raises(EmrApiError, match="'ig-X' is not valid"):
            lab.call("ModifyInstanceGroups", InstanceGroups=[{"InstanceGroupId": "ig-X"}])

    @staticmethod
    def _modify(lab: Lab, cluster_id: str, kind: str, pool: int) -> None:
        if kind == "group":
            found = lab.call("ListInstanceGroups", ClusterId=cluster_id)["InstanceGroups"][pool]["Id"]
            lab.call("ModifyInstanceGroups", InstanceGroups=[{"InstanceGroupId": found, "InstanceCount": 3}])
        else:
            found = lab.call("ListInstanceFleets", ClusterId=cluster_id)["InstanceFleets"][pool]["Id"]
            change = {"InstanceFleetId": found, "TargetOnDemandCapacity": 3}
            lab.call("ModifyInstanceFleet", ClusterId=cluster_id, InstanceFleet=change)
