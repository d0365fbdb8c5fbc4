"""The load of a step: the containers it wants, phase by phase, and what a cluster made of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a step in which it wants the same number of containers.

    Attributes
    ----------
    seconds
        How long it lasts when all containers it wants are had; with fewer, longer in proportion: the work is
        seconds x containers. Greater than 0.
    containers
        Executors wanted at the same time, running + pending. With 0 the phase takes its seconds whatever there is.
    spot_lost
        Share of the Spot task nodes in service that EC2 takes back when the phase begins: 0 to 1.
    """

    seconds: float
    containers: int
    spot_lost: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be played."""
        if not (self.seconds > 0 and self.containers >= 0 and 0 <= self.spot_lost <= 1):
            raise ValueError(f"not a phase: {self}; seconds must be > 0, containers >= 0, spot_lost from 0 to 1")


Load = tuple[Phase, ...]
"""Phases of one step, one after the other."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a cluster's YARN looked like from `at` on, until the next entry.

    Attributes
    ----------
    at
        Epoch seconds, virtual.
    wanted, running, capacity
        Containers. While a step runs and none has a load, all are taken as wanted and running.
    nodes
        Core and task nodes in service, those about to leave included.
    """

    at: float
    wanted: int
    running: int
    capacity: int
    nodes: int


def share(capacity: int, wants: list[int]) -> list[int]:
    """Divide containers equally among steps: none gets more than it wants, and none is left over that one wants.

    What cannot be divided goes to the first.
    """
    given = [0] * len(wants)
    left = capacity
    by_want = sorted(range(len(wants)), key=lambda index: (wants[index], -index))
    for served, index in enumerate(by_want):
        given[index] = min(wants[index], left // (len(wants) - served))
        left -= given[index]
    return given
