"""Make moto's Step Functions refuse calls that come too fast, as AWS does; by itself moto takes any number."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from moto.core.exceptions import AWSError
from moto.stepfunctions.responses import StepFunctionResponse

from scripts.local.adapters.moto_hooks import hooked
from scripts.replaying.limits import Bucket, Limit


class _ThrottledError(AWSError):  # type: ignore[misc]
    """https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html."""

    TYPE = "ThrottlingException"
    STATUS = 400


@dataclass
class Tally:
    """Calls that came, by action, and those of them that were refused."""

    calls: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)


@contextlib.contextmanager
def limited(limits: Mapping[str, Limit]) -> Iterator[Tally]:
    """Keep limits in moto for the length of a ``with`` block, in real time.

    Parameters
    ----------
    limits
        By the name of the action; each has a bucket of its own, full at first.

    Yields
    ------
    Tally
        Counts the calls of these actions.

    Raises
    ------
    HookMissingError
        The installed moto is another version than the pinned one.
    """
    tally = Tally()
    hooks = []
    for action, limit in limits.items():
        method = xform_name(action)
        original = getattr(StepFunctionResponse, method)
        hooks.append((StepFunctionResponse, method, _guarded(action, original, Bucket(limit), tally)))
    with hooked(hooks):
        yield tally


def _guarded(action: str, original: Callable[[Any], Any], bucket: Bucket, tally: Tally) -> Callable[[Any], Any]:
    def act(self: Any) -> Any:
        tally.calls[action] += 1
        if bucket.take():
            return original(self)
        tally.throttled[action] += 1
        raise _ThrottledError("Rate exceeded")

    return act
