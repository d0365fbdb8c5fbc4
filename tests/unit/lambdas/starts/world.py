"""Deliveries, looks and deaths over one store, step by step, and what must hold of them."""

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from lambdas.specs import Batch
from lambdas.starts.batches import BatchStore, add, close_due
from tests.unit.lambdas.starts.fakes import MemoryStore, Start, Work, Worker

START = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
RULE = Batch.model_validate({"window": "2m", "max_objects": 3})
WINDOW = datetime.timedelta(seconds=RULE.window)


def uri(number: int) -> str:
    return f"s3://data/{number}"


def delivery(number: int, now: datetime.datetime) -> Work:
    """Return what is done about an event: let the object wait, and close what is due."""

    def work(store: BatchStore, start: Start) -> None:
        add(store, uri(number), "etag", number, now)
        close_due(store, RULE, now, start)

    return work


def look(now: datetime.datetime) -> Work:
    """Return what is done when a timer or the sweep says so."""

    def work(store: BatchStore, start: Start) -> None:
        close_due(store, RULE, now, start)

    return work


def gathered(store: MemoryStore) -> Counter[str]:
    """Return how many runs have each object."""
    return Counter(entry["url"] for run in store.runs.values() for entry in json.loads(run)["entries"])


def check_safe(store: MemoryStore) -> None:
    """Check what holds at every moment: nothing twice, and no batch with too many."""
    assert max(gathered(store).values(), default=0) <= 1, "an object is in two runs"
    assert all(1 <= len(json.loads(run)["entries"]) <= RULE.max_objects for run in store.runs.values())


def check_settles(store: MemoryStore, numbers: Sequence[int], now: datetime.datetime) -> None:
    """Check what holds if all die now: events nobody confirmed come again, and one look after the window ends it."""
    after = store.copy()
    for number in numbers:
        delivery(number, now)(after, after.start)
    look(now + WINDOW)(after, after.start)
    assert gathered(after) == Counter(uri(number) for number in numbers)
    assert (after.waiting, after.named) == ({}, None)
    check_safe(after)


def every_state(store: MemoryStore, works: Sequence[Work]) -> Iterator[MemoryStore]:
    """Go through every state that some pieces of work can bring a store to, whichever goes on when."""
    begun = (store, tuple(Worker(work) for work in works))
    seen, left = {(store.frozen(), begun[1])}, [begun]
    while left:
        store, workers = left.pop()
        yield store
        for place, worker in enumerate(workers):
            if worker.is_done:
                continue
            after = store.copy()
            moved = (*workers[:place], worker.step(after), *workers[place + 1 :])
            if (state := (after.frozen(), moved)) not in seen:
                seen.add(state)
                left.append((after, moved))
