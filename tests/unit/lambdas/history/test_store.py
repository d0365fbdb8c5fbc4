import datetime

import pytest

from lambdas import aws
from lambdas.history.entry import HistoryEntry
from lambdas.history.metrics import SparkTotals
from lambdas.history.store import KEPT, class_history, put_history, recent_history
from tests.unit.lambdas.history.entries import NOW, an_entry

pytestmark = pytest.mark.usefixtures("deployment")
TABLE = "the-runs"


def put(*entries: HistoryEntry) -> None:
    for entry in entries:
        put_history(aws.dynamodb(), TABLE, entry)


def of_job(job: str = "count", limit: int = 200) -> list[HistoryEntry]:
    return recent_history(aws.dynamodb(), TABLE, job, limit)


def of_class(job_class: str = "scan") -> list[HistoryEntry]:
    return class_history(aws.dynamodb(), TABLE, job_class)


def test_comes_back_as_it_was() -> None:
    entry = an_entry(
        spot_lost=2, spot_share=0.25, predicted_seconds=900.5, unfit="failed", spark=SparkTotals(tasks=7, skew=1.5)
    )
    put(entry)
    assert of_job() == of_class() == [entry]


def test_newest_first_and_no_more_than_asked_for() -> None:
    put(an_entry("b", 2), an_entry("a", 1), an_entry("c", 3), an_entry("d", 0.001))
    assert [entry.run for entry in of_job()] == ["d", "a", "b", "c"]
    assert [entry.run for entry in of_job(limit=2)] == ["d", "a"]


def test_in_order_whatever_the_time_zone() -> None:
    east = NOW.astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    put(an_entry("later", started=east), an_entry("earlier", started=NOW - datetime.timedelta(hours=1)))
    assert [entry.run for entry in of_job()] == ["later", "earlier"]


def test_recorded_again_it_replaces_itself() -> None:
    put(an_entry(seconds=1.0), an_entry(seconds=2.0))
    assert [entry.seconds for entry in of_job()] == [2.0]
    assert [entry.seconds for entry in of_class()] == [2.0]


def test_similar_jobs_help_and_others_stay_apart() -> None:
    put(an_entry(), an_entry(job="sum"), an_entry(job="train", job_class="ml"), an_entry(job="alone", job_class=None))
    assert [entry.job for entry in of_job()] == ["count"]
    assert {entry.job for entry in of_class()} == {"count", "sum"}
    assert [entry.job for entry in of_class("ml")] == ["train"]
    assert [entry.job for entry in of_job("alone")] == ["alone"]
    assert of_job("scan") == of_job("class scan/") == []


def test_gone_after_a_year_and_a_month() -> None:
    put(an_entry(job_class=None))
    (item,) = aws.dynamodb().scan(TableName=TABLE)["Items"]
    assert item["expires"] == {"N": str(int((NOW + KEPT).timestamp()))}


def test_an_entry_of_another_version_is_passed_over() -> None:
    put(an_entry())
    key = {"job": {"S": "#history count"}}
    for number, text in enumerate(('{"job": "count"}', "no json")):
        item = {**key, "run": {"S": f"9999 {number}"}, "entry": {"S": text}}
        aws.dynamodb().put_item(TableName=TABLE, Item=item)
    with_more = an_entry("newer").model_dump_json().replace("{", '{"unheard_of": 1, ', 1)
    item = {**key, "run": {"S": "9998"}, "entry": {"S": with_more}}
    aws.dynamodb().put_item(TableName=TABLE, Item=item)
    assert [entry.run for entry in of_job()] == ["newer", "run-1"]
    assert of_job(limit=1) == []
