"""The nodes of a cluster as managed scaling sees them, and how it adds to them and takes from them.

"Understanding Amazon EMR node allocation strategy and scenarios",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/managed-scaling-allocation-strategy.html.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.local.emr.capacity import room
from scripts.local.emr.model import Cluster, Market, Params, Pool, Role
from scripts.local.emr.resizing import in_leaving_order


@dataclass(frozen=True, slots=True)
class Node:
    """One node, there or on its way: its containers, its units in the policy's limits and in its pool's target."""

    containers: int
    weight: int
    units: int


@dataclass(slots=True)
class Lane:
    """The nodes of one pool in one market.

    Attributes
    ----------
    nodes
        In the order in which they would leave.
    leaving
        Those about to leave, which may be kept.
    offer
        What would be launched.
    """

    pool: Pool
    market: Market
    nodes: list[Node]
    leaving: list[Node]
    offer: Node

    @property
    def is_core(self) -> bool:
        """Whether these are core nodes."""
        return self.pool.role == Role.CORE

    @property
    def units(self) -> int:
        """Their units in the pool's target."""
        return sum(node.units for node in self.nodes)

    @property
    def containers(self) -> int:
        """What they hold together once they serve."""
        return sum(node.containers for node in self.nodes)

    @property
    def staying(self) -> int:
        """Their units in the policy's limits."""
        return sum(node.weight for node in self.nodes)

    @property
    def weight(self) -> int:
        """The same with those about to leave."""
        return self.staying + sum(node.weight for node in self.leaving)


@dataclass(frozen=True, slots=True)
class Limits:
    """ComputeLimits, and how many core nodes HDFS needs."""

    lowest: int
    highest: int
    on_demand: int
    core: int
    core_nodes: int


def lanes_of(cluster: Cluster, unit: str) -> list[Lane]:
    """Return the lanes in the order in which capacity is added: core before task, On-Demand before Spot."""
    return [
        _lane(cluster, pool, market, unit)
        for role in (Role.CORE, Role.TASK)
        for market in Market
        for pool in cluster.pools
        if pool.role == role and (pool.is_fleet or pool.config.get("Market", "ON_DEMAND") == market)
    ]


def limits_of(policy: Params, core_nodes: int) -> Limits:
    """Return the limits of a policy; the two that may be left out are then the maximum."""
    limits = policy["ComputeLimits"]
    highest = limits["MaximumCapacityUnits"]
    return Limits(
        lowest=limits["MinimumCapacityUnits"],
        highest=highest,
        on_demand=limits.get("MaximumOnDemandCapacityUnits", highest),
        core=limits.get("MaximumCoreCapacityUnits", highest),
        core_nodes=core_nodes,
    )


def grow(lanes: Sequence[Lane], containers: int, limits: Limits) -> None:
    """Add nodes until they hold so many containers and are no fewer than the minimum, or no limit leaves room."""
    held, staying = sum(lane.containers for lane in lanes), sum(lane.staying for lane in lanes)
    for lane in lanes:
        room_left = _room_left(lane, lanes, limits)
        while lane.offer.containers and (held < containers or staying < limits.lowest):
            if lane.leaving:
                node = lane.leaving.pop()
            elif lane.offer.weight <= room_left:
                node = lane.offer
                room_left -= node.weight
            else:
                break
            lane.nodes.append(node)
            held, staying = held + node.containers, staying + node.weight


def shrink(lanes: Sequence[Lane], containers: int, limits: Limits) -> None:
    """Take nodes away that so many containers do not need, task before core and Spot before On-Demand."""
    held, staying = sum(lane.containers for lane in lanes), sum(lane.staying for lane in lanes)
    core_nodes = sum(len(lane.nodes) for lane in lanes if lane.is_core)
    for lane in reversed(lanes):
        kept = []
        for node in lane.nodes:
            is_needed = held - node.containers < containers and staying <= limits.highest
            is_minimum = staying - node.weight < limits.lowest
            is_hdfs = lane.is_core and core_nodes <= limits.core_nodes
            if is_needed or is_minimum or is_hdfs:
                kept.append(node)
                continue
            held, staying, core_nodes = held - node.containers, staying - node.weight, core_nodes - lane.is_core
        lane.nodes = kept


def _lane(cluster: Cluster, pool: Pool, market: Market, unit: str) -> Lane:
    def node(instance_type: str, units: int) -> Node:
        found = room(cluster, pool, instance_type)
        weight = {"Instances": 1, "VCPU": found.vcpu}.get(unit, units)
        return Node(found.containers, weight, units)

    first = pool.offers[0]
    offer = node(first.type, first.units)
    # What EC2 has not given yet is on its way like the rest.
    missing = [offer] * -(-cluster.missing(pool, market) // offer.units)
    staying = [node(instance.type, instance.units) for instance in in_leaving_order(cluster, pool, market)]
    living = [instance for instance in cluster.living(pool) if instance.market == market]
    leaving = [node(instance.type, instance.units) for instance in living if instance.leaving]
    return Lane(pool, market, missing + staying, leaving, offer)


def _room_left(lane: Lane, lanes: Sequence[Lane], limits: Limits) -> int:
    """Return how many units may be launched in a lane."""
    core = sum(other.weight for other in lanes if other.is_core)
    on_demand = sum(other.weight for other in lanes if other.market == Market.ON_DEMAND)
    return min(
        limits.highest - sum(other.weight for other in lanes),
        limits.core - core if lane.is_core else limits.highest,
        limits.on_demand - on_demand if lane.market == Market.ON_DEMAND else limits.highest,
    )
