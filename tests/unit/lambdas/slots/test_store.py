"""What the queue relies on, of DynamoDB as of the store in memory that other tests use."""

import datetime
from typing import TYPE_CHECKING

import pytest

from lambdas.slots.entries import Entry
from lambdas.slots.queue import Store
from lambdas.slots.store import SlotTable
from tests.unit.lambdas.slots.conftest import TABLE
from tests.unit.lambdas.slots.fakes import START, FakeStore, execution

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ONE, TWO = execution(1), execution(2)


@pytest.fixture(params=["dynamodb", "memory"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue("table") if request.param == "dynamodb" else FakeStore()
    return found


def entry(number: int, *tokens: str) -> Entry:
    return Entry(execution(number), frozenset(tokens))


def test_nothing_yet(store: Store) -> None:
    assert (store.gate(), store.holders(), list(store.tickets())) == (0, [], [])


def test_tickets_come_in_the_order_in_which_their_executions_started(store: Store) -> None:
    for number in (3, 1, 10, 2):
        assert store.add_ticket(execution(number), f"token-{number}")
    assert list(store.tickets()) == [entry(number, f"token-{number}") for number in (1, 2, 3, 10)]


def test_a_ticket_has_the_tokens_of_all_attempts(store: Store) -> None:
    assert store.add_ticket(ONE, "first")
    assert store.add_ticket(ONE, "second")
    assert list(store.tickets()) == [entry(1, "first", "second")]


def test_a_slot_is_given_once(store: Store) -> None:
    store.add_ticket(ONE, "token")
    assert store.grant(entry(1, "token"), 0)
    assert (store.gate(), store.holders(), list(store.tickets())) == (1, [entry(1, "token")], [])
    assert not store.grant(entry(1, "token"), 0)
    assert not store.grant(entry(1, "token"), 1)
    assert (store.gate(), store.holders()) == (1, [entry(1, "token")])


def test_no_slot_is_given_when_one_was_given_since(store: Store) -> None:
    store.add_ticket(ONE, "a")
    store.add_ticket(TWO, "b")
    assert store.grant(entry(1, "a"), 0)
    assert not store.grant(entry(2, "b"), 0)
    assert [list(store.tickets()), store.holders()] == [[entry(2, "b")], [entry(1, "a")]]
    assert store.grant(entry(2, "b"), 1)


def test_no_slot_is_given_with_tokens_that_are_not_all(store: Store) -> None:
    store.add_ticket(ONE, "z")
    store.add_ticket(ONE, "a")
    assert not store.grant(entry(1, "z"), 0)
    assert (store.gate(), store.holders()) == (0, [])
    assert store.grant(entry(1, "z", "a"), 0)


def test_a_holder_gets_no_ticket_but_another_token(store: Store) -> None:
    store.add_ticket(ONE, "first")
    assert not store.add_token(ONE, "second")
    store.grant(entry(1, "first"), 0)
    assert not store.add_ticket(ONE, "second")
    assert store.add_token(ONE, "second")
    assert (store.holders(), list(store.tickets())) == ([entry(1, "first", "second")], [])


def test_a_token_is_forgotten(store: Store) -> None:
    store.forget_token(ONE, "first")
    assert store.holders() == []
    store.add_ticket(ONE, "first")
    store.grant(entry(1, "first"), 0)
    store.forget_token(ONE, "other")
    store.forget_token(ONE, "first")
    store.forget_token(ONE, "first")
    assert store.holders() == [entry(1)]
    assert store.add_token(ONE, "second")
    assert store.holders() == [entry(1, "second")]


def test_who_is_dropped_is_gone(store: Store) -> None:
    for number in (1, 2, 3):
        store.add_ticket(execution(number), "token")
    store.grant(entry(1, "token"), 0)
    store.drop(ONE)
    store.drop(TWO)
    store.drop(TWO)
    assert (store.gate(), store.holders(), list(store.tickets())) == (1, [], [entry(3, "token")])


def test_a_moment_is_known_to_the_millisecond(table: SlotTable) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    early = START.replace(microsecond=999).astimezone(zone)
    table.add_ticket(execution(1).model_copy(update={"started": early}), "token")
    assert [ticket.execution.started for ticket in table.tickets()] == [START]


def test_more_wait_than_are_read_at_a_time(store: Store) -> None:
    for number in range(60):
        store.add_ticket(execution(number), "token")
    assert [ticket.execution for ticket in store.tickets()] == [execution(number) for number in range(60)]


def test_each_job_has_a_queue_of_its_own(dynamodb: "DynamoDBClient", table: SlotTable) -> None:
    other = SlotTable(dynamodb, TABLE, "counts")
    table.add_ticket(ONE, "token")
    table.grant(entry(1, "token"), 0)
    table.add_ticket(TWO, "token")
    assert (other.gate(), other.holders(), list(other.tickets())) == (0, [], [])


def test_a_write_that_fails_for_another_reason_is_no_lost_race(dynamodb: "DynamoDBClient", table: SlotTable) -> None:
    dynamodb.delete_table(TableName=TABLE)
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        table.add_ticket(ONE, "token")
