"""No object is lost and none is in two batches, whoever dies or dawdles between whichever two calls."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas import aws
from lambdas.inputs.manifests import parse_manifest
from lambdas.inputs.uri import S3Uri
from lambdas.starts.batch_table import BatchTable
from lambdas.starts.batches import BatchStore, Closing, add, close_due
from tests.unit.lambdas.starts.fakes import MemoryStore, Work, Worker
from tests.unit.lambdas.starts.world import (
    RULE,
    START,
    WINDOW,
    check_safe,
    check_settles,
    delivery,
    every_state,
    look,
    uri,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

LATER = START + WINDOW


def waiting(store: MemoryStore, count: int) -> MemoryStore:
    for number in range(count):
        add(store, uri(number), "etag", number, START)
    return store


# How many objects wait since the start, and who meets when their window is over: a look, or the delivery of an object.
MEETINGS: dict[str, tuple[int, list[int | None]]] = {
    "two looks": (2, [None, None]),
    "two looks, two batches": (4, [None, None]),
    "a look and the object that fills the batch": (2, [None, 2]),
    "two objects, either of which fills the batch": (2, [2, 3]),
    "an object announced twice at a time": (1, [1, 1]),
}


def check_every_state(store: MemoryStore, meeting: str) -> int:
    """Check all that can come of a meeting; whoever is left behind at any moment may have died there."""
    count, met = MEETINGS[meeting]
    numbers = sorted({*range(count), *(number for number in met if number is not None)})
    works = [look(LATER) if number is None else delivery(number, LATER) for number in met]
    settled = set()
    for state in every_state(waiting(store, count), works):
        if state.frozen() not in settled:
            settled.add(state.frozen())
            check_safe(state)
            check_settles(state, numbers, LATER)
    return len(settled)


@pytest.mark.parametrize("meeting", MEETINGS)
def test_no_order_of_calls_and_no_death_loses_an_object_or_takes_it_twice(meeting: str) -> None:
    assert check_every_state(MemoryStore(), meeting) > 5


@dataclass
class Uncounted(MemoryStore):
    def close(self, closing: Closing, closed: int) -> bool:
        return super().close(closing, self.count)


@dataclass
class Overwriting(MemoryStore):
    def close(self, closing: Closing, closed: int) -> bool:
        self.named = None
        return super().close(closing, closed)


@dataclass
class Unremembering(MemoryStore):
    def add(self, identity: str, uri: str, size: int, now: datetime.datetime) -> bool:
        self.known.discard(identity)
        return super().add(identity, uri, size, now)


def is_found(store: MemoryStore, meeting: str) -> bool:
    try:
        check_every_state(store, meeting)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("broken", [Uncounted, Overwriting, Unremembering])
def test_every_condition_is_needed(broken: type[MemoryStore]) -> None:
    assert any(is_found(broken(), meeting) for meeting in MEETINGS)


class World:
    """Any number of events, looks and deaths, one after the other."""

    def __init__(self) -> None:
        self.store, self.now = MemoryStore(), START
        self.announced: set[int] = set()
        self.at_work: list[Worker] = []

    def act(self, act: str, number: int) -> None:
        if act == "deliver":
            self.announced.add(number)
            self._begin(delivery(number, self.now))
        elif act == "look":
            self._begin(look(self.now))
        elif act == "wait":
            self.now += datetime.timedelta(minutes=number)
        elif self.at_work:
            worker = self.at_work.pop(number % len(self.at_work))
            if act != "die":
                self._go_on(worker, 1000 if act == "end" else number + 1)

    def _begin(self, work: Work) -> None:
        self.at_work.append(Worker(work))

    def _go_on(self, worker: Worker, calls: int) -> None:
        while calls and not worker.is_done:
            worker, calls = worker.step(self.store), calls - 1
        if not worker.is_done:
            self.at_work.insert(0, worker)

    def check(self) -> None:
        check_safe(self.store)
        check_settles(self.store, sorted(self.announced), self.now)


ACTS = st.tuples(
    st.sampled_from(["deliver", "deliver", "go on", "go on", "go on", "end", "die", "look", "wait"]), st.integers(0, 5)
)


@settings(max_examples=200)
@given(acts=st.lists(ACTS, min_size=20, max_size=60))
def test_every_object_is_in_one_batch(acts: list[tuple[str, int]]) -> None:
    world = World()
    for act, number in acts:
        world.act(act, number)
        check_safe(world.store)
    world.check()
    while world.at_work:  # those who dawdled through all of it
        world.act("end", 0)
    world.check()


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
    second = datetime.timedelta(seconds=1)
    assert add(store, uri(1), "etag", 1, START)
    assert not add(store, uri(2), "etag", 1, START + second)
    assert add(store, uri(1), "etag", 1, LATER), "announced again: nobody may have heard the first time"
    assert close_due(store, RULE, START + second, store.start) is None, "nothing was closed"
    for number in (3, 4):
        assert not add(store, uri(number), "etag", 1, START + number * second)
    assert close_due(store, RULE, START + 5 * second, store.start) == START + 4 * second, "it was not the first, and is"
    assert close_due(store, RULE, LATER + 4 * second, store.start) is None, "nothing is left"


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


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator["DynamoDBClient"]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    aws.forget()
    yield aws.dynamodb()
    aws.forget()


def table_at(dynamodb: "DynamoDBClient") -> BatchTable:
    return BatchTable(dynamodb, "the-starts", aws.s3(), S3Uri("the-logs", "starts/count/"), "batch#count#0")


def test_of_two_who_write_at_once_one_looks_again(dynamodb: "DynamoDBClient") -> None:
    conflict: dict[str, Any] = {"CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}
    with Stubber(dynamodb) as stubber:
        for _ in range(2):
            stubber.add_client_error(
                "transact_write_items", "TransactionCanceledException", modeled_fields=conflict, http_status_code=400
            )
        stubber.add_client_error("delete_item", "TransactionConflictException")
        table = table_at(dynamodb)
        assert not table.close(Closing("1", "s3://the-logs/starts/count/1.json"), 0)
        with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
            table.add("a", "s3://data/a", 5, START)  # the other one may yet fail: the event has to come again
        table.finish(Closing("1", "s3://the-logs/starts/count/1.json"))


def test_what_dynamodb_did_not_get_to_is_sent_again(
    dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lambdas.starts.batch_table.FIRST_PAUSE_SECONDS", 0.0)
    keys = [{"queue": {"S": "batch#count#0"}, "item": {"S": item}} for item in ("waiting#1", "waiting#2")]
    requests = [{"the-starts": [{"DeleteRequest": {"Key": key}} for key in some]} for some in (keys, keys[1:])]
    with Stubber(dynamodb) as stubber:
        for sent, left in ((requests[0], requests[1]), (requests[1], {})):
            stubber.add_response("batch_write_item", {"UnprocessedItems": left}, {"RequestItems": sent})
        table_at(dynamodb).remove(["waiting#1", "waiting#2"])
        stubber.assert_no_pending_responses()
