"""Reading documents that others wrote: what is missing or of another kind reads as empty."""

import json
from collections.abc import Mapping
from typing import Any


def part(document: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    """Return the object below a key, or an empty one."""
    found = document.get(key) if document else None
    return found if isinstance(found, Mapping) else {}


def text(document: Mapping[str, Any] | None, key: str) -> str:
    """Return the text below a key, or an empty one."""
    found = document.get(key) if document else None
    return found if isinstance(found, str) else ""


def parse_object(source: str) -> Mapping[str, Any]:
    """Read a text as a JSON object; anything else, as a Cause that is no JSON or was cut off, is an empty one."""
    try:
        found = json.loads(source)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
