"""A shape as EMR's uniform instance groups, in EMR's own names: what custom automatic scaling needs."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from lambdas.scaling.policy import auto_scaling_policy
from lambdas.sizing.configurations import yarn_site
from lambdas.sizing.elastic import Elastic
from lambdas.sizing.fleets import primary_types, worker_disks
from lambdas.sizing.layout import Layout
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster, Market

_MARKETS: dict[Market, str] = {"spot": "SPOT", "on_demand": "ON_DEMAND"}


def instance_groups(
    shape: Shape, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = (), spill_bytes: int = 0
) -> list[dict[str, Any]]:
    """Return ``Instances.InstanceGroups`` of ``RunJobFlow``.

    A group has one type and one market; the primary's is none of ``without`` where others will do. Spot without a
    ``BidPrice`` costs up to the on-demand price, and there is no falling back to on demand.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceGroupConfig.html
    """
    primary = primary_types(cluster, catalogue, without)[0].type
    disks = worker_disks(shape.instance_type, shape.workers, spill_bytes)
    worker = {"InstanceType": shape.instance_type.type, **disks}
    groups = [
        _group("primary", "MASTER", 1, {"InstanceType": primary}),
        _group("core", "CORE", shape.core_nodes, worker),
    ]
    if shape.task_nodes:
        node = worker | _executors_only(shape.layout)
        groups.append(_group("task", "TASK", shape.task_nodes, node, _MARKETS[cluster.task_market]))
    return groups


def elastic_groups(elastic: Elastic, spill_bytes: int, workers: int) -> list[dict[str, Any]]:
    """Return ``Instances.InstanceGroups`` of a cluster that starts small and that a policy scales.

    Parameters
    ----------
    spill_bytes, workers
        What the workers' disks must hold together, and how many there are likely to be. Core nodes are there from the
        start and hold what is written before others come.
    """
    minimum = elastic.policy.minimum
    core_disks = worker_disks(elastic.core, elastic.workers, spill_bytes)
    groups = [
        _group("primary", "MASTER", minimum.primary.count, {"InstanceType": minimum.primary.type}),
        _group("core", "CORE", elastic.core_nodes, {"InstanceType": elastic.core_type, **core_disks}),
    ]
    for group in elastic.groups:
        node = {
            "InstanceType": group.instance_type.type,
            **worker_disks(group.instance_type, workers, spill_bytes),
            **_executors_only(replace(elastic.layout, executors=elastic.executors_on(group.instance_type))),
            "AutoScalingPolicy": auto_scaling_policy(elastic.policy.rules, group.minimum, group.maximum),
        }
        groups.append(_group(group.name, "TASK", group.minimum, node, _MARKETS[elastic.market]))
    return groups


def _executors_only(layout: Layout) -> dict[str, Any]:
    """No driver starts on a task node; memory kept for one would look available to an automatic scaling policy."""
    memory = str(layout.executors * layout.container_mib)
    properties = {**yarn_site(layout), "yarn.nodemanager.resource.memory-mb": memory}
    return {"Configurations": [{"Classification": "yarn-site", "Properties": properties}]}


def _group(name: str, role: str, count: int, node: dict[str, Any], market: str = "ON_DEMAND") -> dict[str, Any]:
    return {"Name": name, "InstanceRole": role, "Market": market, "InstanceCount": count, **node}
