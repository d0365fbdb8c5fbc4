"""How many containers the nodes of a cluster hold: its memory settings over EMR's memory per instance type."""

import functools
import re
from collections.abc import Sequence

from lambdas.specs import InstanceType, load_catalogue
from scripts.local.emr.model import Cluster, Instance, Params, Pool
from scripts.local.emr.yarn import Room

VCPUS_PER_CONTAINER = 4
"""Where the cluster does not say how big its executors are: our choice, that of the project's own sizes."""
OVERHEAD_FACTOR = 0.10
OVERHEAD_MIN_MIB = 384
"""Defaults of `spark.executor.memoryOverheadFactor` and `spark.executor.minMemoryOverhead`:
https://spark.apache.org/docs/latest/configuration.html."""
DECOMMISSION_SECONDS = 3600.0
"""Default of `yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs`: "Graceful Decommission of YARN
Nodes", https://hadoop.apache.org/docs/stable/hadoop-yarn/hadoop-yarn-site/GracefulDecommission.html."""

_MEMORY = "yarn.nodemanager.resource.memory-mb"
_TIMEOUT = "yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs"
# EMR's memory per type is the same in every region; this is the one whose prices come with the project.
_REGION = "us-east-1"
_SIZE = re.compile(r"(\d+)([kmgt]?)b?", re.IGNORECASE)
_MIB = {"k": 1 / 1024, "m": 1.0, "": 1.0, "g": 1024.0, "t": 1024.0 * 1024}


def room(cluster: Cluster, pool: Pool, instance_type: str) -> Room:
    """Return what YARN has on a node of a type.

    A node of a type the catalogue does not know holds one container, unless a `yarn-site` gives its memory.
    """
    key = (pool.id, instance_type)
    if key not in cluster.rooms:
        cluster.rooms[key] = _room(cluster, pool, instance_type)
    return cluster.rooms[key]


def room_of(cluster: Cluster, instance: Instance) -> Room:
    """Return what YARN has on a node."""
    known = cluster.rooms.get((instance.pool_id, instance.type))
    return known or room(cluster, cluster.pool_of(instance), instance.type)


def decommission_timeout(cluster: Cluster, pool: Pool) -> float:
    """Return how long a busy node may take to leave, in seconds: by its group's shrink policy, or by YARN."""
    asked = (pool.shrink_policy or {}).get("DecommissionTimeout")
    found = asked if asked is not None else _setting(_of_cluster(cluster), "yarn-site", _TIMEOUT)
    return DECOMMISSION_SECONDS if found is None else float(found)


def _room(cluster: Cluster, pool: Pool, instance_type: str) -> Room:
    known = _catalogue().get(instance_type)
    settings = _of_cluster(cluster)
    own = _setting(_of_pool(pool, instance_type), "yarn-site", _MEMORY) or _setting(settings, "yarn-site", _MEMORY)
    memory = float(own) if own else float(known.yarn_memory_mib if known else 0)
    container = _container_mib(settings)
    vcpu = known.vcpu if known else 1
    if memory and container:
        return Room(int(memory // container), memory, container, vcpu)
    containers = max(1, vcpu // VCPUS_PER_CONTAINER)
    return Room(containers, memory, memory / containers, vcpu)


def _container_mib(settings: Sequence[Params]) -> float | None:
    heap = _setting(settings, "spark-defaults", "spark.executor.memory")
    if heap is None:
        return None
    overhead = _setting(settings, "spark-defaults", "spark.executor.memoryOverhead")
    return _mib(heap) + (_mib(overhead) if overhead else max(OVERHEAD_MIN_MIB, OVERHEAD_FACTOR * _mib(heap)))


def _mib(text: str) -> float:
    """Return mebibytes; a number without a unit is one of mebibytes, as Spark has it."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"not a size of memory Spark would read: {text!r}; write it like 4g or 4096m")
    return int(found[1]) * _MIB[found[2].lower()]


def _setting(configurations: Sequence[Params], classification: str, name: str) -> str | None:
    for item in configurations:
        if item.get("Classification") == classification and name in item.get("Properties", {}):
            return str(item["Properties"][name])
    return None


def _of_cluster(cluster: Cluster) -> Sequence[Params]:
    return cluster.request.get("Configurations") or ()


def _of_pool(pool: Pool, instance_type: str) -> Sequence[Params]:
    if not pool.is_fleet:
        return pool.config.get("Configurations") or ()
    types = pool.config["InstanceTypeConfigs"]
    return next((item.get("Configurations") or () for item in types if item["InstanceType"] == instance_type), ())


@functools.cache
def _catalogue() -> dict[str, InstanceType]:
    return {known.type: known for known in load_catalogue(_REGION).types}
