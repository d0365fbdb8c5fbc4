"""Answers in small pages, so that a test of paging needs few items."""

from typing import Any


def in_pages_of(size: int, client: Any, operation: str, parameter: str) -> None:
    """Have a client ask for pages of a few items, whatever it is told, as if a service's own were that small.

    Parameters
    ----------
    client
        A client of boto3.
    operation, parameter
        The call, and how it names the most items of a page: ``ListObjectsV2`` and ``MaxKeys``.
    """
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(
        f"provide-client-params.{service}.{operation}", lambda params, **_unused: params | {parameter: size}
    )
