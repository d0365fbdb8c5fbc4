"""The data of a cluster: what the engine keeps, in its own words. `describe` turns it into AWS's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scripts.local.emr.clock import Cancel
from scripts.local.emr.yarn import Room, Work, Yarn

Params = dict[str, Any]
"""Parameters or an answer of an API call, in boto3's shape."""


class ClusterState(StrEnum):
    """https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html."""

    STARTING = "STARTING"
    BOOTSTRAPPING = "BOOTSTRAPPING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    TERMINATED_WITH_ERRORS = "TERMINATED_WITH_ERRORS"


class StepState(StrEnum):
    """https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html."""

    PENDING = "PENDING"
    CANCEL_PENDING = "CANCEL_PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class InstanceState(StrEnum):
    """https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceStatus.html."""

    PROVISIONING = "PROVISIONING"
    BOOTSTRAPPING = "BOOTSTRAPPING"
    RUNNING = "RUNNING"
    TERMINATED = "TERMINATED"


class Role(StrEnum):
    """Node types. AWS says primary for what the API calls MASTER."""

    MASTER = "MASTER"
    CORE = "CORE"
    TASK = "TASK"


class Market(StrEnum):
    """How EC2 sells an instance."""

    ON_DEMAND = "ON_DEMAND"
    SPOT = "SPOT"


ENDED = frozenset({ClusterState.TERMINATED, ClusterState.TERMINATED_WITH_ERRORS})
MODIFIABLE = frozenset(ClusterState) - ENDED - {ClusterState.TERMINATING}
READY = frozenset({ClusterState.RUNNING, ClusterState.WAITING})

CLUSTER_EDGES: dict[ClusterState, frozenset[ClusterState]] = {
    ClusterState.STARTING: frozenset({ClusterState.BOOTSTRAPPING, ClusterState.TERMINATING}),
    ClusterState.BOOTSTRAPPING: frozenset({ClusterState.RUNNING, ClusterState.TERMINATING}),
    ClusterState.RUNNING: frozenset({ClusterState.WAITING, ClusterState.TERMINATING}),
    ClusterState.WAITING: frozenset({ClusterState.RUNNING, ClusterState.TERMINATING}),
    ClusterState.TERMINATING: ENDED,
    ClusterState.TERMINATED: frozenset(),
    ClusterState.TERMINATED_WITH_ERRORS: frozenset(),
}
"""Understanding the cluster lifecycle: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-overview.html."""

STEP_EDGES: dict[StepState, frozenset[StepState]] = {
    StepState.PENDING: frozenset({StepState.RUNNING, StepState.CANCELLED}),
    StepState.RUNNING: frozenset(
        {StepState.COMPLETED, StepState.FAILED, StepState.CANCEL_PENDING, StepState.CANCELLED}
    ),
    StepState.CANCEL_PENDING: frozenset({StepState.CANCELLED}),
    StepState.COMPLETED: frozenset(),
    StepState.CANCELLED: frozenset(),
    StepState.FAILED: frozenset(),
}
"""Submit work to a cluster: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-work-with-steps.html."""

ACTIVE_STEPS = frozenset({StepState.PENDING, StepState.RUNNING, StepState.CANCEL_PENDING})


@dataclass(frozen=True, slots=True)
class Reason:
    """A StateChangeReason."""

    message: str | None = None
    code: str | None = None


NO_REASON = Reason()


@dataclass(slots=True)
class Timeline:
    """Epoch seconds, virtual. A step's `ready` is its start."""

    created: float
    ready: float | None = None
    ended: float | None = None


