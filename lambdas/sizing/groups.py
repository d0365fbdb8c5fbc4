"""A shape as EMR's uniform instance groups, in EMR's own names: what custom automatic scaling needs."""

from collections.abc import Collection
from typing import Any

from lambdas.sizing.configurations import yarn_site
from lambdas.sizing.fleets import primary_types, worker_disks
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster


def instance_groups(
    shape: Shape, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = (), spill_bytes: int = 0
) -> list[dict[str, Any]]:
    """Return ``Instances.InstanceGroups`` of ``RunJobFlow``.

    A group has one type and one market; the primary's is none of ``without`` where others will do. Spot without a
    ``BidPrice`` costs up to the on-demand price, and there is no falling back to on demand.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceGroupConfig.html
    """
    primary = primary_types(cluster, catalogue, without)[0].type
    disks = worker_disks(shape.instance_type, shape, spill_bytes)
    worker = {"InstanceType": shape.instance_type.type, **disks}
    groups = [
        _group("primary", "MASTER", 1, {"InstanceType": primary}),
        _group("core", "CORE", shape.core_nodes, worker),
    ]
    if shape.task_nodes:
        market = "SPOT" if cluster.task_market == "spot" else "ON_DEMAND"
        groups.append(_group("task", "TASK", shape.task_nodes, worker | _executors_only(shape), market))
    return groups


def _executors_only(shape: Shape) -> dict[str, Any]:
    """No driver starts on a task node; memory kept for one would look available to an automatic scaling policy."""
    memory = str(shape.layout.executors * shape.layout.container_mib)
    properties = {**yarn_site(shape), "yarn.nodemanager.resource.memory-mb": memory}
    return {"Configurations": [{"Classification": "yarn-site", "Properties": properties}]}


def _group(name: str, role: str, count: int, node: dict[str, Any], market: str = "ON_DEMAND") -> dict[str, Any]:
    return {"Name": name, "InstanceRole": role, "Market": market, "InstanceCount": count, **node}
