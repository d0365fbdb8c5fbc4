"""From pydantic's errors to findings."""

import difflib
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lambdas.specs.document import Document, Key, describe
from lambdas.specs.errors import Finding

_EXPECTED = {
    "string_type": "text (quote it when it looks like something else)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "bool_type": "true or false",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "date_from_datetime_parsing": "a date such as 2026-01-31",
    "date_type": "a date such as 2026-01-31",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def findings_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Finding]:
    """Return one finding per pydantic error.

    Parameters
    ----------
    error
        What validating the document's data raised.
    model
        The model it was validated against.
    document
        The file, for lines.
    """
    return [_finding(details, model, document) for details in error.errors()]


def _finding(details: ErrorDetails, model: type[BaseModel], document: Document) -> Finding:
    key: Key = details["loc"]
    context = details.get("ctx", {})
    value = details.get("input")
    match details["type"]:
        case "missing":
            return document.finding(key[:-1], f"the key {key[-1]!r}", "none")
        case "extra_forbidden":
            return document.finding(
                key, _known(str(key[-1]), _model_at(model, key[:-1])), f"the unknown key {key[-1]!r}"
            )
        case "expected":
            wanted = str(context["expected"])
        case "literal_error" | "enum":
            wanted = str(context["expected"]).replace("'", "")
        case "greater_than_equal":
            wanted = f"a number of at least {context['ge']}"
        case "greater_than":
            wanted = f"a number above {context['gt']}"
        case "less_than_equal":
            wanted = f"a number of at most {context['le']}"
        case other:
            wanted = _EXPECTED.get(other, details["msg"])
    return document.finding(key, wanted, describe(value))


def _known(key: str, model: type[BaseModel]) -> str:
    fields = list(model.model_fields)
    close = difflib.get_close_matches(key, fields, n=1)
    return f"one of {', '.join(fields)}" + (f" (did you mean {close[0]!r}?)" if close else "")


def _model_at(model: type[BaseModel], key: Key) -> type[BaseModel]:
    for part in key:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _model_in(argument))), None)
