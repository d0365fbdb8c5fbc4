"""A store of batches in memory, and workers that go on one call at a time."""

import datetime
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lambdas.starts.batches import BatchStore, Closing, Waiting


@dataclass
class MemoryStore:
    """What ``BatchTable`` keeps in DynamoDB and S3, with the same conditions."""

    known: set[str] = field(default_factory=set)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    count: int = 0
    named: Closing | None = None

    def add(self, identity: str, uri: str, size: int, now: datetime.datetime) -> bool:
        if identity in self.known:
            return False
        self.known.add(identity)
        item = f"waiting#{now.isoformat()}#{identity}"
        self.waiting[item] = Waiting(item, uri, size, now)
        return True

    def first(self, limit: int) -> list[Waiting]:
        return [self.waiting[item] for item in sorted(self.waiting)[:limit]]

    def closed(self) -> int:
        return self.count

    def closing(self) -> Closing | None:
        return self.named

    def write(self, batch: str, document: str) -> str:
        self.documents[f"s3://log/{batch}"] = document
        return f"s3://log/{batch}"

    def read(self, manifest: str) -> str:
        return self.documents[manifest]

    def close(self, closing: Closing, closed: int) -> bool:
        if self.named is not None or self.count != closed:
            return False
        self.named, self.count = closing, closed + 1
        return True

    def remove(self, items: Sequence[str]) -> None:
        for item in items:
            self.waiting.pop(item, None)

    def finish(self, closing: Closing) -> None:
        if self.named is not None and self.named.batch == closing.batch:
            self.named = None


class CrashedError(Exception):
    """The worker died before its next call."""


class Worker:
    """Does a piece of work in a thread of its own, which stands still before every call of its store."""

    def __init__(self, store: BatchStore, work: Callable[[BatchStore, Callable[[], None]], None]) -> None:
        self.is_over = self.is_done = self._must_crash = False
        self._may_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(store, work), daemon=True)
        self._thread.start()
        self._stands.acquire()

    def step(self, crash: bool = False) -> None:
        """Let it make its next call, or die before it."""
        if not self.is_over:
            self._must_crash = crash
            self._may_go.release()
            self._stands.acquire()

    def _run(self, store: BatchStore, work: Callable[[BatchStore, Callable[[], None]], None]) -> None:
        try:
            work(Stepped(store, self._pause), self._pause)
            self.is_done = True
        except CrashedError:
            pass
        self.is_over = True
        self._stands.release()

    def _pause(self) -> None:
        self._stands.release()
        self._may_go.acquire()
        if self._must_crash:
            raise CrashedError


class Stepped:
    """A store whose every call waits its turn."""

    def __init__(self, store: BatchStore, pause: Callable[[], None]) -> None:
        self._store, self._pause = store, pause

    def add(self, identity: str, uri: str, size: int, now: datetime.datetime) -> bool:
        self._pause()
        return self._store.add(identity, uri, size, now)

    def first(self, limit: int) -> list[Waiting]:
        self._pause()
        return self._store.first(limit)

    def closed(self) -> int:
        self._pause()
        return self._store.closed()

    def closing(self) -> Closing | None:
        self._pause()
        return self._store.closing()

    def write(self, batch: str, document: str) -> str:
        self._pause()
        return self._store.write(batch, document)

    def read(self, manifest: str) -> str:
        self._pause()
        return self._store.read(manifest)

    def close(self, closing: Closing, closed: int) -> bool:
        self._pause()
        return self._store.close(closing, closed)

    def remove(self, items: Sequence[str]) -> None:
        """Remove one by one: a batch of writes can stop anywhere."""
        for item in items:
            self._pause()
            self._store.remove([item])

    def finish(self, closing: Closing) -> None:
        self._pause()
        self._store.finish(closing)
