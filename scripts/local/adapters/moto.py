"""Put the EMR engine under moto: definitions run in process, on a virtual clock, with handlers called directly.

moto brings an interpreter of Amazon States Language, S3, DynamoDB and SNS. What it lacks is replaced here, each at one
hook: ``elasticmapreduce`` and ``aws-sdk:emr`` tasks, the EMR API, a JSONata evaluator, Lambda without containers; in
``moto_time`` time that passes only on the engine's clock, in ``moto_branches`` the branches of a Parallel, in
``moto_tokens`` tasks that wait for a token, in ``moto_errors`` AWS's rules for errors, in ``moto_faults`` a seam for
tests.
"""

import contextlib
import functools
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from moto.emr.responses import ElasticMapReduceResponse
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata, StringVariableSample
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils, state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from scripts.local.adapters import aws_sdk
from scripts.local.adapters.jsonata import UndefinedResultError, evaluate
from scripts.local.adapters.moto_branches import branch_hooks
from scripts.local.adapters.moto_errors import error_hooks, error_name
from scripts.local.adapters.moto_faults import Interference, Seam
from scripts.local.adapters.moto_hooks import hooked
from scripts.local.adapters.moto_speed import speed_hooks
from scripts.local.adapters.moto_time import time_hooks
from scripts.local.adapters.moto_tokens import token_hooks
from scripts.local.emr.clock import Clock, VirtualClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.sync import IntegrationError, IntegrationTimeout, run_integration

Handler = Callable[[dict[str, Any], Any], Any]


@contextlib.contextmanager
def installed(
    engine: EmrEngine, clock: VirtualClock, functions: Mapping[str, Handler], interference: Interference | None = None
) -> Iterator[None]:
    """Replace moto's gaps for the length of a ``with`` block.

    Parameters
    ----------
    engine, clock
        The EMR engine and the clock it runs on.
    functions
        Handlers by Lambda function name, called in this process.
    interference
        What goes wrong between the states and in the tasks.

    Raises
    ------
    HookMissingError
        The installed moto is another version than the pinned one and lacks a hook.
    """
    seam = Seam(clock, interference) if interference else None
    hooks = [
        *time_hooks(clock),
        *branch_hooks(clock),
        *token_hooks(clock),
        *error_hooks(),
        *speed_hooks(),
        *(seam.hooks() if seam else ()),
        (state_task_factory, "state_task_service_for", _task_factory(engine, clock, seam)),
        (lambda_eval_utils, "_invoke_lambda_function", _invoker(functions)),
        (StringJSONata, "_eval_body", _evaluate_body),
        (StringVariableSample, "_eval_body", _evaluate_body),
    ]
    with hooked(hooks, ((ElasticMapReduceResponse, method, action) for method, action in _emr_actions(engine))):
        yield


def _task_factory(engine: EmrEngine, clock: Clock, seam: Seam | None) -> Callable[[str], Any]:
    original = state_task_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> Any:
        match service_name:
            case "elasticmapreduce":
                task: Any = _EmrTask(engine, clock)
            case "aws-sdk":
                task = _SdkTask(engine, clock)
            case _:
                task = original(service_name=service_name)
        return seam.around(task) if seam else task

    return state_task_service_for


class _EmrTask(StateTaskServiceCallback):  # type: ignore[misc]
    """An ``elasticmapreduce:`` task, with or without ``.sync``."""

    def __init__(self, engine: EmrEngine, clock: Clock) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition.Sync})
        self._engine = engine
        self._clock = clock

    def __deepcopy__(self, _memo: dict[int, Any]) -> "_EmrTask":
        return self

    def _get_supported_parameters(self) -> set[str]:
        return set()  # nothing is dropped before the engine sees it: the engine refuses what it does not know

    def _eval_service_task(self, env: Environment, normalised_parameters: dict[str, Any], **_unused: Any) -> None:
        self.timeout.eval(env=env)
        timeout_seconds = env.stack.pop()
        try:
            result = run_integration(
                self._engine,
                self._clock,
                self.resource.api_action,
                self.resource.condition == ResourceCondition.Sync,
                normalised_parameters,
                timeout_seconds,
                lambda: not env.is_running(),
            )
        except IntegrationTimeout:
            raise EvalTimeoutError from None
        env.stack.append(result)

    def _eval_integration_pattern(self, env: Environment, **_unused: Any) -> None:
        """Leave the result on the stack: ``run_integration`` has already waited for it."""

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, IntegrationError):
            return _task_failure(self, env, ex)
        return super()._from_error(env=env, ex=ex)


