"""Make moto's interpreter treat errors as Step Functions does.

"Handling errors in Step Functions workflows",
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
"""

from collections.abc import Collection, Iterator
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.eval.environment import Environment

from scripts.local.adapters.moto_hooks import Hook

UNCATCHABLE = frozenset({"States.DataLimitExceeded", "States.Runtime"})
"""What States.ALL does not match; States.Runtime nothing matches."""

_STATES = "States."
_ANY = "States.ALL"
_ANY_TASK_FAILURE = "States.TaskFailed"


def matches(names: Collection[str], error: str) -> bool:
    """Say whether the ErrorEquals of a Retry or Catch names an error."""
    if error == "States.Runtime":
        return False
    if error in names:
        return True
    if error in UNCATCHABLE:
        return False
    return _ANY in names or (_ANY_TASK_FAILURE in names and error != "States.Timeout")


def error_name(error: str) -> Any:
    """Return moto's own kind of name for an error."""
    if error.startswith(_STATES):
        return StatesErrorName(typ=StatesErrorNameType.from_name(error))
    return CustomErrorName(error_name=error)


def error_hooks() -> Iterator[Hook]:
    """Yield what to replace so that errors are matched, and executions end, as on AWS."""
    yield ErrorEqualsDecl, "_eval_body", _match
    yield Environment, "set_error", _set_error(Environment.set_error)
    yield ExecutionState, "_evaluate_with_timeout", _evaluate(ExecutionState._evaluate_with_timeout)


def _match(self: Any, env: Environment) -> None:
    error = env.stack.pop()
    env.stack.append(matches([each.error_name for each in self.error_names], error.error_name))


def _set_error(original: Any) -> Any:
    """Let an execution that was stopped or timed out end so, whatever its last task says afterwards."""

    def set_error(self: Environment, error: Any) -> None:
        if self.is_running():
            original(self, error=error)

    return set_error


def _evaluate(original: Any) -> Any:
    """Make a failing Output the task's failure, which Retry and Catch see; moto evaluates it after them."""

    def evaluate(self: Any, env: Environment) -> None:
        original(self, env)
        if self.output and env.is_running():
            self.output.jsonata_template_value.eval(env=env)
            env.stack.pop()

    return evaluate
