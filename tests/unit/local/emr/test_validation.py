"""What RunJobFlow refuses."""

from typing import Any

import pytest

from scripts.local.emr.errors import EmrApiError
from tests.unit.local.emr.lab import Lab, fleet, fleets, group, groups, request, spot_rule, step

TYPES = tuple(f"m{number}.xlarge" for number in range(31))
MASTER = fleet("MASTER", 1)


def scaling_policy(lowest: int = 1, highest: int = 5, names: tuple[str, ...] = ("out",)) -> dict[str, Any]:
    alarm = {"ComparisonOperator": "LESS_THAN", "MetricName": "YARNMemoryAvailablePercentage", "Period": 300}
    action = {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": 5}}
    trigger = {"CloudWatchAlarmDefinition": alarm | {"Threshold": 15.0}}
    rules = [{"Name": name, "Action": action, "Trigger": trigger} for name in names]
    return {"AutoScalingPolicy": {"Constraints": {"MinCapacity": lowest, "MaxCapacity": highest}, "Rules": rules}}


def disks(count: int = 1, size: int = 100, kind: str = "gp3") -> dict[str, Any]:
    device = {"VolumeSpecification": {"VolumeType": kind, "SizeInGB": size}, "VolumesPerInstance": count}
    return {"EbsConfiguration": {"EbsBlockDeviceConfigs": [device]}}


def with_disks(**wanted: Any) -> dict[str, Any]:
    configs = [{"InstanceType": "m5.xlarge", **disks(**wanted)}]
    return dict(fleet("CORE", 1, InstanceTypeConfigs=configs))


def limits(unit: str = "InstanceFleetUnits", lowest: int = 1, highest: int = 5, **more: int) -> dict[str, Any]:
    base = {"UnitType": unit, "MinimumCapacityUnits": lowest, "MaximumCapacityUnits": highest}
    return {"ManagedScalingPolicy": {"ComputeLimits": base | more}}


REFUSED: list[tuple[dict[str, Any], str]] = [
    # shapes: the message names the path
    ({"Instances": {}}, r'Missing required parameter in input: "Name"'),
    (groups() | {"Nmae": "x"}, 'Unknown parameter in input: "Nmae"'),
    (groups(Name=7), "parameter Name"),
    (groups(group("MASTER", "two")), r"Instances\.InstanceGroups\[0\]\.InstanceCount"),  # type: ignore[arg-type]
    (groups(group("MASTER", Market="CHEAP")), r"'CHEAP' at 'Instances\.InstanceGroups\[0\]\.Market'.*ON_DEMAND, SPOT"),
    (groups(Name="x" * 257), "length less than or equal to 256"),
    (
        fleets(MASTER, fleet("CORE", spot=1, LaunchSpecifications={"SpotSpecification": {}})),
        r"TimeoutDurationMinutes[\s\S]*TimeoutAction",
    ),
    # names, labels
    *[(groups(Name=f"a{character}b"), "cluster name") for character in "<>$|`"],
    (groups(ReleaseLabel="7.14.0"), r"The supplied release label is invalid: 7\.14\.0\."),
    (groups(ReleaseLabel="emr-7.14"), "release label is invalid"),
    (groups(ScaleDownBehavior="TERMINATE_AT_INSTANCE_HOUR"), "TERMINATE_AT_INSTANCE_HOUR"),
    # groups or fleets
    (request({}), "must be specified"),
    (
        request({"InstanceGroups": [group("MASTER")], "InstanceFleets": [MASTER]}),
        "Instance fleets and instance groups are mutually exclusive",
    ),
    # groups
    (groups(group("CORE")), "Zero master instance groups supplied, you must specify exactly one"),
    (groups(group("MASTER"), group("MASTER")), "Two master instance groups"),
    (groups(group("MASTER", 2)), "single instance"),
    (groups(group("MASTER"), group("TASK")), "Clusters with task nodes must also define core nodes."),
    (groups(group("MASTER"), group("CORE"), group("CORE")), "one core instance group"),
    (groups(group("MASTER"), group("CORE", 0)), "instance count"),
    (groups(group("MASTER"), group("CORE"), *[group("TASK")] * 49), "at most 48"),
    (request({"InstanceGroups": [group("MASTER")], "Ec2SubnetIds": ["a", "b"]}), "one subnet"),
    # fleets
    (fleets(fleet("CORE", 1)), "Zero master instance fleets"),
    (fleets(fleet("MASTER", 2)), "can only have a target capacity of 1"),
    (fleets(fleet("MASTER", 1, 1)), "can only have a target capacity of 1"),
    (fleets(MASTER, fleet("TASK", 1)), "must also define core nodes"),
    (fleets(MASTER, fleet("CORE", 1), fleet("CORE", 1)), "one core instance fleet"),
    (fleets(MASTER, fleet("CORE", 0)), "greater than 0"),
    (fleets(MASTER, fleet("CORE", 1, types=())), "at least one instance type"),
    (fleets(MASTER, fleet("CORE", 1, types=TYPES[:6])), "at most 5"),
    (
        fleets(
            MASTER,
            fleet(
                "CORE",
                1,
                types=TYPES,
                LaunchSpecifications={"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}},
            ),
        ),
        "at most 30",
    ),
    (
        fleets(MASTER, fleet("CORE", 1, types=("m5.xlarge",) * 2)),
        r"CORE contains duplicate instance types \[m5.xlarge\]",
    ),
    (
        fleets(MASTER, fleet("CORE", 1, InstanceTypeConfigs=[{"InstanceType": "m5.xlarge", "WeightedCapacity": 0}])),
        "weighted capacity",
    ),
    (fleets(MASTER, fleet("CORE", spot=1, **spot_rule("TERMINATE_CLUSTER", 4))), "from 5 to 1440, not 4"),
    (fleets(MASTER, fleet("CORE", spot=1, **spot_rule("TERMINATE_CLUSTER", 1441))), "from 5 to 1440, not 1441"),
    # disks
    (groups(group("MASTER"), group("CORE", **disks(26))), "at most 25 EBS volumes, not 26"),
    (groups(group("MASTER"), group("CORE", **disks(size=1025))), "CORE volume must be from 5 to 1024"),
    (groups(group("MASTER"), group("CORE", **disks(size=4))), "CORE volume must be from 5 to 1024"),
    (groups(group("MASTER"), group("CORE"), group("TASK", **disks(size=0))), "TASK volume must be from 1 to 1024"),
    (groups(group("MASTER"), group("CORE", **disks(kind="gp4"))), "VolumeType gp4"),
    (fleets(MASTER, with_disks(count=26)), "at most 25 EBS volumes, not 26"),
    (fleets(MASTER, with_disks(size=2000)), "CORE volume must be from 5 to 1024"),
    # steps
    (groups(StepConcurrencyLevel=0), "Invalid step concurrency level. Allowed level is from 1 to 256"),
    (groups(StepConcurrencyLevel=257), "Invalid step concurrency level"),
    (groups(StepConcurrencyLevel=2, Steps=[step(action="TERMINATE_CLUSTER")]), "greater than 1"),
    # auto-termination and scaling
    (groups(AutoTerminationPolicy={"IdleTimeout": 59}), "from 60 to 604800"),
    (groups(AutoTerminationPolicy={"IdleTimeout": 604_801}), "from 60 to 604800"),
    (fleets(MASTER, fleet("CORE", 1) | scaling_policy()), "Unknown parameter.*AutoScalingPolicy"),
    (groups(group("MASTER"), group("CORE", **scaling_policy())), "AutoScalingRole is required"),
    (groups(group("MASTER", **scaling_policy()), AutoScalingRole="r"), "not allowed for a master"),
    (groups(group("MASTER"), group("CORE", **scaling_policy(5, 1)), AutoScalingRole="r"), "MinCapacity"),
    (
        groups(group("MASTER"), group("CORE", **scaling_policy(names=("a", "a"))), AutoScalingRole="r"),
        "must be unique: a",
    ),
    (
        groups(group("MASTER"), group("CORE", **scaling_policy()), AutoScalingRole="r", **limits("Instances")),
        "both a managed scaling policy and automatic scaling",
    ),
    (groups(**limits()), "UnitType"),
    (fleets(**limits("Instances")), "UnitType"),
    (fleets(**limits(lowest=6)), "MinimumCapacityUnits"),
    (fleets(**limits(MaximumCoreCapacityUnits=6)), "MaximumCoreCapacityUnits"),
    (fleets(ManagedScalingPolicy={"UtilizationPerformanceIndex": 50}), "ADVANCED"),
]


@pytest.mark.parametrize(("params", "text"), REFUSED)
def test_refused(params: dict[str, Any], text: str) -> None:
    lab = Lab()
    with pytest.raises(EmrApiError, match=text) as refused:
        lab.run(params)
    assert refused.value.code == "ValidationException"
    assert lab.engine.live_clusters() == []


ACCEPTED: list[dict[str, Any]] = [
    groups(ReleaseLabel="emr-spark-8.1.0"),
    groups(group("MASTER", 3), group("CORE"), group("TASK", 0)),
    groups(group("MASTER"), group("CORE", **scaling_policy()), AutoScalingRole="r"),
    groups(group("MASTER"), group("CORE", **disks(25, 5)), group("TASK", **disks(1, 1))),
    fleets(MASTER),
    fleets(MASTER, with_disks(count=25, size=1024)),
    fleets(MASTER, fleet("CORE", 1), fleet("TASK")),
    fleets(
        MASTER,
        fleet(
            "CORE",
            1,
            types=TYPES[:30],
            LaunchSpecifications={"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}},
        ),
    ),
    fleets(**limits(MaximumCoreCapacityUnits=5, MaximumOnDemandCapacityUnits=0)),
    groups(**limits("Instances")),
    groups(AutoTerminationPolicy={}),
    groups(StepConcurrencyLevel=256, Steps=[step()]),
]


@pytest.mark.parametrize("params", ACCEPTED)
def test_accepted(params: dict[str, Any]) -> None:
    lab = Lab()
    cluster_id = lab.ready(params)
    assert lab.state(cluster_id) in {"WAITING", "RUNNING"}


def test_unknown_actions() -> None:
    with pytest.raises(EmrApiError) as refused:
        Lab().engine.call("MakeCoffee", {})
    assert refused.value.code == "InvalidAction"
