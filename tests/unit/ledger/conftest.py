from collections.abc import Iterator

import pytest

from tests.unit.ledger.support import Stage, a_stage, clients


@pytest.fixture(scope="module")
def _clients() -> Iterator[None]:
    with clients():
        yield


@pytest.fixture
def stage(_clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with a_stage(monkeypatch) as made:
        yield made
