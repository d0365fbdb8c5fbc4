"""Lists in pages with an opaque marker."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from scripts.local.emr.errors import EmrApiError
from scripts.local.emr.model import Params

PAGE_SIZE = 50
"""Clusters and steps a page: https://docs.aws.amazon.com/emr/latest/APIReference/API_ListClusters.html and
https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSteps.html."""

Item = TypeVar("Item")


def page(items: Sequence[Item], marker: str | None) -> tuple[Sequence[Item], Params]:
    """Return the items of the page a marker stands for, and the `Marker` member of the answer if more follow."""
    start = _decode(marker) if marker else 0
    end = start + PAGE_SIZE
    following = {"Marker": base64.b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return items[start:end], following


def _decode(marker: str) -> int:
    try:
        return int(base64.b64decode(marker, validate=True))
    except (ValueError, binascii.Error):
        raise EmrApiError("InvalidRequestException", f"Marker '{marker}' is not valid.") from None
