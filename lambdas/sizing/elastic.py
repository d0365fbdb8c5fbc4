"""A cluster that a custom policy scales: what it starts with, what its nodes hold, and whether its rules will do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lambdas.pricing.cost import ec2_usd_per_hour
from lambdas.scaling.flapping import Elasticity, Pool, find_flapping, next_nodes
from lambdas.sizing.layout import Layout, common_layout
from lambdas.sizing.shapes import LEAST_HEAP_PER_CORE_MIB, Shape, worker_counts
from lambdas.sizing.speed import vcpu_speed
from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import Market
from lambdas.specs.scaling import CustomScaling, TaskGroup

# More executors than any cluster has room for.
_ALL_ONE_COULD_WANT = 10**9


class ScalingError(ValueError):
    """A policy that no cluster of its types can follow."""


@dataclass(frozen=True)
class TaskNodes:
    """A task group of one type: it starts with ``minimum`` nodes and never has more than ``maximum``."""

    name: str
    instance_type: InstanceType
    minimum: int
    maximum: int


@dataclass(frozen=True)
class Elastic:
    """A cluster as it starts; the policy decides afterwards.

    Attributes
    ----------
    layout
        Of a core node. Task nodes hold as many of its executors as fit, and never the driver.
    market
        Where task nodes come from.
    """

    policy: CustomScaling
    core: InstanceType
    groups: tuple[TaskNodes, ...]
    layout: Layout
    market: Market

    @property
    def core_type(self) -> str:
        """The name of the core nodes' type."""
        return self.core.type

    @property
    def task_type(self) -> str:
        """The names of the task nodes' types."""
        return ", ".join(dict.fromkeys(group.instance_type.type for group in self.groups))

    @property
    def core_nodes(self) -> int:
        """Core nodes; their number never changes."""
        return self.policy.minimum.core.count

    @property
    def task_nodes(self) -> int:
        """Task nodes to start with."""
        return sum(group.minimum for group in self.groups)

    @property
    def most_task_nodes(self) -> int:
        """Task nodes there may be."""
        return sum(group.maximum for group in self.groups)

    @property
    def workers(self) -> int:
        """Core and task nodes to start with."""
        return self.core_nodes + self.task_nodes

    @property
    def vcpus(self) -> int:
        """Cores of all workers to start with."""
        return self.core_nodes * self.core.vcpu + sum(group.minimum * group.instance_type.vcpu for group in self.groups)

    @property
    def yarn_memory_mib(self) -> int:
        """YARN memory of all workers to start with."""
        task = sum(group.minimum * group.instance_type.yarn_memory_mib for group in self.groups)
        return self.core_nodes * self.core.yarn_memory_mib + task

    @property
    def executors(self) -> int:
        """Executors that fit beside the driver to start with."""
        return self.elasticity.room(tuple(group.minimum for group in self.groups))

    @property
    def most_executors(self) -> int:
        """Executors that fit beside the driver on the largest cluster."""
        return self.elasticity.room(tuple(group.maximum for group in self.groups))

    @property
    def elasticity(self) -> Elasticity:
        """What YARN has of it."""
        layout = self.layout
        return Elasticity(
            core_mib=self.core_nodes * layout.node_mib,
            core_executors=self.core_nodes * layout.executors,
            executor_mib=layout.container_mib,
            driver_mib=layout.driver_container_mib,
            pools=tuple(self._pool(group) for group in self.groups),
        )

    def _pool(self, group: TaskNodes) -> Pool:
        executors = self.executors_on(group.instance_type)
        return Pool(executors * self.layout.container_mib, executors, group.minimum, group.maximum)

    def executors_on(self, known: InstanceType) -> int:
        """Return how many executors a task node of a type holds."""
        return min(known.vcpu // self.layout.cores, known.yarn_memory_mib // self.layout.container_mib)


def fixed_shapes(elastic: Elastic) -> list[Shape]:
    """Return the clusters of a fixed number of nodes, of the task nodes' types, that have as much as it may have."""
    types = dict.fromkeys(group.instance_type for group in elastic.groups)
    return [
        Shape(known, workers, replace(elastic.layout, executors=elastic.executors_on(known)), elastic.market)
        for known in types
        for workers in worker_counts(elastic.core_nodes + elastic.most_task_nodes)
    ]


def problem_of(elastic: Elastic) -> str | None:
    """Say why a cluster should not be scaled like this, or return ``None``."""
    layout, rules = elastic.layout, elastic.policy.rules
    if not layout.is_sound or layout.heap_per_core_mib < LEAST_HEAP_PER_CORE_MIB or layout.executors < 1:
        return f"{elastic.core_type} and {elastic.task_type} have no room for the same executor beside a driver"
    if _never_grows(elastic):
        names = ", ".join(rule.name for rule in rules if rule.add)
        return (
            f"the smallest cluster of {elastic.core_nodes} x {elastic.core_type} never grows: with all its executors "
            f"running, the room kept on each core node for the driver is enough to keep {names} from acting"
        )
    flapping = find_flapping(elastic.elasticity, rules)
    return None if flapping is None else f"with task nodes {elastic.task_type} it never comes to rest: {flapping}"


def fit_policy(policy: CustomScaling, market: Market, catalogue: Catalogue, max_nodes: int) -> tuple[Elastic, ...]:
    """Return the clusters a policy may start, best first: each task group of the type that is cheapest for its speed.

    Types with which the policy would never come to rest are left out.

    Parameters
    ----------
    market, catalogue
        Where task nodes come from, and what they cost.
    max_nodes
        Instances in all, the primary ones too; when the groups want more, each gets its share of the room.

    Raises
    ------
    ScalingError
        There is none; the reasons of all types.
    """
    found, problems = _judged(policy, market, catalogue, max_nodes)
    if not found:
        raise ScalingError("; ".join(problems))
    return tuple(found)


def left_out(policy: CustomScaling, market: Market, catalogue: Catalogue, max_nodes: int) -> tuple[str, ...]:
    """Say which of a policy's types no run takes, and why."""
    return tuple(_judged(policy, market, catalogue, max_nodes)[1])


def _judged(
    policy: CustomScaling, market: Market, catalogue: Catalogue, max_nodes: int
) -> tuple[list[Elastic], list[str]]:
    room = max_nodes - policy.smallest
    if room < 0:
        return [], [f"its smallest cluster has {policy.smallest:,} nodes, and limits.max_nodes is {max_nodes:,}"]
    maxima = shared_maxima(policy.task_groups, room)
    core = catalogue.get(policy.minimum.core.type)
    found, problems = [], []
    for types in _choices(policy, market, catalogue):
        groups = tuple(
            TaskNodes(group.name, known, group.min, most)
            for group, known, most in zip(policy.task_groups, types, maxima, strict=True)
        )
        elastic = Elastic(policy, core, groups, common_layout(core, types), market)
        problem = problem_of(elastic)
        if problem is None:
            found.append(elastic)
        else:
            problems.append(problem)
    return found, problems


def shared_maxima(groups: Sequence[TaskGroup], room: int) -> list[int]:
    """Return how many nodes each group may have, when ``room`` nodes may be added to the smallest cluster."""
    wanted = sum(group.max - group.min for group in groups)
    if wanted <= room:
        return [group.max for group in groups]
    return [group.min + (group.max - group.min) * room // wanted for group in groups]


def _choices(policy: CustomScaling, market: Market, catalogue: Catalogue) -> list[tuple[InstanceType, ...]]:
    """Return a type for each group, several times: the best of each, then the next best of those that have one."""

    def usd_for_speed(known: InstanceType) -> tuple[float, int]:
        usd = ec2_usd_per_hour(known, market) + known.emr_usd_per_hour
        return float(usd) / (known.vcpu * vcpu_speed(known.type)), known.vcpu

    ranked = [sorted(map(catalogue.get, group.types), key=usd_for_speed) for group in policy.task_groups]
    return [tuple(types[min(rank, len(types) - 1)] for types in ranked) for rank in range(max(map(len, ranked)))]


def _never_grows(elastic: Elastic) -> bool:
    start = tuple(group.minimum for group in elastic.groups)
    could = any(group.minimum < group.maximum for group in elastic.groups)
    return could and next_nodes(elastic.elasticity, elastic.policy.rules, start, _ALL_ONE_COULD_WANT) == start
