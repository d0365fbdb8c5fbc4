"""What the parts of the engine share: clock, lock, clusters, and what is told to the outside once the lock is free."""

import hashlib
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scripts.local.emr.clock import Cancel, Clock
from scripts.local.emr.faults import Faults
from scripts.local.emr.model import Cluster
from scripts.local.emr.runner import StepRunner

Observer = Callable[[dict[str, Any]], None]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_LENGTH = 13


class World:
    """The state of one engine.

    All of it is guarded by one lock, taken by `transaction()`. Runner and observer are foreign code that may block or
    call back from another thread, so they are never called under the lock: they are left in the outbox, which whoever
    frees the lock empties in order.
    """

    def __init__(
        self, clock: Clock, runner: StepRunner, faults: Faults, observer: Observer | None, region: str, account: str
    ) -> None:
        self.clock = clock
        self.runner = runner
        self.faults = faults
        self.observer = observer
        self.region = region
        self.account = account
        self.clusters: dict[str, Cluster] = {}
        self._lock = threading.RLock()
        self._outbox: deque[Callable[[], None]] = deque()
        self._delivering = threading.Lock()
        self._numbers = itertools.count()
        self._seed = repr(clock.now())

    def now(self) -> float:
        """Return the present moment: epoch seconds, virtual."""
        return self.clock.now()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; then empty the outbox, even if the call failed. Transactions do not nest."""
        try:
            with self._lock:
                yield
        finally:
            self._deliver()

    def later(self, seconds: float, callback: Callable[[], None], *, awaited: bool = True) -> Cancel:
        """Run `callback` under the lock, `seconds` from now; `awaited` as `Clock.call_at` has it."""

        def locked() -> None:
            with self.transaction():
                callback()

        return self.clock.call_at(self.now() + seconds, locked, awaited=awaited)

    def after_unlock(self, effect: Callable[[], None]) -> None:
        """Run `effect` without the lock as soon as it is free."""
        self._outbox.append(effect)

    def publish(self, event: dict[str, Any]) -> None:
        """Hand an event to the observer."""
        if observer := self.observer:
            self.after_unlock(lambda: observer(event))

    def new_id(self, prefix: str, alphabet: str = _ALPHABET, length: int = _ID_LENGTH) -> str:
        """Return a fresh id. Two engines that start at the same moment give out the same ids."""
        digest = hashlib.sha256(f"{self._seed}-{next(self._numbers)}".encode()).digest()
        return prefix + "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])

    def _deliver(self) -> None:
        # Whoever finds another thread (or itself, further up the stack) delivering leaves its effects to that one,
        # which looks again after it has let go.
        while self._outbox and self._delivering.acquire(blocking=False):
            try:
                while self._outbox:
                    self._outbox.popleft()()
            finally:
                self._delivering.release()
