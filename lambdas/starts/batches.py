"""Gather objects into batches: none lost, none in two, however often and in whatever order they are announced.

An object is remembered by what it is, so a second announcement adds nothing. What waits is closed as one batch by a
write that holds only if no batch was closed since it was read; that write names the batch, and whoever finds the name
finishes it. So every step may be done twice, or late, by whoever dies or is slow in between.
"""

import datetime
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lambdas.specs.triggers import Batch


@dataclass(frozen=True)
class Waiting:
    """An object that waits; ``item`` is its place in the queue, the first that came is the first in order."""

    item: str
    uri: str
    size: int
    since: datetime.datetime


@dataclass(frozen=True)
class Closing:
    """A batch that is closed and not yet seen to: its id, and where its list lies."""

    batch: str
    manifest: str


class BatchStore(Protocol):
    """Where a trigger's objects wait."""

    def add(self, identity: str, uri: str, size: int, now: datetime.datetime) -> bool:
        """Let an object wait; false if it has been announced before."""

    def first(self, limit: int) -> list[Waiting]:
        """Return those that have waited longest."""

    def closed(self) -> int:
        """Return how many batches have been closed."""

    def closing(self) -> Closing | None:
        """Return the batch that is being closed."""

    def write(self, batch: str, document: str) -> str:
        """Write a batch's list, and return its address."""

    def read(self, manifest: str) -> str:
        """Return a batch's list."""

    def close(self, closing: Closing, closed: int) -> bool:
        """Close a batch, if none is being closed and no more have been closed than were."""

    def remove(self, items: Sequence[str]) -> None:
        """Let objects wait no more."""

    def finish(self, closing: Closing) -> None:
        """Forget that a batch is being closed, if it still is."""


Starter = Callable[[Closing], None]
"""Starts the run of a batch; the same batch may come again."""


def add(store: BatchStore, uri: str, etag: str, size: int, now: datetime.datetime) -> bool:
    """Let an object wait for its batch.

    Parameters
    ----------
    store
        The trigger's.
    uri, etag, size
        The object, and which content of it.
    now
        With a time zone.

    Returns
    -------
    bool
        Whether it is the first in the queue, so that its batch has to be looked at when the window is over. Behind a
        batch that is being closed it is not; then whoever closes that one is told of it.
    """
    identity = hashlib.sha256(f"{uri}\n{etag}".encode()).hexdigest()
    store.add(identity, uri, size, now)
    # Also if it had been announced before: whoever heard that may have died before the look was arranged.
    return any(each.item.endswith(identity) for each in store.first(1))


def close_due(store: BatchStore, rule: Batch, now: datetime.datetime, start: Starter) -> datetime.datetime | None:
    """Close every batch that is full or whose window is over, and see to what others left half done.

    Parameters
    ----------
    store
        The trigger's.
    rule
        How many objects, and how long they may wait.
    now
        With a time zone.
    start
        Starts a run.

    Returns
    -------
    datetime.datetime or None
        Since when the first of those that are left waits, if something was closed: nobody else may be going to look at
        it when its window is over.
    """
    has_closed = False
    while True:
        # In this order: if no more are closed by then, those counted here were finished before the next line looked,
        # and none of their objects waits below.
        closed = store.closed()
        if left := store.closing():
            _finish(store, left, start)
            has_closed = True
            continue
        waiting = store.first(rule.max_objects)
        if not _is_due(waiting, rule, now):
            return waiting[0].since if waiting and has_closed else None
        batch = hashlib.sha256("\n".join(each.item for each in waiting).encode()).hexdigest()
        closing = Closing(batch, store.write(batch, _document(waiting)))
        # What is named is finished above, as it is if somebody else named it.
        store.close(closing, closed)


def _is_due(waiting: Sequence[Waiting], rule: Batch, now: datetime.datetime) -> bool:
    if not waiting:
        return False
    return len(waiting) == rule.max_objects or (now - waiting[0].since).total_seconds() >= rule.window


def _finish(store: BatchStore, closing: Closing, start: Starter) -> None:
    start(closing)
    store.remove(json.loads(store.read(closing.manifest))["items"])
    store.finish(closing)


def _document(waiting: Sequence[Waiting]) -> str:
    """Return a manifest as ``lambdas.inputs.manifests`` reads it, and beside it the places in the queue."""
    entries = [{"url": each.uri, "meta": {"content_length": each.size}} for each in waiting]
    return json.dumps({"entries": entries, "items": [each.item for each in waiting]}, ensure_ascii=False)
