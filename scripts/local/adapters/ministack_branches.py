"""Make ministack run the branches of a Parallel as Step Functions does, and stop what was stopped.

"If any branch fails, because of an unhandled error or by transitioning to a Fail state, the entire Parallel state is
considered to have failed and all its branches are stopped" ("Parallel workflow state",
https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html). ministack lets the others go on to their end,
shares the variables between branches, leaves their states out of the history, and knows Arguments, Output and Assign of
a Parallel in JSONPath machines only.
"""

import contextvars
import copy
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from scripts.local.emr.clock import Clock
from scripts.local.emr.sync import STOP_CHECK_SECONDS

HOOKS = ("_run_execution", "_run_parallel_branches", "_run_sub_machine", "_scaled_sleep", "_add_event", "_executions")

State = dict[str, Any]


class Stopped(BaseException):
    """The execution, or the branch, was stopped. No ``Exception``: nothing of it is tried again or caught."""


_stopped: contextvars.ContextVar[Callable[[], bool]] = contextvars.ContextVar("stopped", default=lambda: False)


def stopped() -> bool:
    """Say whether the execution, or the branch, that the caller works for was stopped."""
    return _stopped.get()()


def go_on() -> None:
    """Return unless the execution, or the branch, was stopped.

    Raises
    ------
    Stopped
        It was.
    """
    if stopped():
        raise Stopped


def install(clock: Clock) -> None:
    """Replace what ministack does otherwise; waits and the pauses before retries pass on ``clock``."""
    stepfunctions._run_execution = _run_execution(stepfunctions._run_execution)
    stepfunctions._add_event = _add_event(stepfunctions._add_event)
    stepfunctions._scaled_sleep = _sleep(clock)
    stepfunctions._run_parallel_branches = _run_branches
    stepfunctions._run_sub_machine = _run_states


def _run_execution(original: Callable[[str], None]) -> Callable[[str], None]:
    def run(arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        _stopped.set(lambda: execution is not None and execution["status"] != "RUNNING")
        try:
            original(arn)
        except Stopped:
            return

    return run


def _add_event(original: Callable[..., Any]) -> Callable[..., Any]:
    """Add one event at a time: ministack numbers them by counting."""
    lock = threading.Lock()

    def add(*arguments: Any) -> Any:
        with lock:
            return original(*arguments)

    return add


def _sleep(clock: Clock) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        end = clock.now() + seconds
        while (left := end - clock.now()) > 0:
            go_on()
            clock.sleep(min(STOP_CHECK_SECONDS, left))

    return sleep


def _run_branches(state: State, given: Any, execution: State, context: State) -> tuple[Any, str | None]:
    """Run a Parallel once; Retry and Catch lie around this."""
    is_jsonata = stepfunctions._state_query_language(state, context) == "JSONata"
    if is_jsonata:
        handed_on = stepfunctions._apply_jsonata_arguments(state, given, context)
    else:
        effective = stepfunctions._apply_input_path(state, given, context)
        handed_on = stepfunctions._apply_parameters(state, effective, context)
    results = _results(state["Branches"], handed_on, execution, context)
    if is_jsonata:
        shown = {"result": results}
        output = stepfunctions._apply_jsonata_output(state, given, context, **shown, default=results)
        stepfunctions._apply_state_assign(state, given, context, **shown)
    else:
        selected = stepfunctions._apply_result_selector(state, results)
        merged = stepfunctions._apply_result_path(state, given, selected)
        output = stepfunctions._apply_output_path(state, merged, context)
    return output, stepfunctions._next_or_end(state)


def _results(branches: list[State], given: Any, execution: State, context: State) -> list[Any]:
    """Return what the branches answer, once all have ended: one that was stopped must not act late."""
    results: list[Any] = [None] * len(branches)
    failures: list[Exception] = []
    whole = _stopped.get()

    def run(index: int, branch: State) -> None:
        _stopped.set(lambda: whole() or bool(failures))
        own = context | {"variables": dict(context["variables"])}
        try:
            results[index] = _run_states(branch["States"], branch["StartAt"], given, execution, own)
        except Stopped:
            return
        except Exception as error:
            failures.append(error)

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, *numbered), daemon=True)
        for numbered in enumerate(branches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    go_on()
    if failures:
        raise _as_execution_error(failures[0])
    return results


def _as_execution_error(error: Exception) -> Exception:
    if not isinstance(error, stepfunctions._ExecutionError):
        error = stepfunctions._ExecutionError("States.Runtime", f"{type(error).__name__}: {error}")
    return error


def _run_states(states: State, start: str, given: Any, execution: State, context: State) -> Any:
    """Run the states of a branch or of an iteration to their end; return the last one's output."""
    name: str | None = start
    value = copy.deepcopy(given)
    while name:
        go_on()
        if name not in states:
            raise stepfunctions._ExecutionError("States.Runtime", f"State '{name}' not found")
        state = states[name]
        context["State"] = {"Name": name, "EnteredTime": now_iso(), "RetryCount": 0}
        entered = {"stateEnteredEventDetails": {"name": name, "input": json.dumps(value)}}
        stepfunctions._add_event(execution, f"{state['Type']}StateEntered", entered)
        value, following = _run_state(state, value, execution, context)
        left = {"stateExitedEventDetails": {"name": name, "output": json.dumps(value)}}
        stepfunctions._add_event(execution, f"{state['Type']}StateExited", left)
        name = following
    return value


def _run_state(state: State, given: Any, execution: State, context: State) -> tuple[Any, str | None]:
    match state["Type"]:
        case "Task" | "Parallel" | "Map" as kind:
            run = getattr(stepfunctions, f"_execute_{kind.lower()}")
            output, following = run(state, given, execution, context)
        case "Pass" | "Choice" | "Wait" as kind:
            output, following = getattr(stepfunctions, f"_execute_{kind.lower()}")(state, given, context)
        case "Succeed" if stepfunctions._state_query_language(state, context) == "JSONata":
            output = stepfunctions._apply_jsonata_output(state, given, context, default=given)
            following = None
        case "Succeed":
            effective = stepfunctions._apply_input_path(state, given, context)
            output, following = stepfunctions._apply_output_path(state, effective, context), None
        case "Fail":
            raise stepfunctions._ExecutionError(*stepfunctions._fail_state_error(state, given, context))
        case unknown:
            raise stepfunctions._ExecutionError("States.Runtime", f"Unknown state type: {unknown}")
    return output, following
