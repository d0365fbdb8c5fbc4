"""Evaluate JSONata as Step Functions does, for an interpreter that ships no evaluator.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from typing import Any

import jsonata
from jsonata.utils import Utils

# An expression may take one second, as on AWS.
EVALUATION_MILLISECONDS = 1000


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
    return jsonata.Jsonata.jsonata(expression, timeout=EVALUATION_MILLISECONDS).evaluate(None, bindings)


def _plain(value: Any) -> Any:
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