class _SdkTask(StateTaskServiceAwsSdk):  # type: ignore[misc]
    """An ``aws-sdk:`` task; EMR's go to the engine, all others where moto sends them."""

    def __init__(self, engine: EmrEngine, clock: Clock) -> None:
        super().__init__()
        self._engine = engine
        self._clock = clock

    def __deepcopy__(self, _memo: dict[int, Any]) -> "_SdkTask":
        return self

    def _eval_service_task(self, env: Environment, normalised_parameters: dict[str, Any], **others: Any) -> None:
        if self.resource.api_name == aws_sdk.SERVICE:
            action = self.resource.api_action
            env.stack.append(aws_sdk.call(self._engine, self._clock, action, normalised_parameters))
        else:
            super()._eval_service_task(env=env, normalised_parameters=normalised_parameters, **others)

    def _from_error(self, env: Environment, ex: Exception) -> FailureEvent:
        if isinstance(ex, IntegrationError):
            return _task_failure(self, env, ex)
        return super()._from_error(env=env, ex=ex)


def _task_failure(task: Any, env: Environment, error: IntegrationError) -> FailureEvent:
    details = TaskFailedEventDetails(
        resourceType=task._get_sfn_resource_type(),
        resource=task._get_sfn_resource(),
        error=error.error,
        cause=error.cause,
    )
    return FailureEvent(
        env=env,
        error_name=error_name(error.error),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )


def _evaluate_body(self: Any, env: Environment) -> None:
    """Evaluate a ``{% %}`` string; stands in for the body of moto's two JSONata string classes."""
    store = env.variable_store
    variables = {**store._outer_scope, **store._inner_scope, "states": env.states._states_data}
    try:
        env.stack.append(evaluate(self.expression, variables))
    except Exception as error:
        name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
        cause = str(error) if isinstance(error, UndefinedResultError) else f"{self.expression}: {error}"
        details = EventDetails(
            evaluationFailedEventDetails=EvaluationFailedEventDetails(cause=cause, error=name.error_name)
        )
        event = FailureEvent(
            env=env, error_name=name, event_type=HistoryEventType.EvaluationFailed, event_details=details
        )
        raise FailureEventException(failure_event=event) from error


def _invoker(functions: Mapping[str, Handler]) -> Callable[..., dict[str, Any]]:
    def invoke(parameters: dict[str, Any], **_unused: Any) -> dict[str, Any]:
        name = parameters["FunctionName"].rpartition(":")[2]
        event = json.loads(parameters.get("Payload") or b"{}")
        try:
            answer = functions[name](event, _context(name))
        except Exception as error:
            payload = {
                "errorType": type(error).__name__,
                "errorMessage": str(error),
                "stackTrace": traceback.format_exception(error),
            }
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": payload}
        # Lambda answers JSON: what JSON cannot carry must fail here as it would there.
        return {"StatusCode": 200, "Payload": json.loads(json.dumps(answer))}

    return invoke


def _context(name: str) -> SimpleNamespace:
    """Return what handlers read of https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""
    return SimpleNamespace(
        function_name=name,
        function_version="$LATEST",
        invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        memory_limit_in_mb=512,
        aws_request_id="00000000-0000-0000-0000-000000000000",
    )


def _emr_actions(engine: EmrEngine) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for operation in _emr_operations():
        yield xform_name(operation), _emr_action(engine, operation)


@functools.cache
def _emr_operations() -> tuple[str, ...]:
    return tuple(botocore.session.get_session().get_service_model("emr").operation_names)


def _emr_action(engine: EmrEngine, operation: str) -> Callable[[Any], Any]:
    def act(self: Any) -> tuple[int, dict[str, Any], str]:
        try:
            return 200, {}, json.dumps(engine.call(operation, json.loads(self.body or "{}")))
        except EmrApiError as error:
            return 400, {"status": 400}, json.dumps({"__type": error.code, "message": error.message})

    return act
