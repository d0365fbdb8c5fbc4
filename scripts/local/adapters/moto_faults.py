"""One seam by which a test interferes with an execution: when a state is entered or left, and around every task."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

from scripts.local.adapters.moto_branches import stop
from scripts.local.adapters.moto_errors import error_name
from scripts.local.adapters.moto_hooks import Hook
from scripts.local.adapters.moto_time import expire, sleep_while_running
from scripts.local.emr.clock import Clock

TIMEOUT = "States.Timeout"


@dataclass(frozen=True)
class TaskFaultError(Exception):
    """What an interference raises to fail a task; ``States.Timeout`` at once, without waiting."""

    error: str
    cause: str = ""


@dataclass(frozen=True)
class Visit:
    """One entry of a state by an execution.

    Attributes
    ----------
    execution
        The execution's ARN.
    state
        The state's name.
    number
        1 for the first entry.
    attempt
        1 for the task's first attempt, more for its retries.
    timeout
        The task's TimeoutSeconds.
    stop
        Does what StopExecution does.
    expire
        Does what the execution's own TimeoutSeconds do.
    sleep
        Waits so many virtual seconds, or until the execution or the branch has ended.
    """

    execution: str
    state: str
    number: int
    stop: Callable[[], None]
    expire: Callable[[], None]
    sleep: Callable[[float], None]
    attempt: int = 0
    timeout: float = 0.0


class Interference(Protocol):
    """What a test does to an execution. Called on the interpreter's threads, one after the other, branches or not."""

    def entered(self, visit: Visit) -> None:
        """Act before a state does anything."""

    def left(self, visit: Visit) -> None:
        """Act after a state is done and before the next begins."""

    def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
        """Return the task's result: call it, or do otherwise.

        Raises
        ------
        TaskFaultError
            The task fails.
        """

    def ended(self, execution: str, status: str) -> None:
        """Act at the end of an execution, on its thread."""


class Seam:
    """The hooks that let an interference act.

    Parameters
    ----------
    clock
        The virtual time.
    interference
        What acts.
    """

    def __init__(self, clock: Clock, interference: Interference) -> None:
        self._clock = clock
        self._interference = interference
        self._entries: Counter[tuple[str, str]] = Counter()
        self._visits: dict[tuple[str, str], Visit] = {}
        # By execution: a state within a branch has an environment of its own, and stopping that stops the branch only.
        self._whole: dict[str, Environment] = {}

    def hooks(self) -> Iterator[Hook]:
        """Yield what to replace."""
        yield CommonStateField, "_eval_body", self._state(CommonStateField._eval_body)
        communication = BaseExecutionWorkerCommunication
        yield communication, "terminated", self._end(communication.terminated)

    def around(self, task: Any) -> Any:
        """Let the interference act around a task's call."""
        serve = task._eval_service_task

        def eval_service_task(env: Environment, **arguments: Any) -> None:
            def call() -> Any:
                serve(env=env, **arguments)
                return env.stack.pop()

            try:
                result = self._interference.task(self._attempt(task, env), call)
            except TaskFaultError as fault:
                raise _failure(task, env, fault) from fault
            env.stack.append(result)

        task._eval_service_task = eval_service_task
        return task

    def _state(self, original: Any) -> Any:
        def body(state: Any, env: Environment) -> None:
            visit = self._enter(state.name, env)
            self._interference.entered(visit)
            original(state, env)
            if env.is_running():
                self._interference.left(visit)

        return body

    def _end(self, original: Any) -> Any:
        def terminated(communication: Any) -> None:
            original(communication)
            execution = communication.execution
            self._interference.ended(execution.exec_arn, execution.exec_status.value)

        return terminated

    def _enter(self, state: str, env: Environment) -> Visit:
        key = (_execution(env), state)
        self._entries[key] += 1

        if not env.is_frame():
            self._whole[key[0]] = env
        whole = self._whole[key[0]]
        self._visits[key] = Visit(
            execution=key[0],
            state=state,
            number=self._entries[key],
            stop=lambda: stop(whole, self._clock.now()),
            expire=lambda: expire(whole),
            sleep=lambda seconds: sleep_while_running(self._clock, env, seconds),
        )
        return self._visits[key]

    def _attempt(self, task: Any, env: Environment) -> Visit:
        task.timeout.eval(env=env)
        timeout = float(env.stack.pop())
        retries = env.states.context_object.context_object_data["State"]["RetryCount"]
        return replace(self._visits[_execution(env), task.name], attempt=retries + 1, timeout=timeout)


def _execution(env: Environment) -> str:
    return str(env.states.context_object.context_object_data["Execution"]["Id"])


def _failure(task: Any, env: Environment, fault: TaskFaultError) -> Any:
    if fault.error == TIMEOUT:
        return EvalTimeoutError()
    details = TaskFailedEventDetails(
        resourceType=task._get_sfn_resource_type(),
        resource=task._get_sfn_resource(),
        error=fault.error,
        cause=fault.cause,
    )
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=error_name(fault.error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )
    )
