"""Whether a custom policy comes to rest under every constant demand, decided by trying them all.

A cluster whose demand stays the same should keep its nodes. It does not when the rules of a policy leave so narrow a
band that what one adds another removes again.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from lambdas.specs.scaling import METRICS, Rule

Nodes = tuple[int, ...]

# Numbers of nodes looked at: all there are in practice, and no more than takes a few seconds.
_MOST_STATES = 5_000


@dataclass(frozen=True)
class Pool:
    """Nodes of one task group: MiB and executors of each, and how many there may be."""

    node_mib: int
    node_executors: int
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Elasticity:
    """What YARN has of a cluster that a policy scales.

    Attributes
    ----------
    core_mib, core_executors
        YARN memory of all core nodes, and how many executors they hold beside the driver.
    executor_mib, driver_mib
        Memory of the containers of an executor and of the driver.
    pools
        The task groups.
    """

    core_mib: int
    core_executors: int
    executor_mib: int
    driver_mib: int
    pools: tuple[Pool, ...]

    def room(self, nodes: Nodes) -> int:
        """Return how many executors some task nodes and the core nodes hold."""
        return self.core_executors + sum(n * pool.node_executors for n, pool in zip(nodes, self.pools, strict=True))

    def memory(self, nodes: Nodes) -> int:
        """Return the YARN memory of some task nodes and the core nodes, in MiB."""
        return self.core_mib + sum(n * pool.node_mib for n, pool in zip(nodes, self.pools, strict=True))

    def metric(self, name: str, nodes: Nodes, wanted: int) -> Fraction:
        """Return a metric of the cluster, in its own unit.

        https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html

        Parameters
        ----------
        name
            As EMR publishes it.
        nodes
            How many each task group has.
        wanted
            Executors the one running application would like to have.
        """
        running = min(wanted, self.room(nodes))
        pending, allocated = wanted - running, running + 1
        available = self.memory(nodes) - self.driver_mib - running * self.executor_mib
        match name:
            case "YARNMemoryAvailablePercentage":
                return Fraction(100 * available, self.memory(nodes))
            case "MemoryAvailableMB":
                return Fraction(available)
            case "ContainerPending":
                return Fraction(pending)
            case "ContainerAllocated":
                return Fraction(allocated)
            case "ContainerPendingRatio":
                return Fraction(pending, allocated)
            case _:  # An application that runs is not pending.
                return Fraction(0)


@dataclass(frozen=True)
class Flapping:
    """A demand under which the cluster never comes to rest, and what its task groups have, over and over."""

    wanted: int
    wanted_mib: int
    cycle: tuple[Nodes, ...]

    def __str__(self) -> str:
        rounds = ", ".join(f"{sum(nodes):,}" for nodes in (*self.cycle, self.cycle[0]))
        executors = "1 executor" if self.wanted == 1 else f"{self.wanted:,} executors"
        return f"with {self.wanted_mib / 1024:,.1f} GiB wanted ({executors} and the driver) it goes {rounds}, ..."


def next_nodes(elasticity: Elasticity, rules: Sequence[Rule], nodes: Nodes, wanted: int) -> Nodes:
    """Return what the task groups have after the rules have acted once.

    When several rules hold, the one that leaves most nodes acts, as Application Auto Scaling prefers availability:
    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
    """
    return _after(elasticity, nodes, [rule for rule in rules if _holds(elasticity, rule, nodes, wanted)])


def find_flapping(elasticity: Elasticity, rules: Sequence[Rule]) -> Flapping | None:
    """Return the smallest demand under which the cluster never comes to rest, or ``None`` when there is none.

    Every number of nodes that the rules can lead to from the smallest cluster is looked at, under every demand at which
    what a rule does changes. Of many groups with different limits, whose numbers are too many, the first 5,000 are.
    """
    states, limit = _reachable(elasticity, rules), _everything(elasticity, rules)
    turns = {nodes: [_turn(elasticity, rule, nodes, limit) for rule in rules] for nodes in states}
    turning: dict[int, list[Nodes]] = {0: states}
    for nodes, each in turns.items():
        for turn in each:
            turning.setdefault(turn, []).append(nodes)
    moves: dict[Nodes, Nodes] = {}
    for wanted in sorted(turning):
        for nodes in turning[wanted]:
            pairs = zip(rules, turns[nodes], strict=True)
            acting = [rule for rule, turn in pairs if rule.when.means_more_to_do is (wanted >= turn)]
            moves[nodes] = _after(elasticity, nodes, acting)
        # A cycle that was not there with less demand goes through a number of nodes from which a rule leads elsewhere.
        if cycle := _cycle(moves, turning[wanted]):
            return Flapping(wanted, wanted * elasticity.executor_mib + elasticity.driver_mib, cycle)
    return None


def _holds(elasticity: Elasticity, rule: Rule, nodes: Nodes, wanted: int) -> bool:
    value, threshold = elasticity.metric(rule.when.metric, nodes, wanted), Fraction(rule.when.threshold)
    match rule.when.operator:
        case "<":
            return value < threshold
        case "<=":
            return value <= threshold
        case ">":
            return value > threshold
        case _:
            return value >= threshold


def _turn(elasticity: Elasticity, rule: Rule, nodes: Nodes, limit: int) -> int:
    """Return the smallest demand with which a rule comes to hold or ceases to: a metric only rises or only falls."""

    def has_turned(wanted: int) -> bool:
        return _holds(elasticity, rule, nodes, wanted) is rule.when.means_more_to_do

    return bisect_left(range(limit + 1), True, key=has_turned)


def _everything(elasticity: Elasticity, rules: Sequence[Rule]) -> int:
    """Return a demand beyond which no rule changes what it does."""
    room = elasticity.room(tuple(pool.maximum for pool in elasticity.pools))
    highest = max((int(rule.when.threshold) for rule in rules if not METRICS[rule.when.metric].falls), default=0)
    return room + (highest + 1) * (room + 1) + 1


def _after(elasticity: Elasticity, nodes: Nodes, acting: Sequence[Rule]) -> Nodes:
    return _moved(elasticity, nodes, max(rule.change for rule in acting)) if acting else nodes


def _moved(elasticity: Elasticity, nodes: Nodes, change: int) -> Nodes:
    return tuple(
        min(max(n + change, pool.minimum), pool.maximum) for n, pool in zip(nodes, elasticity.pools, strict=True)
    )


def _reachable(elasticity: Elasticity, rules: Sequence[Rule]) -> list[Nodes]:
    start = tuple(pool.minimum for pool in elasticity.pools)
    found, ahead = {start}, [start]
    while ahead and len(found) < _MOST_STATES:
        nodes = ahead.pop()
        fresh = {_moved(elasticity, nodes, rule.change) for rule in rules} - found
        found |= fresh
        ahead += fresh
    return sorted(found)


def _cycle(moves: dict[Nodes, Nodes], starts: Sequence[Nodes]) -> tuple[Nodes, ...] | None:
    """Return a cycle of more than one number of nodes, starting with the smallest of it."""
    settled: set[Nodes] = set()
    for start in starts:
        path: dict[Nodes, None] = {}
        nodes = start
        while nodes in moves and nodes not in settled and nodes not in path:
            path[nodes] = None
            nodes = moves[nodes]
        if nodes in path and moves[nodes] != nodes:
            return _around(moves, nodes)
        settled |= path.keys()
    return None


def _around(moves: dict[Nodes, Nodes], first: Nodes) -> tuple[Nodes, ...]:
    cycle = [first]
    while (following := moves[cycle[-1]]) != first:
        cycle.append(following)
    smallest = cycle.index(min(cycle))
    return tuple(cycle[smallest:] + cycle[:smallest])
