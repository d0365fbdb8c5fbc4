"""How a state may fail, and which failures leave a scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from scripts.certify.static.graph import Scope, State, reachable


class Reason(Enum):
    """Why a state fails."""

    TASK = auto()
    FAIL = auto()  # a Fail state inside a Parallel or Map
    READER = auto()  # a Map's ItemReader or ResultWriter
    NO_CHOICE = auto()  # reported as States.Runtime, which nothing around it catches
    EVALUATION = auto()  # JSONata, in a state that has no Catch of its own


@dataclass(frozen=True)
class Failure:
    """A state that fails; ``error`` is None when it may be any error."""

    state: State
    reason: Reason
    error: str | None = None


QUERY_ERROR = "States.QueryEvaluationError"


def own_failures(state: State) -> Iterator[Failure]:
    """Yield how a state itself may fail, before any Catch is asked.

    States.Runtime and States.DataLimitExceeded are left out: no Catch covers them anywhere.
    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    if state.type == "Task":
        yield Failure(state, Reason.TASK)
    elif state.type == "Fail":
        error = state.body.get("Error")
        literal = isinstance(error, str) and not error.lstrip().startswith("{%")
        yield Failure(state, Reason.FAIL, str(error) if literal else None)
    elif state.evaluates:
        yield Failure(state, Reason.EVALUATION, QUERY_ERROR)
    if state.type == "Choice" and "Default" not in state.body:
        yield Failure(state, Reason.NO_CHOICE)
    if state.type == "Map" and not {"ItemReader", "ResultWriter"}.isdisjoint(state.body):
        yield Failure(state, Reason.READER)


def passes(failure: Failure, owner: State) -> Failure | None:
    """Return the failure of a Parallel or Map that a failure inside it causes; None when it only ends an iteration."""
    if may_be_tolerated(failure, owner) and owner.tolerates_all:
        return None
    if owner.distributed:  # a failed child execution is an ordinary failure of the Map, whatever failed the child
        reason = Reason.FAIL if failure.reason is Reason.NO_CHOICE else failure.reason
        return Failure(failure.state, reason)
    return failure


def may_be_tolerated(failure: Failure, owner: State) -> bool:
    """Whether a Map may go on although an iteration failed."""
    return owner.type == "Map" and owner.tolerates and (owner.distributed or failure.reason is not Reason.NO_CHOICE)


def is_caught(failure: Failure, state: State) -> bool:
    """Whether a state's own Catch surely takes a failure."""
    return failure.reason is not Reason.NO_CHOICE and state.catchers(failure.error)[1]


class Escapes:
    """How each scope may be left, whoever holds a cluster then; worked out once per scope."""

    def __init__(self) -> None:
        self._known: dict[Scope, tuple[Failure, ...]] = {}
        self._ending: dict[Scope, bool] = {}

    def of(self, scope: Scope) -> tuple[Failure, ...]:
        """Return the failures that may leave a scope."""
        if scope not in self._known:
            states = [state for state in reachable(scope) if state.scope is scope]
            self._known[scope] = tuple(failure for state in states for failure in self._leaving(state))
        return self._known[scope]

    def can_end(self, scope: Scope) -> bool:
        """Whether a scope may come to its end without a failure."""
        if scope not in self._ending:
            states = [state for state in reachable(scope) if state.scope is scope]
            self._ending[scope] = any(self._is_end(state) for state in states)
        return self._ending[scope]

    def _is_end(self, state: State) -> bool:
        if state.next or state.type in ("Choice", "Fail"):
            return False
        return state.type != "Parallel" or all(map(self.can_end, state.branches))

    def _leaving(self, state: State) -> Iterator[Failure]:
        inside = [passes(failure, state) for branch in state.branches for failure in self.of(branch)]
        for failure in (*own_failures(state), *inside):
            if failure and not is_caught(failure, state):
                yield failure
