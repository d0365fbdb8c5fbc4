"""What EMR says to a size, and what a size needs of a node: judged by the engine, and by packing containers."""

from typing import Any

from lambdas.sizing.emit import Emitted
from lambdas.sizing.layout import Layout
from lambdas.specs import Cluster, load_catalogue, load_cluster
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.runner import ScriptedRunner
from tests.unit.lambdas.sizing.yarn import Settings, nodes_of, place

CATALOGUE = load_catalogue("us-east-1")
SPARK = load_cluster("spark")
INTEL = SPARK.model_copy(
    update={
        "architecture": "x86_64",
        "primary_type": "m5.xlarge",
        "families": ("m5", "r5", "c5"),
        "task_market": "on_demand",
    }
)
ONE_FAMILY = SPARK.model_copy(update={"families": ("m7g",)})
GROUPS = SPARK.model_copy(update={"capacity": "groups"})


def assert_emr_takes(emitted: Emitted, cluster: Cluster, subnets: tuple[str, ...]) -> None:
    """Start the cluster as the machine would; an engine that refuses it raises."""
    clock = VirtualClock()
    engine = EmrEngine(clock, ScriptedRunner(clock))
    engine.call(
        "RunJobFlow",
        {
            "Name": "run",
            "ReleaseLabel": cluster.release,
            "Instances": {"KeepJobFlowAliveWhenNoSteps": True, **_instances(emitted, subnets)},
            "Configurations": emitted.configurations,
            **({"ManagedScalingPolicy": emitted.managed_scaling} if emitted.managed_scaling else {}),
            "AutoScalingRole": "emr-auto-scaling",
            "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
        },
    )


def units_of(emitted: Emitted) -> dict[str, int]:
    """Return the nodes of each fleet or group."""
    fleets = {
        fleet["Name"]: fleet["TargetOnDemandCapacity"] + fleet["TargetSpotCapacity"]
        for fleet in emitted.instance_fleets
    }
    return fleets | {group["Name"]: group["InstanceCount"] for group in emitted.instance_groups}


def assert_packs(emitted: Emitted, layout: Layout) -> None:
    """Assert that nodes of any type of the request hold all executors, and the driver beside them."""
    settings = Settings.of(emitted)
    assert settings.executor_mib == layout.container_mib
    assert settings.driver_mib == layout.driver_container_mib
    assert settings.executor_cores == layout.cores
    nodes = nodes_of(emitted, CATALOGUE, [0])
    assert place(nodes, settings, driver_on=0) == settings.executors
    for node in nodes:
        assert node.executors * layout.cores <= node.kind.vcpu
    for fleet in emitted.instance_fleets[1:]:
        for kind in fleet["InstanceTypeConfigs"]:
            known = CATALOGUE.get(kind["InstanceType"])
            assert nodes[0].offered_mib <= known.yarn_memory_mib, known.type
            assert nodes[0].executors * layout.cores <= known.vcpu, known.type


def _instances(emitted: Emitted, subnets: tuple[str, ...]) -> dict[str, Any]:
    if emitted.instance_groups:
        return {"InstanceGroups": emitted.instance_groups, "Ec2SubnetId": subnets[0]}
    return {"InstanceFleets": emitted.instance_fleets, "Ec2SubnetIds": list(subnets)}
