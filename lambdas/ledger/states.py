"""The states an execution went through, with times, read off its history.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.documents import part, text
from lambdas.runs.record import StateOutcome, StateRun

_ENTERED, _EXITED = "stateEnteredEventDetails", "stateExitedEventDetails"
_FAILURES = ("Failed", "TimedOut", "Aborted")
_BRANCHING = ("ParallelState", "MapState")
_ENDS: Mapping[str, StateOutcome] = {
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


def states_of(events: Iterable[Mapping[str, Any]]) -> list[StateRun]:
    """Return the states in the order in which they were entered, each as often as it was.

    A state that was left by its Catch has failed. One that never was left has no end, unless what it was in has: the
    execution, or a Parallel of which another branch failed.

    Parameters
    ----------
    events
        Of GetExecutionHistory, oldest first; their data is not needed.
    """
    history = _History()
    for event in events:
        history.add(event)
    return [StateRun.model_validate(found) for found in history.states]


class _History:
    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self._open: dict[str, int] = {}
        # By event: its type, and the state it is of. By state: the type of its last event.
        self._types: dict[int, str] = {}
        self._owners: dict[int, str] = {}
        self._last: dict[str, str] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        kind, number = text(event, "type"), event.get("id", 0)
        moment = event["timestamp"].astimezone(datetime.UTC)
        # Not every emulator says which event came before.
        before = event.get("previousEventId") or number - 1
        entered = text(part(event, _ENTERED), "name")
        owner = entered or self._owners.get(before, "")
        self._types[number], self._owners[number] = kind, owner
        if _EXITED not in event:
            self._last[owner] = kind
        if entered:
            self._open[entered] = len(self.states)
            self.states.append({"name": entered, "entered": moment, "exited": None, "outcome": None})
        elif _EXITED in event:
            name = text(part(event, _EXITED), "name")
            position = self._open.get(name, len(self.states))
            self._leave(name, moment, "FAILED" if self._types.get(before, "").endswith(_FAILURES) else "SUCCEEDED")
            if kind.startswith(_BRANCHING):
                for inside in [each for each, other in self._open.items() if other > position]:
                    self._leave(inside, moment, "FAILED" if self._last[inside].endswith(_FAILURES) else "ABORTED")
        elif kind in _ENDS:
            for name in list(self._open):
                self._leave(name, moment, _ENDS[kind])

    def _leave(self, name: str, moment: datetime.datetime, outcome: StateOutcome) -> None:
        position = self._open.pop(name, None)
        if position is not None:
            self.states[position] |= {"exited": moment, "outcome": outcome}
