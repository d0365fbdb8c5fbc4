"""Make moto's interpreter wait for a task token on the engine's clock, and no longer than its execution runs.

A task that waits keeps nothing still, and moves nothing on: time passes by what the others do.
"""

from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackOutcomeTimedOut
from moto.stepfunctions.parser.asl.eval.environment import Environment

from scripts.local.adapters.moto_hooks import Hook
from scripts.local.emr.clock import Clock

# Real seconds between two looks whether the execution was stopped.
_LOOK_SECONDS = 0.01


def token_hooks(clock: Clock) -> Iterator[Hook]:
    """Yield what to replace."""
    yield StateTaskServiceCallback, "_eval_wait_for_task_token", _wait(clock)


def _wait(clock: Clock) -> Any:
    def wait(_task: Any, env: Environment, timeout_seconds: float, callback_endpoint: Any, **_unused: Any) -> Any:
        deadline = clock.now() + timeout_seconds
        outcome = callback_endpoint.get_outcome()
        while outcome is None and env.is_running() and clock.now() < deadline:
            outcome = callback_endpoint.wait(_LOOK_SECONDS)
        return outcome or CallbackOutcomeTimedOut(callback_endpoint.callback_id)

    return wait
