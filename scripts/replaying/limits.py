"""How often Step Functions may be asked, and a client that never asks more often."""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Limit:
    """A token bucket: how many calls it holds, and how many come back each second."""

    bucket: float
    refill: float


# Per account and region. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
_LARGE = {
    "StartExecution": Limit(1_300, 300),
    "DescribeExecution": Limit(300, 15),
    "GetExecutionHistory": Limit(400, 20),
    "ListExecutions": Limit(200, 5),
    "DescribeStateMachine": Limit(200, 20),
}
_OTHER = {
    **_LARGE,
    "StartExecution": Limit(800, 150),
    "DescribeExecution": Limit(250, 10),
    "ListExecutions": Limit(100, 2),
}

# The rest is for the project's own functions, and for whoever else calls in this account.
OUR_SHARE = 0.5


def api_limits(region: str | None) -> Mapping[str, Limit]:
    """Return what Step Functions allows an account in a region, by the name of the action."""
    return _LARGE if region in LARGE_REGIONS else _OTHER


class Bucket:
    """A token bucket, full at first.

    Parameters
    ----------
    limit
        How much it holds and how fast it fills.
    clock
        Seconds from anywhere.
    """

    def __init__(self, limit: Limit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._tokens = limit.bucket
        self._filled = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a token if there is one."""
        with self._lock:
            self._fill()
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def reserve(self) -> float:
        """Take a token even if it is still to come, and return the seconds until it is there."""
        with self._lock:
            self._fill()
            self._tokens -= 1
            return max(-self._tokens / self._limit.refill, 0.0)

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._limit.bucket, self._tokens + (now - self._filled) * self._limit.refill)
        self._filled = now


@contextlib.contextmanager
def paced(client: Any, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Let a client of Step Functions call no more often than ``OUR_SHARE`` of what AWS allows; retries count too.

    Blocks may be nested, and follow one another: what one has used up the next one has not.

    Parameters
    ----------
    client
        Made by ``lambdas.aws``; whoever else uses it in this process meanwhile is paced with it.
    sleep
        Waits so many seconds.
    """

    def wait(operation_name: str, **_unused: Any) -> None:
        bucket = _buckets(client).get(operation_name)
        seconds = bucket.reserve() if bucket else 0.0
        if seconds:
            sleep(seconds)

    # Of every attempt, and before it is signed, so that no signature grows old.
    event, once = "request-created.sfn.*", "paced"
    client.meta.events.register_first(event, wait, unique_id=once, unique_id_uses_count=True)
    try:
        yield
    finally:
        client.meta.events.unregister(event, unique_id=once, unique_id_uses_count=True)


@functools.lru_cache(maxsize=4)
def _buckets(client: Any) -> Mapping[str, Bucket]:
    limits = api_limits(client.meta.region_name)
    return {name: Bucket(Limit(limit.bucket * OUR_SHARE, limit.refill * OUR_SHARE)) for name, limit in limits.items()}
