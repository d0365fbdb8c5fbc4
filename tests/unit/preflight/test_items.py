"""A call that fails makes what was looked at unknown, with the call and the reason."""

from collections.abc import Callable

import pytest
from botocore.exceptions import EndpointConnectionError

from scripts.preflight.items import Check, Found, Status, inspect, ok
from tests.unit.preflight.support import refused


def fails(error: Exception) -> Callable[[], Found]:
    def look() -> Found:
        raise error

    return look


@pytest.mark.parametrize(
    ("error", "detail", "fix"),
    [
        (
            refused("DescribeSubnets", "UnauthorizedOperation"),
            "DescribeSubnets is not allowed: so",
            "let yourself call",
        ),
        (refused("DescribeThis", "InvalidAction"), "this endpoint does not know DescribeThis", "look at it on AWS"),
        (refused("GetServiceQuota", "400", ""), "this endpoint does not know GetServiceQuota", "look at it on AWS"),
        (refused("GetServiceQuota", "400", "wrong"), "GetServiceQuota failed: 400: wrong", "mend what that says"),
        (
            EndpointConnectionError(endpoint_url="https://x"),
            'Could not connect to the endpoint URL: "https://x"',
            "again",
        ),
    ],
    ids=["denied", "absent", "bare", "other", "unreachable"],
)
def test_what_cannot_be_looked_at_is_unknown(error: Exception, detail: str, fix: str) -> None:
    item = inspect(Check("subnets", "Subnets", fails(error)))
    assert item.status is Status.UNKNOWN
    assert item.detail.startswith(detail)
    assert fix in item.fix


def test_a_bug_is_not_taken_for_a_call_that_failed() -> None:
    with pytest.raises(KeyError):
        inspect(Check("subnets", "Subnets", fails(KeyError("Subnets"))))


def test_what_was_found_is_kept() -> None:
    item = inspect(Check("subnets", "Subnets", lambda: ok("3 subnets")))
    assert vars(item) == {"id": "subnets", "title": "Subnets", "status": "ok", "detail": "3 subnets", "fix": ""}