@dataclass(slots=True)
class Instance:
    """One EC2 instance. It costs money from `timeline.created`, its launch, to `timeline.ended`.

    Attributes
    ----------
    leaving
        Withdraws the moment at which it ends; `None` unless it is decommissioned.
    containers
        Those that run on it.
    busy_since
        Since when it has had containers without a break; `None` without any.
    """

    id: str
    ec2_id: str
    private_ip: str
    pool_id: str
    role: Role
    type: str
    market: Market
    units: int
    timeline: Timeline
    state: InstanceState = InstanceState.PROVISIONING
    reason: Reason = NO_REASON
    leaving: Cancel | None = None
    containers: int = 0
    busy_since: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One instance type a pool may use, and how many capacity units an instance of it is worth."""

    type: str
    units: int


@dataclass(slots=True)
class Activity:
    """A scaling activity of a rule: its cooldown in seconds, and when it was over, if it is."""

    cooldown: float
    ended: float | None = None


@dataclass(slots=True)
class Pool:
    """An instance group or an instance fleet: instances of one role, with targets in units per market.

    Attributes
    ----------
    config
        As in the request. A group's one unit is one instance.
    offers
        In the order in which EC2 is asked for them.
    activity
        The last scaling activity.
    """

    id: str
    role: Role
    is_fleet: bool
    config: Params
    offers: tuple[Offer, ...]
    targets: dict[Market, int]
    timeline: Timeline
    shrink_policy: Params | None = None
    retry: Cancel | None = None
    patience: Cancel | None = None
    activity: Activity | None = None


@dataclass(slots=True)
class Step:
    """A step and what became of it."""

    id: str
    config: Params
    execution_role: str | None
    timeline: Timeline
    state: StepState = StepState.PENDING
    failure: Params | None = None
    stop: Cancel | None = None
    work: Work | None = None

    @property
    def action_on_failure(self) -> str:
        """What to do when it fails.

        The API reference names no default; CONTINUE is that of the AWS CLI's `add-steps`:
        https://docs.aws.amazon.com/cli/latest/reference/emr/add-steps.html.
        """
        return str(self.config.get("ActionOnFailure", "CONTINUE"))


@dataclass(slots=True)
class Cluster:
    """A cluster, its nodes and its steps.

    Attributes
    ----------
    on_nodes
        Called whenever instances have come further.
    on_usage
        Called whenever demand or capacity have changed.
    """

    id: str
    arn: str
    zone: str
    request: Params
    timeline: Timeline
    is_fleet: bool
    keep_alive: bool
    protected: bool
    concurrency: int
    tags: dict[str, str]
    auto_termination: Params | None
    managed_scaling: Params | None
    state: ClusterState = ClusterState.STARTING
    reason: Reason = NO_REASON
    error_details: list[Params] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    idle_timer: Cancel | None = None
    yarn: Yarn = field(default_factory=Yarn)
    rooms: dict[tuple[str, str], Room] = field(default_factory=dict)
    on_nodes: Callable[[], None] = lambda: None
    on_usage: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """The cluster's name."""
        return str(self.request["Name"])

    def in_state(self, *states: StepState) -> list[Step]:
        """Return the steps in one of `states`, oldest first."""
        return [step for step in self.steps if step.state in states]

    def active_steps(self) -> list[Step]:
        """Return the steps that still occupy the queue."""
        return [step for step in self.steps if step.state in ACTIVE_STEPS]

    def living(self, pool: Pool | None = None) -> Iterator[Instance]:
        """Return the instances that have not ended, of one pool or all."""
        return (
            instance
            for instance in self.instances
            if instance.state is not InstanceState.TERMINATED and (pool is None or instance.pool_id == pool.id)
        )

    def staying(self, pool: Pool) -> list[Instance]:
        """Return the instances of a pool that have neither ended nor are about to."""
        return [instance for instance in self.living(pool) if not instance.leaving]

    def workers(self) -> list[Instance]:
        """Return the core and task nodes in service, oldest first."""
        return [
            instance
            for instance in self.instances
            if instance.state is InstanceState.RUNNING and instance.role is not Role.MASTER
        ]

    def pool_of(self, instance: Instance) -> Pool:
        """Return the pool an instance belongs to."""
        return next(pool for pool in self.pools if pool.id == instance.pool_id)

    def provisioned(self, pool: Pool, market: Market) -> int:
        """Return the units a pool holds in a market, without those about to leave."""
        return sum(instance.units for instance in self.staying(pool) if instance.market == market)

    def missing(self, pool: Pool, market: Market) -> int:
        """Return the units a pool lacks in a market."""
        return max(0, pool.targets[market] - self.provisioned(pool, market))

    def is_filled(self, pool: Pool) -> bool:
        """Say whether a pool has all its units."""
        return not any(self.missing(pool, market) for market in Market)

    def is_settled(self, pool: Pool) -> bool:
        """Say whether no instance of a pool is missing, on its way, or about to leave."""
        states = {instance.state for instance in self.living(pool)}
        leaving = any(instance.leaving for instance in self.living(pool))
        return self.is_filled(pool) and states <= {InstanceState.RUNNING} and not leaving

    def primary(self) -> Instance | None:
        """Return the primary node, if it was launched."""
        return next((instance for instance in self.instances if instance.role == Role.MASTER), None)
