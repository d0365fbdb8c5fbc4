"""Check that an emulator still has the hooks an adapter replaces."""

from importlib.metadata import version
from typing import Any


class HookMissingError(RuntimeError):
    """The installed emulator is not the one this adapter was written for."""


def require(package: str, pinned: str, owner: Any, *names: str) -> None:
    """Fail early, and by name, when a hook is gone.

    Parameters
    ----------
    package
        The emulator's distribution.
    pinned
        The version the adapter was written for.
    owner
        The module or class that should have the attributes ``names``.

    Raises
    ------
    HookMissingError
        An attribute is missing.
    """
    missing = [name for name in names if not hasattr(owner, name)]
    if missing:
        where = getattr(owner, "__name__", repr(owner))
        raise HookMissingError(
            f"{package} {version(package)} has no {', '.join(missing)} in {where}; "
            f"the local cloud is written for {package} {pinned}: install requirements.lock"
        )
