"""Rules: what each finds, how bad that is, and what to do about it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scripts.checking.specs import Specs

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Rule:
    """Something specs should not do.

    Attributes
    ----------
    severity
        An ``error`` cannot work, a ``warning`` is likely not meant, a ``note`` is good to know.
    why, fix
        Why it matters, and what to do about it.
    find
        Yields a place and what is there.
    """

    id: str
    severity: Severity
    why: str
    fix: str
    find: Callable[[Specs], Iterable[tuple[Place, str]]]


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


def apply(rules: Sequence[Rule], specs: Specs) -> list[Found]:
    """Return what all rules find, the worst first, then by place."""
    found = [each for rule in rules for each in _found(rule, specs)]
    return sorted(found, key=lambda each: (SEVERITIES.index(each.severity), each.file, each.line, each.id, each.what))


def _found(rule: Rule, specs: Specs) -> Iterator[Found]:
    for place, what in rule.find(specs):
        yield Found(rule.id, rule.severity, place.file, place.line, what, rule.why, rule.fix)
