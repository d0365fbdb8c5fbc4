"""Time for the engine: virtual for tests, scaled wall-clock time for the local cloud."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

Cancel = Callable[[], None]
"""Undoes what was started or scheduled. Calling it again, or too late, does nothing."""

VIRTUAL_START = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where a virtual clock starts, so that a test's timestamps never change."""

_log = logging.getLogger(__name__)


class Clock(Protocol):
    """What the engine needs of time. Moments are epoch seconds, durations seconds, both virtual."""

    def now(self) -> float:
        """Return the present moment."""

    def call_at(self, when: float, callback: Callable[[], None], *, awaited: bool = True) -> Cancel:
        """Run `callback` once, at `when`, or as soon as possible if that has passed.

        `awaited` says whether something is on its way and time may be compressed until then; a timeout is not.
        """

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed."""


class _Agenda:
    """Callbacks by time, first in first out within the same moment. Its user holds a lock around every call."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()

    def add(self, when: float, callback: Callable[[], None]) -> int:
        number = next(self._numbers)
        self._callbacks[number] = callback
        heapq.heappush(self._heap, (when, number))
        return number

    def drop(self, number: int) -> None:
        self._callbacks.pop(number, None)

    def next_time(self) -> float | None:
        while self._heap and self._heap[0][1] not in self._callbacks:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self) -> tuple[int, Callable[[], None]]:
        number = heapq.heappop(self._heap)[1]
        return number, self._callbacks.pop(number)


class VirtualClock:
    """A clock that moves only while somebody sleeps, and runs what falls due on the way, each at its own time.

    Several threads may sleep at once. Whoever gets there first moves the clock; it never moves back, and a thread
    whose moment has been passed meanwhile returns at once. An exception of a callback reaches the sleeper.

    Parameters
    ----------
    start
        Epoch seconds at which it starts.
    """

    def __init__(self, start: float = VIRTUAL_START) -> None:
        self._now = start
        self._agenda = _Agenda()
        self._data = threading.Lock()
        # Callbacks run under this lock only, never under `_data`: they may schedule, read the time, or sleep.
        self._moving = threading.RLock()

    def now(self) -> float:
        """Return the present moment."""
        with self._data:
            return self._now

    def call_at(self, when: float, callback: Callable[[], None], *, awaited: bool = True) -> Cancel:  # noqa: ARG002
        """Run `callback` once the clock is moved to `when` or beyond."""
        with self._data:
            number = self._agenda.add(when, callback)

        def cancel() -> None:
            with self._data:
                self._agenda.drop(number)

        return cancel

    def sleep(self, seconds: float) -> None:
        """Move the clock on by `seconds`, unless another sleeper already has."""
        target = self.now() + seconds
        with self._moving:
            while callback := self._step_towards(target):
                callback()

    def _step_towards(self, target: float) -> Callable[[], None] | None:
        with self._data:
            due = self._agenda.next_time()
            if due is None or due > target:
                self._now = max(self._now, target)
                return None
            self._now = max(self._now, due)
            return self._agenda.pop()[1]


class LiveClock:
    """A clock that compresses waiting: `scale` virtual seconds per real second, but only while nothing real happens.

    It runs one to one by default and inside `real_time()`, so that what takes real time takes as long on this clock. It
    hurries while somebody sleeps on it or an awaited callback is due. Timeouts that nobody awaits do not make it hurry,
    or a cluster would be idle for minutes while the machine does a second's work.

    It starts at the present wall-clock time. A daemon thread runs the callbacks; one that raises is logged, and the
    thread goes on.

    Parameters
    ----------
    scale
        Virtual seconds per real second, greater than 0.
    """

    def __init__(self, scale: float) -> None:
        if scale <= 0:
            raise ValueError(f"scale must be greater than 0, not {scale}")
        self._scale = scale
        self._real_time_users = 0
        self._sleepers = 0
        self._awaited: set[int] = set()
        self._real_anchor = time.monotonic()
        self._virtual_anchor = time.time()
        self._agenda = _Agenda()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="emr-clock", daemon=True)
        self._thread.start()

    def now(self) -> float:
        """Return the present moment."""
        with self._changed:
            return self._now()

    def call_at(self, when: float, callback: Callable[[], None], *, awaited: bool = True) -> Cancel:
        """Run `callback` on the clock's thread at `when`, or as soon as possible if that has passed."""
        with self._change():
            number = self._agenda.add(when, callback)
            if awaited:
                self._awaited.add(number)

        def cancel() -> None:
            with self._change():
                self._agenda.drop(number)
                self._awaited.discard(number)

        return cancel

    def sleep(self, seconds: float) -> None:
        """Block the calling thread until `seconds` virtual seconds have passed, however often the rate changes."""
        with self._changed:
            target = self._now() + seconds
            with self._change():
                self._sleepers += 1
            try:
                while (left := target - self._now()) > 0:
                    self._changed.wait(left / self._rate())
            finally:
                with self._change():
                    self._sleepers -= 1

    @contextmanager
    def real_time(self) -> Iterator[None]:
        """Run one to one while the block lasts. Blocks may nest and overlap, on any thread."""
        with self._change():
            self._real_time_users += 1
        try:
            yield
        finally:
            with self._change():
                self._real_time_users -= 1

    def close(self) -> None:
        """Stop running callbacks. What is still scheduled never runs."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _rate(self) -> float:
        waiting = self._sleepers > 0 or bool(self._awaited)
        return self._scale if waiting and not self._real_time_users else 1.0

    def _now(self) -> float:
        return self._virtual_anchor + (time.monotonic() - self._real_anchor) * self._rate()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Change something the rate depends on; until now the old rate counts."""
        with self._changed:
            real = time.monotonic()
            self._virtual_anchor += (real - self._real_anchor) * self._rate()
            self._real_anchor = real
            yield
            self._changed.notify_all()

    def _run(self) -> None:
        while callback := self._wait_for_callback():
            try:
                callback()
            except Exception:
                _log.exception("A scheduled callback failed")

    def _wait_for_callback(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                due = self._agenda.next_time()
                if due is not None and due <= self._now():
                    return self._take()
                self._changed.wait(None if due is None else (due - self._now()) / self._rate())
            return None

    def _take(self) -> Callable[[], None]:
        number, callback = self._agenda.pop()

        def run() -> None:
            # Still awaited until it has run: what it schedules next must find the clock in a hurry.
            try:
                callback()
            finally:
                with self._change():
                    self._awaited.discard(number)

        return run
