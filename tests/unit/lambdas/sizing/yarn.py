"""YARN on the nodes a request asks for: containers placed one by one, as the capacity scheduler does.

It counts memory, and cores when told so by its resource calculator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.sizing.emit import Emitted
from lambdas.specs.catalogue import Catalogue, InstanceType


@dataclass
class Node:
    """A node manager: the MiB it offers to YARN, what is left of them and of its cores, the executors it runs."""

    kind: InstanceType
    is_core: bool
    offered_mib: int
    free_mib: int
    free_cores: int
    executors: int = 0


@dataclass(frozen=True)
class Settings:
    """What Spark asks for and how YARN answers, as emitted; MiB."""

    driver_mib: int
    driver_cores: int
    executor_mib: int
    executor_cores: int
    executors: int
    rounding_mib: int
    largest_mib: int
    counts_cores: bool

    @classmethod
    def of(cls, emitted: Emitted) -> "Settings":
        spark, yarn, scheduler = (
            properties(emitted.configurations, name) for name in ("spark-defaults", "yarn-site", "capacity-scheduler")
        )
        return cls(
            driver_mib=_mib(spark["spark.driver.memory"]) + _mib(spark["spark.driver.memoryOverhead"]),
            driver_cores=int(spark["spark.driver.cores"]),
            executor_mib=_mib(spark["spark.executor.memory"]) + _mib(spark["spark.executor.memoryOverhead"]),
            executor_cores=int(spark["spark.executor.cores"]),
            executors=int(spark["spark.dynamicAllocation.maxExecutors"]),
            rounding_mib=int(yarn["yarn.scheduler.minimum-allocation-mb"]),
            largest_mib=int(yarn["yarn.scheduler.maximum-allocation-mb"]),
            counts_cores=scheduler["yarn.scheduler.capacity.resource-calculator"].endswith(
                ".DominantResourceCalculator"
            ),
        )


def properties(configurations: list[dict[str, Any]], name: str) -> dict[str, str]:
    """Return the properties of a classification, or none."""
    return next((each["Properties"] for each in configurations if each["Classification"] == name), {})


def nodes_of(emitted: Emitted, catalogue: Catalogue, choices: Sequence[int]) -> list[Node]:
    """Return the core and task nodes when EC2 gives, in turn, the types of these numbers, counted round a pool's."""
    nodes: list[Node] = []
    for role, types, units in _pools(emitted):
        for _ in range(units):
            config = types[choices[len(nodes) % len(choices)] % len(types)]
            offered = properties(emitted.configurations, "yarn-site") | properties(
                config.get("Configurations", []), "yarn-site"
            )
            memory = int(offered["yarn.nodemanager.resource.memory-mb"])
            cores = int(offered["yarn.nodemanager.resource.cpu-vcores"])
            nodes.append(Node(catalogue.get(config["InstanceType"]), role == "CORE", memory, memory, cores))
    return nodes


def place(nodes: Sequence[Node], settings: Settings, driver_on: int) -> int:
    """Place the driver on one of the core nodes, then executors while there is room; return how many were placed.

    All executors are alike, so that the order of the nodes does not matter.
    """
    core = [node for node in nodes if node.is_core]
    assert _start(core[driver_on % len(core)], settings.driver_mib, settings.driver_cores, settings)
    placed = 0
    for node in nodes:
        while placed < settings.executors and _start(node, settings.executor_mib, settings.executor_cores, settings):
            node.executors += 1
            placed += 1
    return placed


def _start(node: Node, memory: int, cores: int, settings: Settings) -> bool:
    rounded = -(-memory // settings.rounding_mib) * settings.rounding_mib
    assert rounded <= settings.largest_mib, "YARN refuses the request"
    if rounded > node.free_mib or (settings.counts_cores and cores > node.free_cores):
        return False
    node.free_mib -= rounded
    node.free_cores -= cores
    return True


def _pools(emitted: Emitted) -> list[tuple[str, list[dict[str, Any]], int]]:
    fleets = [
        (
            fleet["InstanceFleetType"],
            fleet["InstanceTypeConfigs"],
            fleet["TargetOnDemandCapacity"] + fleet["TargetSpotCapacity"],
        )
        for fleet in emitted.instance_fleets
    ]
    groups = [(group["InstanceRole"], [group], group["InstanceCount"]) for group in emitted.instance_groups]
    return [pool for pool in (*fleets, *groups) if pool[0] != "MASTER"]


def _mib(text: str) -> int:
    assert text.endswith("m")
    return int(text[:-1])
