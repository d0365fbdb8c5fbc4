import datetime
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from lambdas import aws
from lambdas.ledger.entry import SCHEMA, LedgerEntry, LedgerStep
from lambdas.ledger.store import (
    CAUSE_CHARACTERS,
    DOCUMENT_BYTES,
    EntryTornError,
    entries_since,
    parse_entry,
    read_entry,
    write_entry,
)
from lambdas.recovery.shortage_store import put_shortages
from lambdas.recovery.shortages import Shortage
from tests.unit.paging import in_pages_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TABLE = "the-runs"
START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
CLEAN = LedgerStep(name="clean", number=0, state="COMPLETED", started=START, outputs=("s3://d/clean/",), objects=3)
SUMMARISE = LedgerStep(name="summarise", number=1, state="PENDING")

pytestmark = pytest.mark.usefixtures("deployment")


def write(run: str = "run-1", job: str = "count", **fields: Any) -> bool:
    return write_entry(aws.dynamodb(), TABLE, job, run, fields)


def read(run: str = "run-1", job: str = "count") -> LedgerEntry:
    entry = read_entry(aws.dynamodb(), TABLE, job, run)
    assert entry is not None
    return entry


def names(since: datetime.datetime | None = None, until: datetime.datetime | None = None) -> list[str]:
    return [entry.run for entry in entries_since(aws.dynamodb(), TABLE, "count", since, until)]


def item(**fields: "AttributeValueTypeDef") -> "dict[str, AttributeValueTypeDef]":
    key: dict[str, AttributeValueTypeDef] = {"job": {"S": "count"}, "run": {"S": "run-1"}}
    return {**key, "started": {"S": "2026-11-22T12:00:00+00:00"}, "status": {"S": "FAILED"}, **fields}


def test_what_is_written_is_read() -> None:
    written = LedgerEntry(
        schema=SCHEMA,
        job="count",
        run="run-1",
        status="FAILED",
        execution="arn",
        started=START,
        ended=START + HOUR,
        document={"input": ["s3://d/ä/", None, 1.5]},
        trigger="manual",
        attempt=2,
        origin="run-0",
        replayed_by=("run-2", "run-3"),
        minutes=7.5,
        usd=0.1,
        cluster_ids=("j-1",),
        steps=(CLEAN, SUMMARISE),
        cause="it failed",
    )
    fields = {name: getattr(written, name) for name in LedgerEntry.model_fields if name not in {"form", "job", "run"}}
    assert write(**fields)
    assert read() == written
    assert read_entry(aws.dynamodb(), TABLE, "count", "another") is None


def test_writers_leave_what_others_wrote() -> None:
    write(started=START, error="Wrong", steps=[CLEAN, SUMMARISE])
    write(steps=[SUMMARISE.model_copy(update={"state": "FAILED"})])
    write(replayed_by=["run-2"], cluster_ids=["j-1"])
    write(replayed_by=["run-3"], usd=1.5)
    entry = read()
    assert [step.state for step in entry.steps] == ["COMPLETED", "FAILED"]
    assert entry.step("clean") == CLEAN
    assert (set(entry.replayed_by), entry.cluster_ids) == ({"run-2", "run-3"}, ("j-1",))
    assert (entry.started, entry.error, entry.usd) == (START, "Wrong", 1.5)


def test_none_takes_away() -> None:
    write(started=START, error="Wrong", cluster_ids=["j-1"])
    write(error=None, cluster_ids=None, replayed_by=None)
    assert (read().error, read().cluster_ids) == (None, ())


def test_steps_are_in_the_jobs_order() -> None:
    write(started=START, steps=[LedgerStep(name=name, number=n, state="PENDING") for n, name in enumerate("zay")])
    assert [step.name for step in read().steps] == ["z", "a", "y"]


def test_an_entry_is_not_made_where_it_must_exist() -> None:
    dynamodb = aws.dynamodb()
    assert not write_entry(dynamodb, TABLE, "count", "run-1", {"replayed_by": ["run-2"]}, only_existing=True)
    assert read_entry(dynamodb, TABLE, "count", "run-1") is None
    write(started=START)
    assert write_entry(dynamodb, TABLE, "count", "run-1", {"replayed_by": ["run-2"]}, only_existing=True)
    assert read().replayed_by == ("run-2",)


def test_a_long_input_and_a_long_cause_leave_room_for_the_rest() -> None:
    digits = random.Random(0).choices("0123456789äöü", k=200_000)
    document = {"input": ["".join(digits)]}
    assert len(json.dumps(document)) > DOCUMENT_BYTES
    write(started=START, document=document, cause="x" * 30_000)
    assert read().document == document
    assert read().cause == "x" * CAUSE_CHARACTERS


def test_runs_are_found_by_time_newest_first() -> None:
    in_pages_of(2, aws.dynamodb(), "Query", "Limit")
    for number in range(5):
        write(f"run-{number}", started=START + number * HOUR)
    write("run-9", job="other", started=START)
    put_shortages(aws.dynamodb(), TABLE, [Shortage("m7g.xlarge", "subnet-1", "spot")], START)
    assert names() == ["run-4", "run-3", "run-2", "run-1", "run-0"]
    assert names(since=START + HOUR, until=START + 3 * HOUR) == ["run-3", "run-2", "run-1"]
    berlin = datetime.timezone(HOUR)
    assert names(since=(START + 4 * HOUR).astimezone(berlin)) == ["run-4"]


def test_a_torn_entry_hides_no_other() -> None:
    write("run-1", started=START)
    write("run-2", started=START, status="WHAT")
    torn: list[EntryTornError] = []
    found = list(entries_since(aws.dynamodb(), TABLE, "count", torn=torn))
    assert [entry.run for entry in found] == ["run-1"]
    assert [str(error) for error in torn] == [
        "the entry of run-2 (count) cannot be read: status: Input should be 'RUNNING', 'SUCCEEDED', 'FAILED', "
        "'TIMED_OUT' or 'ABORTED'"
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"schema": {"N": str(SCHEMA + 1)}}, f"has the form {SCHEMA + 1}"),
        ({"schema": {"N": "1.5"}}, "invalid literal"),
        ({"started": {"S": "yesterday"}}, "started: Input should be a valid datetime"),
        ({"document": {"S": "{"}}, "JSONDecodeError"),
        ({"document": {"B": b"{}"}}, "incorrect header"),
        ({"document": {"N": "1"}}, "KeyError: 'S'"),
        ({"step#clean": {"S": "{}"}}, "name: Field required"),
        ({"step#clean": {"S": "["}}, "Invalid JSON"),
        ({"cause": {"L": []}}, "cause: Input should be a valid string"),
    ],
)
def test_what_cannot_be_read_is_named(fields: "dict[str, AttributeValueTypeDef]", words: str) -> None:
    with pytest.raises(EntryTornError, match=r"^the entry of run-1 \(count\) .*") as caught:
        parse_entry(item(**fields))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_run_from_before_the_ledger_is_read() -> None:
    entry = parse_entry(item(cluster_id={"S": "j-1"}, ended={"S": "2026-11-22T13:00:00+00:00"}, usd={"N": "0.5"}))
    assert (entry.form, entry.status, entry.cluster_ids, entry.usd) == (0, "FAILED", ("j-1",), 0.5)
    assert (entry.attempt, entry.root, entry.steps, entry.ended) == (1, "run-1", (), START + HOUR)


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert parse_entry(item(mood={"S": "good"}, schema={"N": str(SCHEMA)})).run == "run-1"
