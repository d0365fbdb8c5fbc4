"""A store of batches in memory, and workers that go on one call at a time."""

import datetime
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from lambdas.starts.batches import BatchStore, Closing, Waiting


@dataclass
class MemoryStore:
    """What ``BatchTable`` keeps in DynamoDB and S3, with the same conditions; and the runs that were started."""

    known: set[str] = field(default_factory=set)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    count: int = 0
    named: Closing | None = None
    runs: dict[str, str] = field(default_factory=dict)

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

    def start(self, closing: Closing) -> None:
        """Start a run as Step Functions does: once by one name, which never stands for two inputs."""
        document = self.documents[closing.manifest]
        assert self.runs.setdefault(closing.batch, document) == document

    def copy(self) -> "MemoryStore":
        return replace(
            self,
            known=set(self.known),
            waiting=dict(self.waiting),
            documents=dict(self.documents),
            runs=dict(self.runs),
        )

    def frozen(self) -> Hashable:
        """Return what tells its states apart."""
        return (
            frozenset(self.known),
            frozenset(self.waiting),
            frozenset(self.documents),
            self.count,
            self.named,
            frozenset(self.runs),
        )


Start = Callable[[Closing], None]
Work = Callable[[BatchStore, Start], None]


@dataclass(frozen=True)
class Worker:
    """A piece of work between two of its calls.

    Attributes
    ----------
    work
        Does the same whenever its calls are answered the same.
    answers
        To the calls it has made.
    is_done
        Whether it makes no more.
    """

    work: Work
    answers: tuple[Any, ...] = ()
    is_done: bool = False

    def step(self, store: MemoryStore) -> "Worker":
        """Let it make its next call: it begins anew, is told what it was told, and stops at the call after."""
        told = _Told(store, self.answers)
        try:
            self.work(told, lambda closing: told.call(lambda: store.start(closing)))
        except _NextCall:
            return replace(self, answers=tuple(told.answers))
        return replace(self, answers=tuple(told.answers), is_done=True)


class _NextCall(BaseException):
    """The call after the one that was to be made; no work catches it."""


class _Told:
    """A store that answers from memory, then once for real."""

    def __init__(self, store: MemoryStore, answers: tuple[Any, ...]) -> None:
        self._store, self.answers, self._made, self._before = store, list(answers), 0, len(answers)

    def call(self, real: Callable[[], Any]) -> Any:
        if self._made > self._before:
            raise _NextCall
        if self._made == self._before:
            answer = real()
            self.answers.append(tuple(answer) if isinstance(answer, list) else answer)
        self._made += 1
        return self.answers[self._made - 1]

    def add(self, identity: str, uri: str, size: int, now: datetime.datetime) -> bool:
        return bool(self.call(lambda: self._store.add(identity, uri, size, now)))

    def first(self, limit: int) -> list[Waiting]:
        return list(self.call(lambda: self._store.first(limit)))

    def closed(self) -> int:
        return int(self.call(self._store.closed))

    def closing(self) -> Closing | None:
        closing: Closing | None = self.call(self._store.closing)
        return closing

    def write(self, batch: str, document: str) -> str:
        return str(self.call(lambda: self._store.write(batch, document)))

    def read(self, manifest: str) -> str:
        return str(self.call(lambda: self._store.read(manifest)))

    def close(self, closing: Closing, closed: int) -> bool:
        return bool(self.call(lambda: self._store.close(closing, closed)))

    def remove(self, items: Sequence[str]) -> None:
        """Remove one by one: a batch of writes can stop anywhere."""
        for item in items:
            self.call(partial(self._store.remove, [item]))

    def finish(self, closing: Closing) -> None:
        self.call(lambda: self._store.finish(closing))
