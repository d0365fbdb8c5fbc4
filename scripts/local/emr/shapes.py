"""Parameters against the service model that boto3 itself uses."""

import functools
from collections.abc import Iterator
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.model import Params


@functools.cache
def service_model() -> ServiceModel:
    """Return botocore's model of EMR."""
    return ServiceModel(botocore.loaders.Loader().load_service_model("emr", "service-2"), "emr")


def check_parameters(action: str, params: Params) -> None:
    """Refuse parameters of the wrong shape.

    Raises
    ------
    EmrApiError
        ValidationException that names the parameter's path: missing, unknown, of a wrong type, too long, or not one of
        the values of an enumeration.
    """
    shape = service_model().operation_model(action).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise EmrApiError("ValidationException", report.generate_report())
    problems = list(_constraint_problems(shape, params, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise EmrApiError("ValidationException", count + "; ".join(problems))


def _constraint_problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yield what botocore's validator leaves to the service."""
    match shape:
        case StructureShape():
            for name, item in value.items():
                yield from _constraint_problems(shape.members[name], item, f"{path}.{name}" if path else name)
        case ListShape():
            for index, item in enumerate(value):
                yield from _constraint_problems(shape.member, item, f"{path}[{index}]")
        case MapShape():
            for key, item in value.items():
                yield from _constraint_problems(shape.value, item, f"{path}.{key}")
        case StringShape():
            yield from _string_problems(shape, value, path)


def _string_problems(shape: StringShape, value: str, path: str) -> Iterator[str]:
    start = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    if shape.enum and value not in shape.enum:
        yield f"{start} satisfy enum value set: [{', '.join(shape.enum)}]"
    longest = shape.metadata.get("max")
    if longest is not None and len(value) > longest:
        yield f"{start} have length less than or equal to {longest}"
