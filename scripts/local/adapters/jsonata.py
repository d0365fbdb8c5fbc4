"""Evaluate JSONata as Step Functions does, for an interpreter that ships no evaluator.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

import functools
import threading
from typing import Any

import jsonata
from jsonata.utils import Utils

# An expression may take one second, as on AWS.
EVALUATION_MILLISECONDS = 1000

# A job's machine has some two hundred expressions.
_REMEMBERED = 1024

# An expression keeps its input and the time while it is evaluated.
_evaluating = threading.RLock()


class UndefinedResultError(ValueError):
    """The expression returned nothing, which JSON cannot represent."""


def evaluate(expression: str, variables: dict[str, Any]) -> Any:
    """Evaluate an expression with variables as bindings, never as text.

    Parameters
    ----------
    expression
        JSONata without ``{% %}``.
    variables
        Values by name, without ``$``; ``states`` among them.

    Raises
    ------
    UndefinedResultError
        The result is undefined; AWS raises ``States.QueryEvaluationError``.
    """
    bindings = {name: Utils.NULL_VALUE if value is None else value for name, value in variables.items()}
    result = _run(expression, bindings)
    if result is None and not _run(f"$exists(({expression}))", bindings):
        raise UndefinedResultError(f"The JSONata expression '{expression}' returned nothing (undefined).")
    return _plain(result)


def _run(expression: str, bindings: dict[str, Any]) -> Any:
    with _evaluating:
        parsed = _parsed(expression)
        jsonata.Jsonata.CURRENT.jsonata = parsed  # by which the library's functions find the time
        parsed.environment.set_runtime_bounds(EVALUATION_MILLISECONDS, None)
        return parsed.evaluate(None, bindings)


@functools.lru_cache(_REMEMBERED)
def _parsed(expression: str) -> jsonata.Jsonata:
    return jsonata.Jsonata.jsonata(expression)


def _plain(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
