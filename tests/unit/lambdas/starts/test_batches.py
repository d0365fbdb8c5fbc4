"""No object is lost and none is in two batches, whoever dies or dawdles between whichever two calls."""

import datetime
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas import aws
from lambdas.inputs.manifests import parse_manifest
from lambdas.inputs.uri import S3Uri
from lambdas.specs import Batch
from lambdas.starts.batch_table import BatchTable
from lambdas.starts.batches import BatchStore, Closing, add, close_due
from tests.unit.lambdas.starts.fakes import MemoryStore, Worker

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

START = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
RULE = Batch.model_validate({"window": "2m", "max_objects": 3})
WINDOW = datetime.timedelta(seconds=RULE.window)


class World:
    """Objects that are announced, and the runs that batches started."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.now = START
        self.workers: list[Worker] = []
        self.undelivered: list[int] = []
        self.runs: dict[str, str] = {}

    def deliver(self, number: int) -> None:
        self.undelivered.append(number)

        def work(store: BatchStore, pause: Callable[[], None]) -> None:
            add(store, f"s3://data/{number}", "etag", number, self.now)
            self._close(store, pause)
            self.undelivered.remove(number)

        self.workers.append(Worker(self.store, work))

    def sweep(self) -> None:
        self.workers.append(Worker(self.store, self._close))

    def _close(self, store: BatchStore, pause: Callable[[], None]) -> None:
        close_due(store, RULE, self.now, lambda batch: self._start(batch, pause))

    def _start(self, batch: Closing, pause: Callable[[], None]) -> None:
        pause()
        document = self.store.documents[batch.manifest]
        assert self.runs.setdefault(batch.batch, document) == document

    def act(self, act: str, number: int) -> None:
        if act == "deliver":
            self.deliver(number)
        elif act == "sweep":
            self.sweep()
        elif act == "wait":
            self.now += datetime.timedelta(minutes=number)
        elif at_work := [worker for worker in self.workers if not worker.is_over]:
            worker = at_work[number % len(at_work)]
            worker.step(crash=act == "crash")
            while act == "run" and not worker.is_over:
                worker.step()

    def settle(self) -> None:
        """Let all go on, announce again what nobody confirmed, and look when the window is over."""
        self._run()
        for number in list(self.undelivered):
            self.undelivered.remove(number)
            self.deliver(number)
        self._run()
        self.now += WINDOW
        self.sweep()
        self._run()

    def _run(self) -> None:
        for worker in reversed(self.workers):  # who began first may be the slowest
            while not worker.is_over:
                worker.step()

    def gathered(self) -> Counter[str]:
        return Counter(entry["url"] for run in self.runs.values() for entry in json.loads(run)["entries"])


ACTS = st.tuples(
    st.sampled_from(["deliver", "deliver", "deliver", "step", "step", "step", "run", "crash", "sweep", "wait"]),
    st.integers(0, 5),
)


@settings(max_examples=100)
@given(acts=st.lists(ACTS, min_size=20, max_size=60))
def test_every_object_is_in_one_batch(acts: list[tuple[str, int]]) -> None:
    world = World()
    for act, number in acts:
        world.act(act, number)
    world.settle()
    announced = {f"s3://data/{number}" for act, number in acts if act == "deliver"}
    assert world.gathered() == Counter(announced)
    assert all(len(json.loads(run)["entries"]) <= RULE.max_objects for run in world.runs.values())
    assert world.store.waiting == {}


MOST_CALLS = 16
"""More than one that closes a batch of three makes."""


def stopped_after(calls: int, crash: bool = False) -> World:
    """Return a world in which somebody saw that the window of two objects is over, and stopped after some calls."""
    world = World()
    for number in range(2):
        add(world.store, f"s3://data/{number}", "etag", number, START)
    world.now += WINDOW
    world.sweep()
    (worker,) = world.workers
    for _ in range(calls):
        worker.step()
    if crash:
        worker.step(crash=True)
    return world


@pytest.mark.parametrize("calls", range(MOST_CALLS))
def test_whoever_dies_loses_nothing(calls: int) -> None:
    world = stopped_after(calls, crash=True)
    world.settle()
    assert world.gathered() == Counter(["s3://data/0", "s3://data/1"])


@pytest.mark.parametrize("calls", range(MOST_CALLS))
def test_whoever_is_slow_takes_nothing_twice(calls: int) -> None:
    world = stopped_after(calls)
    world.deliver(2)  # it may fill the batch, and closes it meanwhile
    while not world.workers[1].is_over:
        world.workers[1].step()
    world.settle()
    assert world.gathered() == Counter(f"s3://data/{number}" for number in range(3))


@pytest.mark.parametrize("calls", range(7))
def test_two_who_take_turns_take_nothing_twice(calls: int) -> None:
    for other, more in itertools.product(range(MOST_CALLS), range(5)):
        world = stopped_after(calls)
        world.sweep()
        one, two = world.workers
        for worker, steps in ((two, other), (one, more), (two, MOST_CALLS), (one, MOST_CALLS)):
            for _ in range(steps):
                worker.step()
        world.settle()
        runs = world.gathered()
        assert runs == Counter(["s3://data/0", "s3://data/1"]), f"{other} calls of the other, then {more}"


def test_nobody_makes_more_calls() -> None:
    assert stopped_after(MOST_CALLS - 1).workers[0].is_done


def test_a_batch_is_a_manifest() -> None:
    store = MemoryStore()
    runs: list[Closing] = []
    for number in range(4):
        add(store, f"s3://data/{number}", "etag", 10 * number, START + datetime.timedelta(seconds=number))
    close_due(store, RULE, START, runs.append)
    (run,) = runs
    entries = parse_manifest(store.read(run.manifest).encode(), S3Uri("log", "x"))
    assert [(str(each.uri), each.size) for each in entries] == [
        ("s3://data/0", 0),
        ("s3://data/1", 10),
        ("s3://data/2", 20),
    ]
    close_due(store, RULE, START + WINDOW, runs.append)
    assert len(runs) == 1, "the window of the fourth began three seconds later"
    close_due(store, RULE, START + WINDOW + datetime.timedelta(seconds=3), runs.append)
    assert len(runs) == 2


def test_the_first_of_a_batch_starts_its_window() -> None:
    store = MemoryStore()
    assert add(store, "s3://data/1", "etag", 1, START)
    assert not add(store, "s3://data/2", "etag", 1, START + datetime.timedelta(seconds=1))
    assert add(store, "s3://data/1", "etag", 1, START + WINDOW), "announced again: nobody may have heard the first time"
    store.named = Closing("other", "s3://log/other")
    assert add(store, "s3://data/3", "etag", 1, START), "those in front may be gone in a moment"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryStore()
        return
    s3: S3Client = request.getfixturevalue("deployment")
    aws.dynamodb().create_table(
        TableName="the-starts",
        KeySchema=[{"AttributeName": "queue", "KeyType": "HASH"}, {"AttributeName": "item", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("queue", "item")],
        BillingMode="PAY_PER_REQUEST",
    )
    yield BatchTable(aws.dynamodb(), "the-starts", s3, S3Uri("the-logs", "starts/count/"), "batch#count#0")


def test_the_store_keeps_its_conditions(store: BatchStore) -> None:
    later = START + datetime.timedelta(seconds=1)
    assert store.add("b", "s3://data/b", 7, later)
    assert store.add("a", "s3://data/a", 5, START)
    assert not store.add("a", "s3://data/a", 5, later)
    first = store.first(5)
    assert [(each.uri, each.size, each.since) for each in first] == [
        ("s3://data/a", 5, START),
        ("s3://data/b", 7, later),
    ]
    assert store.first(1) == first[:1]
    assert (store.closed(), store.closing()) == (0, None)
    batch, another = Closing("1", store.write("1", "{}")), Closing("2", store.write("2", "[]"))
    assert (store.read(batch.manifest), store.read(another.manifest)) == ("{}", "[]")
    assert not store.close(batch, 1), "none has been closed"
    assert store.close(batch, 0)
    assert (store.closed(), store.closing()) == (1, batch)
    assert not store.close(another, 1), "one is being closed"
    store.finish(another)
    assert store.closing() == batch
    store.finish(batch)
    store.finish(batch)
    assert store.closing() is None
    assert not store.close(another, 0), "one has been closed since"
    assert store.close(another, 1)
    store.remove([first[0].item])
    store.remove([first[0].item])
    assert store.first(5) == first[1:]
    assert not store.add("a", "s3://data/a", 5, later), "gone, and still known"


def test_more_than_one_write_takes(store: BatchStore) -> None:
    for number in range(60):
        store.add(f"{number:02}", f"s3://data/{number}", number, START)
    waiting = store.first(55)
    assert [each.size for each in waiting] == list(range(55))
    store.remove([each.item for each in waiting])
    assert [each.size for each in store.first(100)] == list(range(55, 60))
