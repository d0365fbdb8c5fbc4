"""Run ``aws-sdk:emr:<action>`` tasks on the engine.

"Learning to use AWS service SDK integrations in Step Functions",
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html.
"""

import datetime
import functools
import uuid
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from scripts.local.emr.clock import Clock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.shapes import service_model
from scripts.local.emr.sync import IntegrationError

SERVICE = "emr"
_PREFIX = "Emr"
"""The service's name in Error. The page above has the pattern (``ServiceNameException``) but no example of EMR's."""


def call(engine: EmrEngine, clock: Clock, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call one action of the EMR API.

    Parameters
    ----------
    engine, clock
        The EMR and its time.
    action
        As the resource names it: ``listSteps``.
    arguments
        As the API names them, in PascalCase.

    Returns
    -------
    dict
        The answer in PascalCase, times as ISO 8601 text in UTC: a task's result is JSON, and the AWS SDK's moments
        become such text in it. (An ``elasticmapreduce:`` task shows epoch milliseconds.)

    Raises
    ------
    IntegrationError
        The call is refused: ``Emr.InvalidRequestException``, or ``Emr.EmrException`` for a code EMR's model lacks.
    """
    operation = action[:1].upper() + action[1:]
    try:
        answer = engine.call(operation, arguments)
    except EmrApiError as error:
        raise IntegrationError(error_of(error.code), _cause(clock, error)) from error
    shape = service_model().operation_model(operation).output_shape
    found: dict[str, Any] = _shown(answer, shape)
    return found


def error_of(code: str) -> str:
    """Return what Step Functions calls an error of the EMR API.

    Step Functions calls AWS with the SDK for Java 2, whose classes are named after the model's errors, with
    ``Exception`` at the end, and one after the service for all other codes. That EMR's follow this is inferred: no page
    of AWS shows one.
    """
    name = code if code in _modelled_errors() else f"{_PREFIX}Exception"
    return f"{_PREFIX}.{name.removesuffix('Exception')}Exception"


@functools.cache
def _modelled_errors() -> frozenset[str]:
    return frozenset(shape.name for shape in service_model().error_shapes)


def _cause(clock: Clock, error: EmrApiError) -> str:
    status = 500 if error.code.startswith("Internal") else 400
    request = uuid.uuid5(uuid.NAMESPACE_URL, f"{clock.now()}/{error}")
    # The code is not in AWS's own text unless the message has it.
    return f"{error.message} (Service: {_PREFIX}, Status Code: {status}, Request ID: {request})"


def _shown(value: Any, shape: Shape | None) -> Any:
    match shape:
        case StructureShape():
            return {name: _shown(item, shape.members.get(name)) for name, item in value.items()}
        case ListShape():
            return [_shown(item, shape.member) for item in value]
        case MapShape():
            return {name: _shown(item, shape.value) for name, item in value.items()}
        case Shape(type_name="timestamp"):
            moment = datetime.datetime.fromtimestamp(value, datetime.UTC)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
