"""What is wrong with a spec, for the person who wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One mistake in one file.

    Attributes
    ----------
    file
        Path below the folder that holds ``emr_specs``.
    line
        Counted from 1.
    key
        Where in the document, such as ``steps[1].timeout``; empty for the whole document.
    expected, found
        What would be right, and what is there.
    """

    file: str
    line: int
    key: str
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        return f"{place}{self.key + ': ' if self.key else ''}expected {self.expected}; found {self.found}"


class SpecError(ValueError):
    """Specs that cannot be used; every finding of every file read."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(sorted(findings))
        super().__init__("\n".join(map(str, self.findings)))


class UnknownSpecError(LookupError):
    """No spec has this name."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"there is no {kind} named {name!r}; known: {', '.join(sorted(known)) or 'none'}")
