import datetime

import pytest

from lambdas import aws
from lambdas.recovery.shortage_store import REMEMBERED, put_shortages, recent_shortages
from lambdas.recovery.shortages import Shortage
from tests.unit.paging import in_pages_of

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)
FOUND = [Shortage("m7g.xlarge", "subnet-1", "on_demand"), Shortage("m7g.xlarge", "subnet-1", "spot")]

pytestmark = pytest.mark.usefixtures("deployment")


def put(shortages: list[Shortage], now: datetime.datetime = NOW) -> None:
    put_shortages(aws.dynamodb(), "the-runs", shortages, now)


def recent(now: datetime.datetime) -> list[Shortage]:
    return sorted(recent_shortages(aws.dynamodb(), "the-runs", now))


def test_remembered_for_six_hours_and_not_longer() -> None:
    assert recent(NOW) == []
    put(FOUND)
    assert datetime.timedelta(hours=6) == REMEMBERED
    assert recent(NOW) == recent(NOW + REMEMBERED - SECOND) == FOUND
    assert recent(NOW + REMEMBERED) == []


def test_the_same_shortage_counts_from_when_it_was_last_seen() -> None:
    put(FOUND)
    put(FOUND[:1], NOW + 3 * REMEMBERED / 4)
    assert recent(NOW + REMEMBERED) == FOUND[:1]
    assert len(aws.dynamodb().scan(TableName="the-runs")["Items"]) == 2


def test_runs_in_the_same_table_are_no_shortages() -> None:
    item = {"job": {"S": "count"}, "run": {"S": "run-1"}}
    aws.dynamodb().put_item(TableName="the-runs", Item={**item, "status": {"S": "FAILED"}})
    assert recent(NOW) == []


def test_more_than_a_page() -> None:
    in_pages_of(10, aws.dynamodb(), "Query", "Limit")
    many = sorted(Shortage("m7g.xlarge", f"subnet-{number:04}", "spot") for number in range(25))
    put(many)
    condition, values = "job = :job", {":job": {"S": "#shortages"}}
    page = aws.dynamodb().query(
        TableName="the-runs", KeyConditionExpression=condition, ExpressionAttributeValues=values
    )
    assert 0 < len(page["Items"]) < len(many)
    assert recent(NOW) == many
