"""Rules: what each finds, how bad that is, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Subject = TypeVar("Subject")
Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Rule(Generic[Subject]):
    """Something specs, a state machine's definition or a template should not do.

    Attributes
    ----------
    id
        Words joined by hyphens; it stays the same for ever, because people write it down.
    severity
        An ``error`` cannot work, a ``warning`` is likely not meant, a ``note`` is good to know.
    why, fix
        Why it matters, and what to do about it; sentences.
    link
        The page that says so.
    find
        Yields a place and what is there.
    """

    id: str
    severity: Severity
    why: str
    fix: str
    link: str
    find: Callable[[Subject], Iterable[tuple[Place, str]]]


@dataclass(frozen=True)
class Found:
    """One place at which a rule is broken."""

    id: str
    severity: Severity
    file: str
    line: int
    what: str
    why: str
    fix: str
    link: str


def apply(rules: Sequence[Rule[Subject]], subject: Subject) -> list[Found]:
    """Return what all rules find, the worst first, then by place."""
    return worst_first(each for rule in rules for each in _found(rule, subject))


def worst_first(found: Iterable[Found]) -> list[Found]:
    """Return what was found in the order in which it is shown."""
    return sorted(found, key=lambda each: (SEVERITIES.index(each.severity), each.file, each.line, each.id, each.what))


def _found(rule: Rule[Subject], subject: Subject) -> Iterator[Found]:
    for place, what in rule.find(subject):
        yield Found(rule.id, rule.severity, place.file, place.line, what, rule.why, rule.fix, rule.link)
