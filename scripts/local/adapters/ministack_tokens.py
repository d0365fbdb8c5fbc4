"""Make ministack wait for a task token as Step Functions does.

A Lambda that fails fails its task; a task stops waiting with its execution, and when its TimeoutSeconds have passed on
the engine's clock. ministack waits on, in real time. A task that waits does not make the clock hurry: it waits for what
others do.
"""

import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from scripts.local.adapters.ministack_branches import go_on
from scripts.local.emr.clock import Clock

HOOKS = ("_invoke_with_callback", "_invoke_resource", "_task_tokens")

_INVOKE = "arn:aws:states:::lambda:invoke"

# Real seconds between two looks whether the execution was stopped.
_LOOK_SECONDS = 0.1

State = dict[str, Any]
_Invoke = Callable[[str, Any, str, State], Any]


def install(clock: Clock) -> None:
    """Replace how ministack waits for the token that a Lambda was given."""
    stepfunctions._invoke_with_callback = _invoke(stepfunctions._invoke_with_callback, clock)


def _invoke(original: _Invoke, clock: Clock) -> _Invoke:
    def invoke(resource: str, arguments: Any, token: str, state: State) -> Any:
        if resource != f"{_INVOKE}.waitForTaskToken":
            return original(resource, arguments, token, state)
        told: State = {"event": threading.Event(), "result": None, "error": None, "heartbeat": None}
        stepfunctions._task_tokens[token] = told
        deadline = clock.now() + state["TimeoutSeconds"]
        try:
            stepfunctions._invoke_resource(_INVOKE, arguments)
            while not told["event"].wait(_LOOK_SECONDS):
                go_on()
                if clock.now() >= deadline:
                    raise stepfunctions._ExecutionError("States.Timeout", "")
        finally:
            stepfunctions._task_tokens.pop(token, None)
        if told["error"]:
            raise stepfunctions._ExecutionError(told["error"]["Error"], told["error"]["Cause"])
        return json.loads(told["result"])

    return invoke
