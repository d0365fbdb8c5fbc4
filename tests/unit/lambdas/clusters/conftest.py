from types import SimpleNamespace

import pytest

from tests.unit.lambdas.clusters.support import Executions


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore backs off without taking time."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda *_, **__: True)


@pytest.fixture
def executions(account: None) -> Executions:
    return Executions.made()
