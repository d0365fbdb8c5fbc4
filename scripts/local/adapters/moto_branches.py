"""Make moto's interpreter run the branches of a Parallel as Step Functions does, on the engine's clock.

"If any branch fails, because of an unhandled error or by transitioning to a Fail state, the entire Parallel state is
considered to have failed and all its branches are stopped" ("Parallel workflow state",
https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html). moto lets every branch run as it likes.

The iterations of a Map are still moto's: on the virtual clock a Map may not lie within a branch.
"""

import contextvars
import datetime
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchesDecl
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from scripts.local.adapters.moto_errors import error_name
from scripts.local.adapters.moto_hooks import Hook
from scripts.local.emr.clock import VirtualClock


def branch_hooks(clock: VirtualClock) -> Iterator[Hook]:
    """Yield what to replace."""
    yield BranchesDecl, "_eval_body", functools.partialmethod(_run_branches, clock)
    # A state runs on a thread of its own, which must count as its branch's.
    yield execute_state, "Thread", _thread_with_context


def stop(env: Environment, moment: float) -> None:
    """Do to an execution, or to one branch of it, what StopExecution does."""
    env.set_stop(stop_date=datetime.datetime.fromtimestamp(moment, datetime.UTC), cause=None, error=None)


def _run_branches(branches: Any, clock: VirtualClock, env: Environment) -> None:
    """Evaluate the branches, and go on when all have ended: one that was stopped must not act late."""
    given = env.stack.pop()
    frames = [_open(env, given) for _ in branches.programs]
    failures: list[ExecutionFailedEventDetails] = []

    def run(program: Any, frame: Environment) -> None:
        if not frame.is_running():
            return
        program.eval(frame)
        state = frame.program_state()
        if isinstance(state, ProgramError):
            failures.append(state.error)
            for other in frames:
                stop(other, clock.now())
            clock.rouse()

    clock.together(*(functools.partial(run, *pair) for pair in zip(branches.programs, frames, strict=True)))
    for frame in frames:
        env.close_frame(frame)
    if failures:
        raise _failure(env, failures[0])
    env.stack.append([frame.states.get_input() for frame in frames])


def _open(env: Environment, given: Any) -> Environment:
    frame = env.open_inner_frame()
    frame.states.reset(input_value=given)
    return frame


def _failure(env: Environment, details: ExecutionFailedEventDetails) -> FailureEventException:
    """Return the branch's own failure: Retry and Catch of the Parallel see its Error and Cause."""
    event = FailureEvent(
        env=env,
        error_name=error_name(details.get("error", "")),
        event_type=HistoryEventType.ExecutionFailed,
        event_details=EventDetails(executionFailedEventDetails=details),
    )
    return FailureEventException(failure_event=event)


def _thread_with_context(target: Callable[[], None], **options: Any) -> threading.Thread:
    return threading.Thread(target=contextvars.copy_context().run, args=(target,), **options)
