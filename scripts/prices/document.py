"""A catalogue as its file: JSON, one type per line, so that a diff shows types."""

import json
from decimal import Decimal

from lambdas.specs.catalogue import Catalogue


def as_document(catalogue: Catalogue) -> str:
    """Return the text of ``emr_specs/instances/<region>.json``."""
    data = catalogue.model_dump()
    types = ",\n".join(f"  {_json(each)}" for each in data.pop("types"))
    sources = ",\n".join(f"  {_json(source)}" for source in data.pop("sources"))
    data["prices_as_of"] = data["prices_as_of"].isoformat()
    head = "".join(f" {_json(key)}: {_json(value)},\n" for key, value in data.items())
    return f'{{\n{head} "sources": [\n{sources}\n ],\n "types": [\n{types}\n ]\n}}\n'


def _json(value: object) -> str:
    return json.dumps(value, default=_number)


def _number(value: object) -> float | int:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} has no place in a catalogue")
    return int(value) if value == value.to_integral_value() else float(value)
