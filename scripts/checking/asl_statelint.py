"""statelint, as far as the rules use it."""

from collections.abc import Iterator
from importlib.util import find_spec

from lambdas.specs.document import Key
from scripts.checking.definition import Definition

STATELINT_MISSING = "statelint is not installed; pip install statelint"

# How statelint calls the definition itself.
_ROOT = "State Machine"

# A number without a fraction is a float to Step Functions, and rules of our own say the rest with the state's line.
_LEFT_OUT = ("should be a Float", "No transition found to state", "No terminal state found")


def has_statelint() -> bool:
    """Whether statelint is installed."""
    return find_spec("statelint") is not None


def statelint(definition: Definition) -> Iterator[tuple[Key, str]]:
    """Yield what statelint finds, with the place it names."""
    from statelint.linter import Linter  # noqa: PLC0415

    places = {_written(key): key for key in definition.lines}
    for problem in Linter.validate(dict(definition.data)) if definition.data else ():
        if not any(words in problem for words in _LEFT_OUT):
            yield _key(problem, places), problem.replace(f"{_ROOT}.", "")


def _written(key: Key) -> str:
    """Write a place as statelint does: ``State Machine.States.Run.Retry[0]``."""
    return _ROOT + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)


def _key(problem: str, places: dict[str, Key]) -> Key:
    named = [place for place in places if place in problem]
    return places[max(named, key=len)] if named else ()
