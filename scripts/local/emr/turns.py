"""Whose turn it is among the threads that sleep on one clock."""

import contextvars
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Turn:
    """What a thread carries that keeps a clock still while it is awake: a worker's, or that of a callback.

    Attributes
    ----------
    owner
        The clock.
    groups
        Those it works together with, the outermost first.
    """

    owner: object
    groups: tuple[object, ...] = ()


# Carried by the context, not by the thread: a worker may let other threads work for it, one at a time.
_current: contextvars.ContextVar[Turn | None] = contextvars.ContextVar("turn", default=None)


def turn_of(owner: object) -> Turn | None:
    """Return the turn the caller carries on a clock."""
    turn = _current.get()
    return turn if turn and turn.owner is owner else None


def carry(turn: Turn) -> contextvars.Token[Turn | None]:
    """Let the caller carry a turn from now on."""
    return _current.set(turn)


def put_down(token: contextvars.Token[Turn | None]) -> None:
    """Let the caller carry again what it carried before."""
    _current.reset(token)


@dataclass(eq=False)
class Sleeper:
    """One sleeping thread. `away` while it cannot be woken: it runs a callback, or others have to end first."""

    target: float
    number: int
    groups: tuple[object, ...]
    away: bool = False


@dataclass
class Bedroom:
    """All who sleep on one clock. Its user holds a lock around every call."""

    _sleepers: list[Sleeper] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def lie_down(self, target: float, turn: Turn | None) -> Sleeper:
        """Take in somebody who sleeps until `target`."""
        sleeper = Sleeper(target, next(self._numbers), turn.groups if turn else ())
        self._sleepers.append(sleeper)
        return sleeper

    def come_back(self, sleeper: Sleeper, target: float) -> None:
        """Let a sleeper that was away sleep until `target`, as if it lay down only now."""
        sleeper.target, sleeper.number, sleeper.away = target, next(self._numbers), False

    def get_up(self, sleeper: Sleeper) -> None:
        """Let a sleeper out."""
        self._sleepers.remove(sleeper)

    def first(self) -> Sleeper | None:
        """Return who wakes next: the earliest target, and among equals who lay down first."""
        present = (sleeper for sleeper in self._sleepers if not sleeper.away)
        return min(present, key=lambda sleeper: (sleeper.target, sleeper.number), default=None)

    def rouse(self, group: object, now: float) -> None:
        """Bring forward to `now` the targets of all who belong to a group."""
        for sleeper in self._sleepers:
            if group in sleeper.groups:
                sleeper.target = min(sleeper.target, now)
