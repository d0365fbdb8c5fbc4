"""Time for the engine: virtual for tests, scaled wall-clock time for the local cloud."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from scripts.local.emr.agenda import Agenda
from scripts.local.emr.turns import Bedroom, Sleeper, Turn, carry, put_down, turn_of

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


class VirtualClock:
    """A clock that moves only while somebody sleeps, and runs what falls due on the way, each at its own time.

    Several threads may sleep at once. The one with the earliest target moves the clock; it never moves back. An
    exception of a callback reaches the sleeper that ran it.

    Threads that work `together` keep the clock still: one of them is awake at a time, until it sleeps or ends. Any
    other thread keeps nothing still: once it is awake, time may go on without it.

    Parameters
    ----------
    start
        Epoch seconds at which it starts.
    """

    def __init__(self, start: float = VIRTUAL_START) -> None:
        self._now = start
        self._agenda = Agenda()
        self._bedroom = Bedroom()
        # Whether a worker or a callback is awake. They run without the lock: they may schedule, read the time, sleep.
        self._busy = False
        self._changed = threading.Condition()

    def now(self) -> float:
        """Return the present moment."""
        with self._changed:
            return self._now

    def call_at(self, when: float, callback: Callable[[], None], *, awaited: bool = True) -> Cancel:  # noqa: ARG002
        """Run `callback` once the clock is moved to `when` or beyond."""
        with self._changed:
            number = self._agenda.add(when, callback)

        def cancel() -> None:
            with self._changed:
                self._agenda.drop(number)

        return cancel

    def sleep(self, seconds: float) -> None:
        """Move the clock on by `seconds`, together with all others that sleep; return earlier when roused."""
        turn = turn_of(self)
        with self._changed:
            sleeper = self._bedroom.lie_down(self._now + seconds, turn)
            if turn:
                self._busy = False
            self._sleep(sleeper, turn)

    def together(self, *works: Callable[[], None]) -> None:
        """Run functions as if at the same time, each on a thread of its own, and return when all have ended.

        One is awake at a time, the earliest target first, then the one that lay down first; so the same works take the
        same course whenever they are repeated. What a work runs on other threads counts as the work's own if they carry
        its context (`contextvars.copy_context`) and it waits for them.

        Raises
        ------
        Exception
            What the first of the works that failed has raised. The others have ended, too.
        """
        turn = turn_of(self)
        inner = Turn(self, (*(turn.groups if turn else ()), object()))
        errors: list[BaseException] = []
        with self._changed:
            waiting = self._bedroom.lie_down(self._now, turn)
            starts = [self._bedroom.lie_down(self._now, inner) for _ in works]
            waiting.away = bool(starts)
            left = len(starts)
            if turn:
                self._busy = False

        def run(work: Callable[[], None], start: Sleeper) -> None:
            nonlocal left
            carry(inner)
            try:
                with self._changed:
                    self._sleep(start, inner)
                work()
            except BaseException as error:
                errors.append(error)
            with self._changed:
                left -= 1
                if not left:
                    # Before anybody else can move the clock: who waited for the works goes on at this very moment.
                    self._bedroom.come_back(waiting, self._now)
                self._busy = False
                self._changed.notify_all()

        for work, start in zip(works, starts, strict=True):
            threading.Thread(target=contextvars.copy_context().run, args=(run, work, start), daemon=True).start()
        with self._changed:
            self._sleep(waiting, turn)
        if errors:
            raise errors[0]

    def rouse(self) -> None:
        """Let those that work together with the caller wake now, and whoever works for them."""
        turn = turn_of(self)
        if not turn or not turn.groups:
            return
        with self._changed:
            self._bedroom.rouse(turn.groups[-1], self._now)

    def _sleep(self, sleeper: Sleeper, turn: Turn | None) -> None:
        """Wait for the sleeper's moment, moving the clock whenever it is the next to wake; then take the turn again."""
        self._changed.notify_all()
        try:
            while callback := self._step_towards(sleeper):
                self._run(callback, sleeper)
        finally:
            self._bedroom.get_up(sleeper)
            if turn:
                self._busy = True
            self._changed.notify_all()

    def _step_towards(self, sleeper: Sleeper) -> Callable[[], None] | None:
        self._changed.wait_for(lambda: not self._busy and self._bedroom.first() is sleeper)
        due = self._agenda.next_time()
        if due is None or due > sleeper.target:
            self._now = max(self._now, sleeper.target)
            return None
        self._now = max(self._now, due)
        return self._agenda.pop()[1]

    def _run(self, callback: Callable[[], None], sleeper: Sleeper) -> None:
        sleeper.away = self._busy = True
        token = carry(Turn(self))
        self._changed.release()
        try:
            callback()
        finally:
            self._changed.acquire()
            put_down(token)
            sleeper.away = self._busy = False
            self._changed.notify_all()


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
        self._agenda = Agenda()
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
