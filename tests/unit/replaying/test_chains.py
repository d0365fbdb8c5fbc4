"""Which runs of many are replayed."""

import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.failures.classes import FailureClass
from lambdas.ledger.entry import LedgerEntry
from scripts.replaying.chains import Change, Selection, Wanted, select
from scripts.replaying.cures import Cure, cause_of, known_causes
from tests.unit.replaying.support import NOW, entry, replay_of

DAY = Wanted(NOW - datetime.timedelta(days=1), NOW)


def chosen(*entries: LedgerEntry, wanted: Wanted = DAY, changed: str | None = None) -> Selection:
    return select(entries, wanted, lambda _: Change(changed) if changed else None)


def names(selection: Selection) -> list[tuple[str, str]]:
    return [(each.entry.run, each.name) for each in selection.chosen]


def reasons(selection: Selection) -> dict[str, str]:
    return {each.run: each.why for each in selection.left_out}


def test_a_failed_run_is_replayed_under_the_next_name_and_others_are_no_matter() -> None:
    found = chosen(entry("a"), entry("b", status="SUCCEEDED"), entry("c", status="RUNNING"))
    assert names(found) == [("a", "a-r2")]
    assert not found.left_out


def test_only_the_last_of_a_chain_counts() -> None:
    found = chosen(entry("a", replayed_by=("a-r2",)), replay_of("a", 2), entry("b", replayed_by=("b-r2",)))
    assert names(found) == [("a-r2", "a-r3")]
    assert reasons(found) == {"b": "nobody can read what became of its replay"}


@pytest.mark.parametrize(("status", "word"), [("SUCCEEDED", "succeeded"), ("RUNNING", "is running")])
def test_what_was_replayed_with_success_or_is_being_replayed_is_left_out(status: str, word: str) -> None:
    found = chosen(entry("a"), replay_of("a", 2, status=status), wanted=Wanted(DAY.since, DAY.until, force=True))
    assert not found.chosen
    (left_out,) = found.left_out
    assert (left_out.run, left_out.why, left_out.detail) == ("a", f"a replay of it {word}", "a-r2")


def test_a_rejected_replay_belongs_to_the_chain_and_is_not_what_is_replayed() -> None:
    rejected = entry("a-r2", replays="a", failure_class=None, error="ReplaySize", usd_estimated=None)
    assert names(chosen(entry("a"), rejected, changed="the job's folder")) == [("a", "a-r3")]
    found = chosen(entry("a"), rejected)
    assert "it is rejected again" in reasons(found)["a"]


def test_a_replay_of_which_only_the_name_is_known_yet_counts() -> None:
    waiting = entry("a-r2", status="RUNNING", document=None, failure_class=None)
    assert reasons(chosen(entry("a"), waiting)) == {"a": "a replay of it is running"}
    # What somebody named so is a run of its own.
    named = entry("a-r2", status="RUNNING", failure_class=None)
    assert names(chosen(entry("a"), named)) == [("a", "a-r2")]


def test_the_window_is_of_failures_and_replays_after_it_are_seen() -> None:
    early = Wanted(NOW - datetime.timedelta(hours=3), NOW - datetime.timedelta(hours=2))
    started = NOW - datetime.timedelta(hours=2, minutes=30)
    assert names(chosen(entry("a", started=started), entry("b"), wanted=early)) == [("a", "a-r2")]
    found = chosen(entry("a", started=started), replay_of("a", 2, status="SUCCEEDED"), wanted=early)
    assert not found.chosen


def test_what_a_replay_cannot_cure_is_left_out_unless_it_changed_or_is_forced() -> None:
    runs = (
        entry("app", failure_class="application_error"),
        entry("denied", failure_class="s3_denied"),
        entry("stopped", failure_class=None, status="ABORTED"),
    )
    assert set(reasons(chosen(*runs))) == {"app", "denied", "stopped"}
    assert names(chosen(*runs, changed="the job's folder changed since")) == [("app", "app-r2")]
    forced = Wanted(DAY.since, DAY.until, force=True)
    assert len(chosen(*runs, wanted=forced).chosen) == 3


@pytest.mark.parametrize("name", ["TimeOut", "timeout", "Timeout"])
def test_causes_are_named_in_any_spelling(name: str) -> None:
    wanted = Wanted(DAY.since, DAY.until, causes=[name])
    found = chosen(
        entry("a"), entry("b", failure_class=None, status="TIMED_OUT", error="States.Timeout"), wanted=wanted
    )
    assert names(found) == [("b", "b-r2")]


@pytest.mark.parametrize("kind", list(FailureClass))
def test_each_class_has_a_word_on_its_cure(kind: FailureClass) -> None:
    cause = cause_of(entry("a", failure_class=kind.value))
    assert cause.name == kind.error
    assert cause.why
    assert cause.name in known_causes()


@pytest.mark.parametrize(
    ("fields", "cause", "cure"),
    [
        ({"error": "InputEmpty"}, "InputEmpty", Cure.IF_CHANGED),
        ({"error": "InputChanged"}, "InputChanged", Cure.NO),
        ({"error": "CapacityShortage"}, "CapacityShortage", Cure.YES),
        ({"error": "States.DataLimitExceeded"}, "Unknown", Cure.IF_CHANGED),
        ({}, "Unknown", Cure.IF_CHANGED),
    ],
)
def test_a_run_without_a_class_is_judged_by_its_error(fields: dict[str, Any], cause: str, cure: Cure) -> None:
    found = cause_of(entry("a", failure_class=None, **fields))
    assert (found.name, found.cure) == (cause, cure)


STATUS = st.sampled_from(["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED", "RUNNING"])


@settings(max_examples=40)
@given(st.lists(st.lists(STATUS, min_size=1, max_size=4), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_each_chain_is_replayed_once_at_most_and_never_over_a_success(chains: list[list[str]], random: Any) -> None:
    entries = []
    for number, statuses in enumerate(chains):
        first = f"run{number}"
        entries.append(entry(first, status=statuses[0]))
        entries += [replay_of(first, attempt, status=status) for attempt, status in enumerate(statuses[1:], 2)]
    random.shuffle(entries)
    found = chosen(*entries, wanted=Wanted(DAY.since, DAY.until, force=True))
    roots = [each.entry.root for each in found.chosen]
    assert len(set(roots)) == len(roots)
    for number, statuses in enumerate(chains):
        is_open = all(status in {"FAILED", "TIMED_OUT", "ABORTED"} for status in statuses)
        assert (f"run{number}" in roots) == is_open
    assert not {each.name for each in found.chosen} & {each.run for each in entries}
