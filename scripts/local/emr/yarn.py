"""The data of YARN on a cluster: the room on its nodes, the work of its steps, and a log of both."""

from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.local.emr.load import Load, Phase

_MOMENT_SECONDS = 1e-6
"""Work that takes less than this is done: moments, being epoch seconds, are no more exact."""


@dataclass(frozen=True, slots=True)
class Room:
    """What YARN has on one node.

    Attributes
    ----------
    containers
        Executors that fit.
    memory_mib, container_mib
        YARN's memory, and that of one executor; both 0 for a type without a known memory.
    vcpu
        1 for an unknown type.
    """

    containers: int
    memory_mib: float
    container_mib: float
    vcpu: int


@dataclass(slots=True)
class Work:
    """How far a step has come in its load.

    Attributes
    ----------
    since
        The moment up to which it is worked off: epoch seconds, virtual.
    left
        Of the present phase: container-seconds, or seconds if the phase wants no containers.
    containers
        What it has at present.
    on_over
        What waits for its end.
    """

    load: Load
    since: float
    index: int = 0
    left: float = 0.0
    containers: int = 0
    on_over: Callable[[], None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether all phases are worked off."""
        return self.index == len(self.load)

    @property
    def phase(self) -> Phase | None:
        """The present phase."""
        return None if self.is_over else self.load[self.index]

    @property
    def wanted(self) -> int:
        """Containers, running + pending."""
        return self.phase.containers if self.phase else 0

    @property
    def is_due(self) -> bool:
        """Whether the present phase is worked off."""
        return not self.is_over and self.left <= self._rate * _MOMENT_SECONDS

    @property
    def seconds_left(self) -> float | None:
        """How long the present phase takes at this rate; `None` for ever, or without one."""
        return self.left / self._rate if self.phase and self._rate else None

    def begin_phase(self) -> None:
        """Take up the phase at `index`."""
        if phase := self.phase:
            self.left = phase.seconds * (phase.containers or 1)

    def work_until(self, now: float) -> None:
        """Count what was done since the last time."""
        self.left = max(0.0, self.left - self._rate * (now - self.since))
        self.since = now

    @property
    def _rate(self) -> float:
        return self.containers if self.wanted else 1.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """YARN from `at` on, until the next: containers, nodes, memory in MiB.

    Attributes
    ----------
    is_known
        Whether the demand is: not while a step runs and none has a load.
    apps_pending
        Steps that have no container though they want some.
    """

    at: float
    wanted: int
    running: int
    capacity: int
    nodes: int
    memory_mib: float
    allocated_mib: float
    apps_pending: int
    is_known: bool


@dataclass(slots=True)
class Yarn:
    """What YARN did on a cluster.

    Attributes
    ----------
    log
        One entry a change, oldest first.
    lost
        Container-seconds that had to be done again because a node was lost.
    timer
        Withdraws the next end of a phase.
    """

    log: list[Snapshot] = field(default_factory=list)
    lost: float = 0.0
    timer: Callable[[], None] | None = None

    def note(self, snapshot: Snapshot) -> None:
        """Add an entry unless nothing has changed; of several at one moment the last counts."""
        if self.log and self.log[-1].at == snapshot.at:
            self.log.pop()
        if not self.log or _values(self.log[-1]) != _values(snapshot):
            self.log.append(snapshot)


def _values(snapshot: Snapshot) -> tuple[float, ...]:
    return (
        snapshot.wanted,
        snapshot.running,
        snapshot.capacity,
        snapshot.nodes,
        snapshot.memory_mib,
        snapshot.allocated_mib,
        snapshot.apps_pending,
        snapshot.is_known,
    )
