"""A definition as a graph: states, their scopes, and where control may go from each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ALL = "States.ALL"

# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
DEFAULT_MAX_ATTEMPTS = 3

# https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html: the default, which is no timeout at all.
NO_TIMEOUT_SECONDS = 99_999_999

_TOLERANCES = ("ToleratedFailurePercentage", "ToleratedFailureCount")


@dataclass(eq=False)
class State:
    """One state.

    Attributes
    ----------
    name, label
        Its key in ``States``, and that key after the names of the states around it (``Parallel > state``).
    body
        The state as the definition has it.
    scope
        The States it is one of.
    jsonata
        Whether its query language is JSONata.
    branches
        What a Parallel or a Map runs.
    """

    name: str
    label: str
    body: Mapping[str, Any] = field(repr=False)
    scope: "Scope" = field(repr=False)
    jsonata: bool
    branches: tuple["Scope", ...] = field(default=(), repr=False)

    @property
    def type(self) -> str:
        """The state's Type."""
        return str(self.body["Type"])

    @property
    def next(self) -> "State | None":
        """Where it goes when it succeeds; None ends its scope."""
        return self.scope.states[self.body["Next"]] if "Next" in self.body else None

    @property
    def choices(self) -> "list[State]":
        """Where a Choice may go."""
        names = [rule["Next"] for rule in self.body.get("Choices", [])]
        names += [self.body["Default"]] if "Default" in self.body else []
        return [self.scope.states[name] for name in dict.fromkeys(names)]

    @property
    def holds(self) -> "list[State]":
        """The Parallels and Maps around it, innermost first."""
        owner = self.scope.owner
        return [owner, *owner.holds] if owner else []

    @property
    def index(self) -> int:
        """Which branch of its owner holds it."""
        owner = self.scope.owner
        return owner.branches.index(self.scope) if owner else 0

    def catchers(self, error: str | None) -> "tuple[list[State], bool]":
        """Return where an error may be caught, and whether it surely is.

        Parameters
        ----------
        error
            The error's name; None when it may be any.
        """
        targets: list[State] = []
        for catcher in self.body.get("Catch", []):
            names = catcher["ErrorEquals"]
            if ALL in names or error in names:
                return [*targets, self.scope.states[catcher["Next"]]], True
            if error is None:
                targets.append(self.scope.states[catcher["Next"]])
        return targets, False

    @property
    def catches_all(self) -> bool:
        """Whether a catcher takes every error that can be caught."""
        return self.catchers(None)[1]

    @property
    def retries(self) -> list[Mapping[str, Any]]:
        """Its retriers that do retry."""
        return [retrier for retrier in self.body.get("Retry", []) if attempts(retrier) > 0]

    @property
    def timeout_missing(self) -> bool:
        """Whether a Task may run for ever."""
        if "TimeoutSecondsPath" in self.body:
            return False
        seconds = self.body.get("TimeoutSeconds", NO_TIMEOUT_SECONDS)
        return isinstance(seconds, int | float) and seconds >= NO_TIMEOUT_SECONDS

    @property
    def evaluates(self) -> bool:
        """Whether JSONata is evaluated in it."""
        fields = {name: value for name, value in self.body.items() if name not in _NOT_EVALUATED}
        return self.jsonata and any(text.lstrip().startswith("{%") for text in strings(fields))

    @property
    def sequential(self) -> bool:
        """Whether a Map runs one iteration at a time."""
        return self.body.get("MaxConcurrency") == 1

    @property
    def distributed(self) -> bool:
        """Whether a Map's iterations are executions of their own."""
        config = self.body.get("ItemProcessor", {}).get("ProcessorConfig") if self.type == "Map" else None
        return isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"

    @property
    def tolerates(self) -> bool:
        """Whether a Map may succeed although iterations failed."""
        names = [*_TOLERANCES, *(f"{name}Path" for name in _TOLERANCES)]
        return any(self.body.get(name, 0) != 0 for name in names)

    @property
    def tolerates_all(self) -> bool:
        """Whether a Map succeeds however many iterations fail."""
        return bool(self.body.get("ToleratedFailurePercentage") == 100) and "ToleratedFailureCount" not in self.body


_NOT_EVALUATED = {"Comment", "Branches", "ItemProcessor", "Iterator", "Catch", "Retry"}


@dataclass(eq=False)
class Scope:
    """States that lead to each other: the machine itself, a branch of a Parallel, the body of a Map."""

    owner: State | None
    states: dict[str, State] = field(default_factory=dict)
    start_at: str = ""

    @property
    def start(self) -> State:
        """The first state."""
        return self.states[self.start_at]


def attempts(retrier: Mapping[str, Any]) -> int:
    """Return how often a retrier retries."""
    return int(retrier.get("MaxAttempts", DEFAULT_MAX_ATTEMPTS))


def bodies(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the machines inside a Parallel or a Map, as the definition has them."""
    if state.get("Type") == "Parallel":
        return list(state.get("Branches", []))
    if state.get("Type") == "Map":
        return [state.get("ItemProcessor") or state.get("Iterator") or {}]
    return []


def build(definition: Mapping[str, Any]) -> Scope:
    """Return the graph of a definition that :func:`~scripts.certify.static.document.check` accepts."""
    return _scope(definition, None, "JSONPath")


def _scope(machine: Mapping[str, Any], owner: State | None, language: str) -> Scope:
    language = machine.get("QueryLanguage", language)
    scope = Scope(owner, start_at=machine["StartAt"])
    for name, body in machine["States"].items():
        spoken = body.get("QueryLanguage", language)
        label = f"{owner.label} > {name}" if owner else name
        state = State(name, label, body, scope, spoken == "JSONata")
        state.branches = tuple(_scope(inner, state, language) for inner in bodies(body))
        scope.states[name] = state
    return scope


def reachable(scope: Scope) -> Iterator[State]:
    """Yield every state that may be reached in a scope and inside it, in the definition's order."""
    seen, todo = set(), [scope.start]
    while todo:
        state = todo.pop()
        if state not in seen:
            seen.add(state)
            todo += [*([state.next] if state.next else []), *state.choices, *state.catchers(None)[0]]
    for state in scope.states.values():
        if state in seen:
            yield state
            for branch in state.branches:
                yield from reachable(branch)


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a value, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
