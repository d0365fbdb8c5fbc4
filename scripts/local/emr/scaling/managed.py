"""Managed scaling: the whole cluster follows the containers that are wanted.

"Using managed scaling in Amazon EMR", https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html.
AWS does not publish its algorithm. This one is ours: it grows at once to hold what is wanted, and shrinks to the most
that was wanted in the last minutes. Of AWS's it has the limits, the order of nodes, that nodes are added or taken while
others still come or go, and that the advanced strategy weighs speed against thrift.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass

from scripts.local.emr.model import Cluster, Params
from scripts.local.emr.resizing import resize
from scripts.local.emr.scaling.lanes import grow, lanes_of, limits_of, shrink
from scripts.local.emr.world import World
from scripts.local.emr.yarn import Yarn

MANAGED_SECONDS = 10
"""Between two looks: "every 5 to 10 seconds",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-scale-on-demand.html."""
REPLICATION = ((10, 3), (4, 2), (0, 1))
"""From so many core nodes on, so many copies in HDFS, which need as many core nodes: "HDFS configuration",
https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hdfs-config.html."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How eagerly the cluster follows.

    Attributes
    ----------
    patience
        Seconds for which nodes must not have been needed before they leave.
    served
        The share of the pending containers that nodes are launched for at a time.
    """

    patience: float
    served: float


DEFAULT = Strategy(300, 1.0)
ADVANCED = {
    1: Strategy(60, 0.25),
    25: Strategy(120, 0.5),
    50: Strategy(300, 0.75),
    75: Strategy(450, 1.0),
    100: Strategy(600, 1.0),
}
"""By `UtilizationPerformanceIndex`. AWS says only that a low one scales up less aggressively and saves, and a high one
makes jobs fast: "Advanced Scaling for Amazon EMR",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/managed-scaling-allocation-strategy-optimized.html. The numbers
are our choice, those of the default strategy as well."""


def evaluate(world: World, cluster: Cluster, core_nodes: int) -> float | None:
    """Bring the cluster to the size its load needs; return when to look again if nothing changes until then.

    Parameters
    ----------
    core_nodes
        How many the cluster started with.
    """
    policy = cluster.managed_scaling
    if policy is None or "ComputeLimits" not in policy or not cluster.yarn.log[-1].is_known:
        return None
    strategy = strategy_of(policy)
    limits = limits_of(policy, next(copies for nodes, copies in REPLICATION if core_nodes >= nodes))
    lanes = lanes_of(cluster, policy["ComputeLimits"]["UnitType"])
    targets = [lane.units for lane in lanes]
    wanted = _wanted(cluster, strategy)
    moments = (cluster.timeline.ready or 0.0, world.now(), strategy.patience)
    peak = _peak(cluster.yarn, *moments)
    grow(lanes, wanted, limits)
    if peak is not None:
        shrink(lanes, peak, limits)
    changed = [lane for lane, units in zip(lanes, targets, strict=True) if lane.units != units]
    for lane in changed:
        lane.pool.targets[lane.market] = lane.units
    for lane in changed:
        resize(world, cluster, lane.pool)
    needs_fewer = sum(lane.containers for lane in lanes) > cluster.yarn.log[-1].wanted
    return _next_fall(cluster.yarn, *moments) if needs_fewer else None


def strategy_of(policy: Params) -> Strategy:
    """Return how a policy wants the cluster to follow."""
    if policy.get("ScalingStrategy") != "ADVANCED":
        return DEFAULT
    return ADVANCED[policy.get("UtilizationPerformanceIndex", 50)]


def _wanted(cluster: Cluster, strategy: Strategy) -> int:
    """Return the containers nodes are launched for: those in service, and a share of what is pending beyond them."""
    latest = cluster.yarn.log[-1]
    pending = max(0, latest.wanted - latest.capacity)
    return min(latest.wanted, latest.capacity) + math.ceil(strategy.served * pending)


def _peak(yarn: Yarn, ready: float, now: float, patience: float) -> int | None:
    """Return the most containers wanted in the last `patience` seconds; `None` if that is not known."""
    since = now - patience
    if since < ready:
        return None
    first = bisect_right(yarn.log, since, key=lambda entry: entry.at) - 1
    seen = yarn.log[max(0, first) :]
    return max(entry.wanted for entry in seen) if all(entry.is_known for entry in seen) else None


def _next_fall(yarn: Yarn, ready: float, now: float, patience: float) -> float | None:
    """Return when the present entry of YARN's log, or the time before readiness, is `patience` seconds ago."""
    if now < ready + patience:
        return ready + patience
    index = bisect_right(yarn.log, now - patience, key=lambda entry: entry.at)
    return yarn.log[index].at + patience if index < len(yarn.log) else None
