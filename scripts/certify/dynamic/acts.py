"""What can happen to an execution at one of its states."""

from dataclasses import dataclass
from typing import Any, Literal

Moment = Literal["before", "during", "working", "after"]
"""Before the state acts; while it waits; after its Lambda's work and before its answer; after the state."""


@dataclass(frozen=True)
class Fails:
    """The task fails.

    Attributes
    ----------
    error, cause
        As Step Functions names them.
    accepted
        Whether the call did its work first.
    always
        Whether every attempt fails, or only the first.
    """

    error: str
    cause: str = ""
    accepted: bool = False
    always: bool = False


@dataclass(frozen=True)
class Refuses:
    """EMR answers an API call of the task with an error.

    Attributes
    ----------
    action, code, message
        The call and EMR's answer.
    accepted
        Whether the call did its work first.
    always
        Whether every such call of the task fails, or only the first.
    """

    action: str
    code: str
    message: str
    accepted: bool = False
    always: bool = False


@dataclass(frozen=True)
class TimesOut:
    """The task does not answer within its TimeoutSeconds."""

    accepted: bool = False
    always: bool = False


@dataclass(frozen=True)
class Answers:
    """The task answers with something else.

    Attributes
    ----------
    result
        The answer.
    undone
        Whether it does not even do its work.
    always
        Whether every attempt is answered so, or only the first.
    """

    result: Any
    undone: bool = False
    always: bool = False


@dataclass(frozen=True)
class Delays:
    """The task's call reaches its service late, by so many virtual seconds."""

    seconds: float


@dataclass(frozen=True)
class Ends:
    """The execution is stopped, or its own TimeoutSeconds are over.

    Attributes
    ----------
    expires
        Whether it times out, rather than being stopped.
    moment
        When.
    seconds
        Virtual seconds into the state, for ``during``.
    """

    expires: bool
    moment: Moment
    seconds: float = 0.0


@dataclass(frozen=True)
class Stands:
    """Step Functions stands still at the state: the execution stays RUNNING."""


Act = Fails | Refuses | TimesOut | Answers | Delays | Ends | Stands


@dataclass(frozen=True)
class Fault:
    """An act at one entry of a state.

    Attributes
    ----------
    name
        Short, of the act; part of a case's id.
    state
        The state's name.
    number
        1 for the first entry.
    """

    name: str
    state: str
    number: int
    act: Act
