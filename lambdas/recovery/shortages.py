"""Shortages of EC2 capacity: what a failed cluster tells of them, and which rungs of a ladder they leave."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.documents import part, text
from lambdas.runs.plan import ClusterRequest, PlannedRung, Pool
from lambdas.specs.cluster import Market

# A cluster does not become ready without these; task nodes may come later or never.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html
_VITAL_ROLES = frozenset({"MASTER", "CORE"})

# The key of ErrorData that names the types EC2 did not have.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/INTERNAL_ERROR_EC2_INSUFFICIENT_CAPACITY_AZ.html
_TYPE_KEY = "instance-type"


@dataclass(frozen=True, order=True)
class Shortage:
    """EC2 had no instance of a type to give in a subnet."""

    instance_type: str
    subnet: str
    market: Market


def shortages_of(request: ClusterRequest, cluster: Mapping[str, Any] | None) -> list[Shortage]:
    """Return what a cluster that got no capacity tells of it.

    Parameters
    ----------
    request
        What EMR was asked for.
    cluster
        ``Cluster`` of DescribeCluster. The types its ErrorDetails name were short, or all of its vital nodes' when they
        name none; in the subnet EMR had chosen, or in all.
    """
    asked = {(name, pool.market) for pool in _vital(request) for name in pool.types}
    named = _named_types(cluster)
    chosen = text(part(cluster, "Ec2InstanceAttributes"), "Ec2SubnetId")
    subnets = [chosen] if chosen in request.ec2_subnet_ids else request.ec2_subnet_ids
    short = [(name, market) for name, market in asked if name in named] or asked
    return sorted(Shortage(name, subnet, market) for name, market in short for subnet in subnets)


def order_rungs(rungs: Sequence[PlannedRung], shortages: Iterable[Shortage]) -> list[PlannedRung]:
    """Return the rungs by how many of their subnets EC2 has just refused them in, equals in their own order.

    EMR chooses one of the subnets, and may choose the one that was short again.
    """
    known = frozenset(shortages)
    return sorted(rungs, key=lambda rung: _refused_share(rung.cluster, known))


def _refused_share(request: ClusterRequest, known: frozenset[Shortage]) -> float:
    """Return the share of the subnets in which some vital fleet or group has no type left that was not short."""

    def is_short(pool: Pool, subnet: str) -> bool:
        return all(Shortage(name, subnet, pool.market) in known for name in pool.types)

    subnets = request.ec2_subnet_ids
    refused = [subnet for subnet in subnets if any(is_short(pool, subnet) for pool in _vital(request))]
    return len(refused) / max(1, len(subnets))


def _vital(request: ClusterRequest) -> list[Pool]:
    return [pool for pool in request.pools if pool.role in _VITAL_ROLES]


def _named_types(cluster: Mapping[str, Any] | None) -> set[str]:
    details = part(cluster, "Status").get("ErrorDetails") or []
    data = [entry for detail in details for entry in detail.get("ErrorData", [])]
    return {name.strip() for entry in data for name in str(entry.get(_TYPE_KEY, "")).split(",") if name.strip()}
