"""Specs with a mistake in them, and what is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lambdas.specs import SpecError


def findings(load: Callable[[], object]) -> list[str]:
    """Return the findings a load ends with."""
    with pytest.raises(SpecError) as caught:
        load()
    return [str(finding) for finding in caught.value.findings]


def change(path: Path, old: str, new: str) -> None:
    """Replace the first such text of a file."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
