import functools
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.checking import asl_validator


@functools.cache
def _validated(command: tuple[str, ...], definition: str, **how: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, input=definition, **how)  # noqa: PLW1510 - it is among them


@pytest.fixture(autouse=True)
def _node_is_started_once_per_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most checks are of the shipped definitions, and Node takes half a second to say the same of one again."""

    def run(command: list[str], *, input: str, **how: Any) -> "subprocess.CompletedProcess[str]":  # noqa: A002
        return _validated(tuple(command), input, **how)

    monkeypatch.setattr(asl_validator, "subprocess", SimpleNamespace(run=run))
