"""Events on their whole way through the local cloud: S3, EventBridge, queue, Lambda, table, Step Functions."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdas import aws
from scripts.bench.events.run import measure


@pytest.fixture
def kept_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    aws.forget()


@pytest.mark.usefixtures("kept_environment")
def test_every_object_is_in_one_run_and_nothing_is_rejected(tmp_path: Path) -> None:
    outcome = measure(100, window=3600, objects=30, folder=tmp_path / "events")
    assert outcome.is_exact, outcome
    assert (outcome.objects, outcome.duplicates, outcome.runs) == (90, 10, 3)
