"""What a policy is compared with: EMR's managed scaling and clusters of a fixed size, all of the same nodes.

Nodes have the containers of an instance type as a whole: one per four vCPUs, as the sizes of this project have them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.scaling.managed import Planned, managed_scaling_policy
from lambdas.scaling.policy import auto_scaling_policy
from lambdas.specs import Catalogue
from lambdas.specs.scaling import MANAGED, CustomScaling, ManagedLimits, Scaling, TaskGroup
from scripts.bench.scaling.traces import Trace
from scripts.local.emr.capacity import VCPUS_PER_CONTAINER


@dataclass(frozen=True)
class Alternative:
    """One way to run a load.

    Attributes
    ----------
    groups
        ``Instances.InstanceGroups`` of ``RunJobFlow``.
    managed
        Its ``ManagedScalingPolicy``; none when EMR does not scale by itself.
    """

    name: str
    groups: list[dict[str, Any]]
    managed: dict[str, Any] | None = None


def alternatives(scaling: Scaling, nodes: CustomScaling, trace: Trace, catalogue: Catalogue) -> list[Alternative]:
    """Return the policy first, then what it is compared with.

    Parameters
    ----------
    scaling
        The policy.
    nodes
        Whose nodes and limits all alternatives have; ``scaling`` itself where it is custom.
    trace
        The load: its mean and its peak give two of the fixed sizes.
    catalogue
        Knows the instance types.
    """
    starting = [group.min for group in nodes.task_groups]
    found = [Alternative(MANAGED, _groups(nodes, starting), _managed(nodes, ManagedLimits()))]
    if isinstance(scaling, CustomScaling):
        found.insert(0, Alternative(scaling.name, _groups(nodes, starting, scaling)))
    elif scaling.name != MANAGED:
        found.insert(0, Alternative(scaling.name, _groups(nodes, starting), _managed(nodes, scaling.managed)))
    for name, containers in (("fixed, minimum", 0.0), ("fixed, mean", trace.mean), ("fixed, peak", trace.peak)):
        found.append(Alternative(name, _groups(nodes, task_nodes(nodes, containers, catalogue))))
    return found


def task_nodes(nodes: CustomScaling, containers: float, catalogue: Catalogue) -> list[int]:
    """Return the nodes of each task group for so many containers, within its limits; the first group fills up first."""
    missing = containers - nodes.minimum.core.count * _room(nodes.minimum.core.type, catalogue)
    counts = []
    for group in nodes.task_groups:
        room = _room(group.types[0], catalogue)
        counts.append(min(max(math.ceil(missing / room), group.min), group.max))
        missing -= counts[-1] * room
    return counts


def _room(instance_type: str, catalogue: Catalogue) -> int:
    return max(catalogue.get(instance_type).vcpu // VCPUS_PER_CONTAINER, 1)


def _groups(
    nodes: CustomScaling, task_counts: Sequence[int], policy: CustomScaling | None = None
) -> list[dict[str, Any]]:
    primary, core = nodes.minimum.primary, nodes.minimum.core
    return [
        _group("primary", "MASTER", primary.type, primary.count),
        _group("core", "CORE", core.type, core.count),
        *(_task_group(group, count, policy) for group, count in zip(nodes.task_groups, task_counts, strict=True)),
    ]


def _task_group(group: TaskGroup, count: int, policy: CustomScaling | None) -> dict[str, Any]:
    """Return a task group on spot, of the first of its types."""
    found = _group(group.name, "TASK", group.types[0], count, "SPOT")
    if policy is None:
        return found
    return found | {"AutoScalingPolicy": auto_scaling_policy(policy.rules, group.min, group.max)}


def _group(name: str, role: str, instance_type: str, count: int, market: str = "ON_DEMAND") -> dict[str, Any]:
    return {"Name": name, "InstanceRole": role, "Market": market, "InstanceType": instance_type, "InstanceCount": count}


def _managed(nodes: CustomScaling, limits: ManagedLimits) -> dict[str, Any]:
    """Return the ``ManagedScalingPolicy`` of some limits, within those of the nodes where they are left out."""
    core = nodes.minimum.core.count
    planned = Planned(core + sum(group.max for group in nodes.task_groups), core, "spot")
    return managed_scaling_policy(limits, planned, "groups")
