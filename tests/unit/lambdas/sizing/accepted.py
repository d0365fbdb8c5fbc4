"""What EMR says to a size, and what a size needs of a node: judged by the engine, and by packing containers."""

from typing import Any

from lambdas.sizing.emit import Emitted
from lambdas.sizing.layout import Layout
from lambdas.specs import Cluster, load_catalogue, load_cluster
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.runner import ScriptedRunner

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


def assert_emr_takes(emitted: Emitted, cluster: Cluster, subnets: tuple[str, ...]) -> None:
    """Start the cluster as the machine would; an engine that refuses it raises."""
    clock = VirtualClock()
    engine = EmrEngine(clock, ScriptedRunner(clock))
    engine.call(
        "RunJobFlow",
        {
            "Name": "run",
            "ReleaseLabel": cluster.release,
            "Instances": {
                "KeepJobFlowAliveWhenNoSteps": True,
                "Ec2SubnetIds": list(subnets),
                "InstanceFleets": emitted.instance_fleets,
            },
            "Configurations": emitted.configurations,
            "ManagedScalingPolicy": emitted.managed_scaling,
            "ScaleDownBehavior": "TERMINATE_AT_TASK_COMPLETION",
        },
    )


def units_of(emitted: Emitted) -> dict[str, int]:
    """Return the nodes of each fleet."""
    return {
        fleet["Name"]: fleet["TargetOnDemandCapacity"] + fleet["TargetSpotCapacity"]
        for fleet in emitted.instance_fleets
    }


def assert_packs(emitted: Emitted, layout: Layout) -> None:
    """Assert that the smallest type of every fleet of workers holds its executors, and the driver beside them."""
    defaults = next(each for each in emitted.configurations if each["Classification"] == "spark-defaults")["Properties"]
    executor = _mib(defaults, "spark.executor.memory") + _mib(defaults, "spark.executor.memoryOverhead")
    driver = _mib(defaults, "spark.driver.memory") + _mib(defaults, "spark.driver.memoryOverhead")
    workers = sum(units for name, units in units_of(emitted).items() if name != "primary")
    executors = int(defaults["spark.dynamicAllocation.maxExecutors"])
    for fleet in emitted.instance_fleets:
        if fleet["Name"] == "primary":
            continue
        for kind in fleet["InstanceTypeConfigs"]:
            known = CATALOGUE.get(kind["InstanceType"])
            assert (known.yarn_memory_mib - driver) // executor * workers >= executors, known.type
            assert executors // workers * int(defaults["spark.executor.cores"]) <= known.vcpu, known.type
    assert executor == layout.container_mib
    assert driver == layout.driver_heap_mib + layout.driver_overhead_mib


def _mib(properties: dict[str, Any], name: str) -> int:
    text = properties[name]
    assert text.endswith("m")
    return int(text[:-1])
