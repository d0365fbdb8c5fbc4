"""How unevenly the work of a stage is spread over its tasks, in memory that does not grow with tasks or stages."""

import random
import statistics
from dataclasses import dataclass, field

# The median of more tasks than these is that of a sample of so many.
SAMPLED_TASKS = 1_001

# Stages whose end is still awaited; with more, the oldest is taken as it is.
MAX_OPEN_STAGES = 256

_SEED = 0

Stage = tuple[int, int]
"""The id of a stage, and which attempt at it."""


@dataclass
class _Times:
    """The times of a stage's tasks: their sum, the longest, how many, and an even sample of them (a reservoir)."""

    total: int = 0
    longest: int = 0
    count: int = 0
    sample: list[int] = field(default_factory=list)

    def add(self, time: int, chance: random.Random) -> None:
        self.total += time
        self.longest = max(self.longest, time)
        self.count += 1
        if len(self.sample) < SAMPLED_TASKS:
            self.sample.append(time)
        elif (place := chance.randrange(self.count)) < SAMPLED_TASKS:
            self.sample[place] = time


class Skew:
    """Finds the stage whose tasks took longest together. Times in any one unit."""

    def __init__(self) -> None:
        # Seeded, so that the same log gives the same record whenever it is read; nothing here is a secret.
        self._chance = random.Random(_SEED)  # noqa: S311
        self._open: dict[Stage, _Times] = {}
        self._heaviest = _Times()

    def add(self, stage: Stage, time: int) -> None:
        """Add a task."""
        if stage not in self._open and len(self._open) == MAX_OPEN_STAGES:
            self.settle(next(iter(self._open)))
        self._open.setdefault(stage, _Times()).add(time, self._chance)

    def settle(self, stage: Stage) -> None:
        """Take a stage as it is: it is over."""
        times = self._open.pop(stage, None)
        if times is not None and times.total > self._heaviest.total:
            self._heaviest = times

    def of_heaviest(self) -> float | None:
        """Return the longest time of the heaviest stage over its median; ``None`` when that says nothing."""
        heaviest = max((self._heaviest, *self._open.values()), key=lambda times: times.total)
        median = statistics.median(heaviest.sample) if heaviest.sample else 0
        return heaviest.longest / median if median else None
