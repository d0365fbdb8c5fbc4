"""Which step's logs are meant."""

import datetime
from typing import Any

import pytest

from lambdas.inputs.uri import S3Uri
from lambdas.ledger.entry import LedgerEntry, LedgerStep
from scripts.ledger.record import KEPT_DAYS
from scripts.logs.absence import KEPT, why_missing
from scripts.logs.errors import LogsMissingError, StepUnknownError
from scripts.logs.files import LogObject, StepLogs, Stream
from scripts.logs.places import ALL, Place, choose
from scripts.rendering.paths import ROOT
from tests.unit.ledger.support import NOW, hours_ago

PLACES = [
    Place("j-1", "s-1", "clean", "COMPLETED"),
    Place("j-1", "s-2", "summarise", "FAILED"),
    Place("j-2", "s-3", "summarise", "FAILED", ended=hours_ago(3)),
    Place("j-2", "s-4", "publish", "CANCELLED"),
]


def an_entry(status: Any = "FAILED", *steps: LedgerStep) -> LedgerEntry:
    return LedgerEntry(job="count", run="run-1", status=status, started=hours_ago(4), steps=steps)


@pytest.mark.parametrize(
    ("status", "step", "cluster", "ids"),
    [
        ("FAILED", None, None, ["s-3"]),
        ("FAILED", None, ALL, ["s-2", "s-3"]),
        ("FAILED", None, "j-1", ["s-2"]),
        ("FAILED", "clean", None, ["s-1"]),
        ("FAILED", "s-2", None, ["s-2"]),
        ("FAILED", "publish", "j-2", ["s-4"]),
        ("RUNNING", None, None, ["s-3"]),
        ("SUCCEEDED", None, None, ["s-3"]),
    ],
)
def test_the_step_that_is_wanted(status: str, step: str | None, cluster: str | None, ids: list[str]) -> None:
    assert [place.step_id for place in choose(an_entry(status), PLACES, step, cluster)] == ids


def test_in_a_run_that_went_well_after_all_it_is_the_last_step() -> None:
    places = [PLACES[1], Place("j-2", "s-3", "summarise", "COMPLETED"), Place("j-2", "s-4", "publish", "RUNNING")]
    assert choose(an_entry("SUCCEEDED"), places, None, None) == [places[-1]]


def test_steps_that_never_began_are_better_than_none() -> None:
    assert choose(an_entry(), PLACES[-1:], None, None) == PLACES[-1:]


@pytest.mark.parametrize(
    ("step", "cluster", "says"),
    [
        ("wash", None, "no step 'wash' with logs; it has: clean, summarise, publish"),
        ("clean", "j-2", "no step 'clean' with logs; it has: summarise, publish"),
        (None, "j-3", "no steps on a cluster j-3, but on j-1, j-2"),
    ],
)
def test_what_there_is_not_is_said_with_what_there_is(step: str | None, cluster: str | None, says: str) -> None:
    with pytest.raises(StepUnknownError, match=says):
        choose(an_entry(), PLACES, step, cluster)


def test_a_step_taken_over_from_another_run_has_its_logs_there() -> None:
    kept = LedgerStep(name="clean", state="KEPT", run="run-0")
    with pytest.raises(StepUnknownError, match="slow-lambda logs run-0 clean"):
        choose(an_entry("FAILED", kept), PLACES[1:], "clean", None)


def test_a_run_without_cluster_has_no_logs() -> None:
    entry = an_entry().model_copy(update={"error": "InputEmpty"})
    with pytest.raises(LogsMissingError, match="no step of run-1 ever got to a cluster: InputEmpty"):
        choose(entry, [], None, None)


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        (None, "yet: EMR copies logs every five minutes"),
        (NOW - datetime.timedelta(minutes=4), "yet: EMR copies logs every five minutes"),
        (NOW + datetime.timedelta(minutes=4), "yet: "),  # the local cloud's EMR may be ahead
        (hours_ago(3), "one that never began has none"),
        (hours_ago(24 * 91), "any more: the log bucket keeps them for 90 days"),
    ],
)
def test_why_there_is_no_log(ended: datetime.datetime | None, says: str) -> None:
    place = Place("j-2", "s-3", "summarise", "FAILED", ended=ended)
    sentence = why_missing(an_entry(), place, StepLogs([]), NOW)
    assert sentence.startswith("step summarise (s-3 on cluster j-2, FAILED) has no such log")
    assert says in sentence


def test_why_a_step_without_application_has_no_containers() -> None:
    own = LogObject(Stream.STDERR, S3Uri("logs", "emr/j-2/steps/s-3/stderr.gz"))
    assert "name no YARN application" in why_missing(an_entry(), PLACES[2], StepLogs([own]), NOW)
    assert "yet: " in why_missing(an_entry(), PLACES[0], StepLogs([own], "application_1"), NOW)


def test_logs_and_records_are_kept_as_long_as_is_said() -> None:
    text = (ROOT / "infra" / "storage.yml").read_text(encoding="utf-8")
    for prefix, days in (("emr/", KEPT.days), ("runs/", KEPT_DAYS)):
        assert f"Prefix: {prefix}\n            ExpirationInDays: {days}\n" in text
