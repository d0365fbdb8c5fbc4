"""What a clock has to call, and when."""

import heapq
import itertools
from collections.abc import Callable


class Agenda:
    """Callbacks by time, first in first out within the same moment. Its user holds a lock around every call."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()

    def add(self, when: float, callback: Callable[[], None]) -> int:
        """Take a callback in and return the number by which it is dropped."""
        number = next(self._numbers)
        self._callbacks[number] = callback
        heapq.heappush(self._heap, (when, number))
        return number

    def drop(self, number: int) -> None:
        """Forget a callback, if it is still there."""
        self._callbacks.pop(number, None)

    def next_time(self) -> float | None:
        """Return when the first callback is due."""
        while self._heap and self._heap[0][1] not in self._callbacks:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[int, Callable[[], None]]:
        """Take the first callback out."""
        number = heapq.heappop(self._heap)[1]
        return number, self._callbacks.pop(number)
