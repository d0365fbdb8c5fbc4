"""An account of moto's."""

from collections.abc import Iterator
from dataclasses import fields

import pytest
from moto import mock_aws

from lambdas import aws
from scripts.preflight.subject import Clients, all_clients

SETTINGS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
_NAMES = {"functions": "lambda_", "quotas": "service_quotas"}


@pytest.fixture(scope="session")
def made() -> Clients:
    """Make the clients once: that takes longer than any of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        aws.forget()
        clients = all_clients()
        aws.forget()
    return clients


@pytest.fixture
def clients(made: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for field in fields(Clients):
        client = getattr(made, field.name)
        monkeypatch.setattr(aws, _NAMES.get(field.name, field.name), lambda client=client: client)
    with mock_aws():
        yield made
