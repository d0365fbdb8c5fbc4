"""Token buckets, on both sides of the API."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from lambdas import aws
from scripts.local.adapters.moto_limits import limited
from scripts.replaying import limits
from scripts.replaying.limits import Bucket, Limit, api_limits, paced

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:job"


@pytest.fixture
def sfn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    # The SDK waits before it tries again what was throttled.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.forget()
    with mock_aws():
        yield aws.stepfunctions()
    aws.forget()


@settings(max_examples=40)
@given(st.floats(1, 50), st.floats(0.5, 20), st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=60))
def test_no_more_is_taken_than_there_was_and_came(size: float, refill: float, pauses: list[float]) -> None:
    now = 0.0
    bucket = Bucket(Limit(size, refill), lambda: now)
    taken = 0
    for pause in pauses:
        now += pause
        taken += bucket.take()
        assert taken <= size + now * refill + 1e-6


@settings(max_examples=40)
@given(st.floats(1, 50), st.floats(0.5, 20), st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=60))
def test_who_waits_as_told_is_never_refused_by_a_bucket_of_the_same_size(
    size: float, refill: float, pauses: list[float]
) -> None:
    now = 0.0
    ours, theirs = (Bucket(Limit(held, refill), lambda: now) for held in (size, size + 1e-6))
    for pause in pauses:
        now += pause
        now += ours.reserve() + 1e-9
        assert theirs.take()


def test_regions_have_the_limits_of_awss_page() -> None:
    assert api_limits("eu-west-1")["ListExecutions"] == Limit(200, 5)
    assert api_limits("eu-central-1")["ListExecutions"] == Limit(100, 2)
    assert api_limits(None)["StartExecution"] == Limit(800, 150)


def test_moto_refuses_what_comes_too_fast_and_counts_it(sfn: Any) -> None:
    def ask() -> None:
        sfn.list_executions(stateMachineArn=MACHINE)

    with limited({"ListExecutions": Limit(2, 0.001)}) as tally:
        for _ in range(2):
            with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
                ask()
        with pytest.raises(ClientError, match="ThrottlingException"):
            ask()
        sfn.list_state_machines()
    # The SDK tries again what was throttled.
    assert tally.calls["ListExecutions"] == tally.throttled["ListExecutions"] + 2
    assert tally.throttled["ListExecutions"] >= 1
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
        ask()


@pytest.mark.parametrize("blocks", [1, 2], ids=["alone", "nested"])
def test_a_paced_client_waits_once_its_share_is_used_up(sfn: Any, monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    waits: list[float] = []
    monkeypatch.setitem(limits._LARGE, "ListExecutions", Limit(6, 0.001))
    with ExitStack() as stack:
        for _ in range(blocks):
            stack.enter_context(paced(sfn, waits.append))
        for _ in range(5):
            with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
                sfn.list_executions(stateMachineArn=MACHINE)
    assert waits == pytest.approx([2_000, 4_000], rel=0.1)
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
        sfn.list_executions(stateMachineArn=MACHINE)
    assert len(waits) == 2
