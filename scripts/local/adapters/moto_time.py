"""Make moto's interpreter keep the engine's time: waits, retries, timeouts of executions, and timestamps.

No real time passes, and the same run takes the same virtual time whenever it is repeated.
"""

import datetime
import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
from botocore.retries.bucket import TokenBucket
from botocore.retries.standard import ExponentialBackoff
from moto.stepfunctions.parser import models
from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.backend import execution

from scripts.local.adapters.moto_hooks import Hook
from scripts.local.emr.clock import Clock
from scripts.local.emr.sync import STOP_CHECK_SECONDS


def time_hooks(clock: Clock) -> Iterator[Hook]:
    """Yield what to replace so that time is ``clock``'s.

    Lambdas run on the interpreter's thread and take no virtual time, but for the pauses of boto3's own retries.
    """
    dates = _dates(clock)
    for module in (models, execution, state, event_manager, timestamp):
        yield module, "datetime", dates
    yield retrier_decl, "time", SimpleNamespace(sleep=clock.sleep)
    yield jitter_strategy_decl, "random", random.Random(0)  # noqa: S311 - jitter, the same on every run
    yield WaitFunction, "_wait_interval", _wait_interval(clock)
    yield Program, "eval", _program(clock)
    yield botocore.endpoint, "time", SimpleNamespace(sleep=clock.sleep)
    yield ExponentialBackoff, "delay_amount", _backoff
    # The adaptive mode's own slowing down waits in real time.
    yield TokenBucket, "acquire", lambda _bucket, **_unused: True


def sleep_while_running(clock: Clock, env: Environment, seconds: float) -> None:
    """Sleep on the clock, but not on after the execution has been stopped or has timed out."""
    end = clock.now() + seconds
    while env.is_running() and (left := end - clock.now()) > 0:
        clock.sleep(min(STOP_CHECK_SECONDS, left))


def expire(env: Environment) -> None:
    """Let an execution run into its own TimeoutSeconds, unless it has ended."""
    if env.is_running():
        env.set_timed_out()


def _backoff(backoff: Any, context: Any) -> float:
    """Return the seconds before a call is tried again: the mean of what boto3 draws."""
    return float(min(2 ** (context.attempt_number - 1), backoff._max_backoff)) / 2


def _dates(clock: Clock) -> SimpleNamespace:
    """Return what the interpreter uses of the module ``datetime``."""

    def now(tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(clock.now(), tz)

    kinds = {name: getattr(datetime, name) for name in ("timezone", "timedelta", "UTC")}
    parse = datetime.datetime.strptime
    return SimpleNamespace(datetime=SimpleNamespace(now=now, strptime=parse), **kinds)


def _wait_interval(clock: Clock) -> Any:
    def wait(self: Any, env: Environment, wait_seconds: float) -> None:  # noqa: ARG001
        sleep_while_running(clock, env, wait_seconds)

    return wait


def _program(clock: Clock) -> Any:
    """Return an evaluation of a program that ends it when its TimeoutSeconds have passed on the clock."""

    def evaluate(self: Any, env: Environment) -> None:
        env.next_state_name = self.start_at.start_at_name
        cancel = None
        if self.timeout_seconds:
            deadline = clock.now() + self.timeout_seconds.timeout_seconds
            cancel = clock.call_at(deadline, lambda: expire(env), awaited=False)
        EvalComponent.eval(self, env)
        if cancel:
            cancel()

    return evaluate
