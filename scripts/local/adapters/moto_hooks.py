"""Replace attributes of moto for the length of a ``with`` block."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from scripts.local.adapters.hooks import require

PINNED = "5.2.5"

Hook = tuple[Any, str, Any]
"""The module or class, the attribute, and what to put in its place."""


@contextlib.contextmanager
def hooked(hooks: Iterable[Hook], additions: Iterable[Hook] = ()) -> Iterator[None]:
    """Put hooks in place, the later ones around the earlier ones.

    Parameters
    ----------
    hooks
        Replace what is there.
    additions
        Replace what may not be there.

    Raises
    ------
    HookMissingError
        The installed moto is another version than the pinned one and lacks a hook.
    """
    with contextlib.ExitStack() as stack:
        for owner, name, value in hooks:
            require("moto", PINNED, owner, name)
            stack.enter_context(_replaced(owner, name, value))
        for owner, name, value in additions:
            stack.enter_context(_replaced(owner, name, value))
        yield


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    missing = object()
    original = vars(owner).get(name, missing)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if original is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, original)
