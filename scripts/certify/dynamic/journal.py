"""What happened in one case, on the virtual clock: states, clusters, nets."""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from scripts.certify.dynamic.nets import ACTION_ON_FAILURE, AUTO_TERMINATION, EMR, MACHINE, STEPS_DONE
from scripts.local.emr.clock import Clock
from scripts.local.emr.ending import STEPS_COMPLETED
from scripts.local.emr.events import CLUSTER_EVENT
from scripts.local.emr.idle import AUTO_TERMINATED

_ENDED = ("TERMINATED", "TERMINATED_WITH_ERRORS")


@dataclass
class ClusterLife:
    """One cluster: when it was asked for, when it last worked, who ended it. Epoch seconds, virtual."""

    id: str
    created: float
    idle_since: float
    net: str | None = None
    ended: float | None = None


@dataclass(frozen=True)
class Line:
    """One line of a timeline."""

    seconds: float
    who: str
    what: str


@dataclass
class Entry:
    """A state entered, and when; ``left`` as long as the execution is in it is ``None``. Epoch seconds, virtual."""

    state: str
    since: float
    left: float | None = None


@dataclass(frozen=True)
class Stay:
    """One visit of a state, how long it took, and whether a cluster lived meanwhile."""

    state: str
    seconds: float
    with_cluster: bool


@dataclass
class Journal:
    """The record of one case.

    Attributes
    ----------
    clock
        The case's time.
    entries
        The states entered, in order.
    actor
        The net that is at work; the machine's own end of a cluster needs no other.
    struck_at, ended_at
        When the first fault struck, and when the execution ended.
    status
        The execution's, as DescribeExecution shows it.
    """

    clock: Clock
    lines: list[Line] = field(default_factory=list)
    lives: dict[str, ClusterLife] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    actor: str = MACHINE
    struck_at: float | None = None
    ended_at: float | None = None
    execution: str = ""
    status: str = ""

    def __post_init__(self) -> None:
        self._start = self.clock.now()

    def entered(self, state: str) -> Entry:
        """Note that the execution entered a state."""
        entry = Entry(state, self.clock.now())
        self.entries.append(entry)
        self.note("machine", state)
        return entry

    def left(self, states: Collection[str]) -> None:
        """Note that the execution is in some states no longer."""
        for entry in self.entries:
            if entry.state in states and entry.left is None:
                entry.left = self.clock.now()

    def struck(self, what: str) -> None:
        """Note that a fault happened."""
        self.note("fault", what)
        if self.struck_at is None:
            self.struck_at = self.clock.now()

    def ended(self, execution: str, status: str) -> None:
        """Note that the execution ended."""
        self.execution, self.status, self.ended_at = execution, status, self.clock.now()
        self.left({entry.state for entry in self.entries})
        self.note("execution", "stays RUNNING" if status == "RUNNING" else status)

    @contextmanager
    def acting(self, net: str) -> Iterator[None]:
        """Put down to a net what happens in a ``with`` block."""
        before, self.actor = self.actor, net
        try:
            yield
        finally:
            self.actor = before

    def observe(self, event: dict[str, Any]) -> None:
        """Note an event of EMR."""
        detail, now = event["detail"], self.clock.now()
        subject = detail["clusterId"] if event["detail-type"] == CLUSTER_EVENT else f"step {detail['name']}"
        self.note("emr", f"{subject} {detail['state']}")
        life = self.lives.setdefault(detail["clusterId"], ClusterLife(detail["clusterId"], now, now))
        if event["detail-type"] != CLUSTER_EVENT:
            life.idle_since = now
        elif detail["state"] == "TERMINATING":
            life.net = self._net(json.loads(detail["stateChangeReason"]))
            self.note("net", f"{life.net} ends {life.id}")
        elif detail["state"] in _ENDED:
            life.ended = now

    def stays(self) -> Iterator[Stay]:
        """Yield the states visited, in order."""
        for entry in self.entries:
            end = self.clock.now() if entry.left is None else entry.left
            lives = (life for life in self.lives.values() if life.ended is None or life.ended > entry.since)
            yield Stay(entry.state, end - entry.since, any(life.created <= end for life in lives))

    def note(self, who: str, what: str) -> None:
        """Add a line to the timeline."""
        self.lines.append(Line(self.clock.now() - self._start, who, what))

    def _net(self, reason: dict[str, str]) -> str:
        if reason["code"] == "STEP_FAILURE":
            return ACTION_ON_FAILURE
        if reason["code"] == STEPS_COMPLETED.code:
            return STEPS_DONE
        if reason.get("message") == AUTO_TERMINATED.message:
            return AUTO_TERMINATION
        return self.actor if reason["code"] == "USER_REQUEST" else EMR
