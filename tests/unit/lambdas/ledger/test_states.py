import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.ledger.states import states_of

START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
ENTERED, EXITED = "stateEnteredEventDetails", "stateExitedEventDetails"


def at(second: int) -> datetime.datetime:
    return START + datetime.timedelta(seconds=second)


def history(*events: tuple[str, str | None, int] | tuple[str, str | None, int, int]) -> list[dict[str, Any]]:
    """Give events of ``(type, state, second)``, and the id of the event before where it is not the last one."""
    found = []
    for number, (kind, state, second, *before) in enumerate(events, start=1):
        detail = ENTERED if kind.endswith("Entered") else EXITED
        about = {detail: {"name": state}} if state else {}
        previous = before[0] if before else number - 1
        found.append({"id": number, "previousEventId": previous, "type": kind, "timestamp": at(second), **about})
    return found


def seen(events: list[dict[str, Any]]) -> list[tuple[str, int, int | None, str | None]]:
    return [
        (
            state.name,
            int((state.entered - START).total_seconds()),
            None if state.exited is None else int((state.exited - START).total_seconds()),
            state.outcome,
        )
        for state in states_of(events)
    ]


def test_states_in_their_order_each_as_often_as_it_was_entered() -> None:
    events = history(
        ("ExecutionStarted", None, 0),
        ("TaskStateEntered", "Look", 0),
        ("TaskScheduled", None, 0),
        ("TaskSucceeded", None, 4),
        ("TaskStateExited", "Look", 5),
        ("ChoiceStateEntered", "Again?", 5),
        ("ChoiceStateExited", "Again?", 5),
        ("TaskStateEntered", "Look", 6),
        ("TaskScheduled", None, 6),
    )
    assert seen(events) == [
        ("Look", 0, 5, "SUCCEEDED"),
        ("Again?", 5, 5, "SUCCEEDED"),
        ("Look", 6, None, None),
    ]


def test_a_state_left_by_its_catch_has_failed_and_one_that_was_tried_again_has_not() -> None:
    events = history(
        ("TaskStateEntered", "Create", 0),
        ("TaskFailed", None, 1),
        ("TaskScheduled", None, 2),
        ("TaskSucceeded", None, 3),
        ("TaskStateExited", "Create", 3),
        ("TaskStateEntered", "Run", 3),
        ("TaskTimedOut", None, 9),
        ("TaskStateExited", "Run", 9),
    )
    assert seen(events) == [("Create", 0, 3, "SUCCEEDED"), ("Run", 3, 9, "FAILED")]


def test_branches_end_with_their_parallel() -> None:
    events = history(
        ("ParallelStateEntered", "Both", 0),  # 1
        ("ParallelStateStarted", None, 0),
        ("TaskStateEntered", "Left", 0, 2),  # 3
        ("TaskStateEntered", "Right", 0, 2),  # 4
        ("TaskScheduled", None, 0, 4),
        ("TaskScheduled", None, 0, 3),
        ("TaskFailed", None, 7, 6),
        ("ParallelStateFailed", None, 7, 7),
        ("ParallelStateExited", "Both", 7, 8),
        ("PassStateEntered", "After", 8, 9),
    )
    assert seen(events) == [
        ("Both", 0, 7, "FAILED"),
        ("Left", 0, 7, "FAILED"),
        ("Right", 0, 7, "ABORTED"),
        ("After", 8, None, None),
    ]


def test_what_was_going_on_ends_with_the_execution() -> None:
    for kind, outcome in (("Failed", "FAILED"), ("TimedOut", "TIMED_OUT"), ("Aborted", "ABORTED")):
        events = history(("TaskStateEntered", "Run", 0), (f"Execution{kind}", None, 3))
        assert seen(events) == [("Run", 0, 3, outcome)]


@given(st.lists(st.sampled_from(["TaskStateEntered", "TaskStateExited", "TaskFailed", "ExecutionAborted"]), max_size=9))
def test_whatever_a_history_holds_it_is_read(kinds: list[str]) -> None:
    """Histories are cut off, and those of emulators lack what comes before."""
    events = history(*((kind, "S" if "State" in kind else None, second) for second, kind in enumerate(kinds)))
    for event in events:
        del event["previousEventId"]
    states = states_of(events)
    assert len(states) == kinds.count("TaskStateEntered")
    assert all(state.exited is None or state.exited >= state.entered for state in states)
