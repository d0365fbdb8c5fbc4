"""What is looked at, and what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

# Codes of a call that the caller may not make, and of one that the endpoint does not know.
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403")
_ABSENT = ("InvalidAction", "UnknownOperationException", "NotImplemented", "UnsupportedOperation", "404", "501")


class Status(StrEnum):
    """What was found: as it should be, in the way of a run, in the way of some, or nothing at all."""

    OK = "ok"
    FAILED = "failed"
    WARNING = "warning"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Found:
    """What was found, in numbers, and what mends it; nothing to mend when all is well."""

    status: Status
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Check:
    """Something to look at."""

    id: str
    title: str
    look: Callable[[], Found]


@dataclass(frozen=True)
class Item:
    """What was found of something."""

    id: str
    title: str
    status: Status
    detail: str
    fix: str


def ok(detail: str) -> Found:
    """Say that all is well."""
    return Found(Status.OK, detail)


def failed(detail: str, fix: str) -> Found:
    """Say what is in the way of every run it concerns."""
    return Found(Status.FAILED, detail, fix)


def warning(detail: str, fix: str) -> Found:
    """Say what is in the way of some runs, or will be."""
    return Found(Status.WARNING, detail, fix)


def unknown(detail: str, fix: str) -> Found:
    """Say why nothing could be found out."""
    return Found(Status.UNKNOWN, detail, fix)


def inspect(check: Check) -> Item:
    """Look at something; a call that fails makes it unknown, with the call and the reason."""
    try:
        found = check.look()
    except ClientError as error:
        found = _unanswered(error)
    except BotoCoreError as error:
        found = unknown(str(error), "look again when the endpoint can be reached")
    return Item(check.id, check.title, found.status, found.detail, found.fix)


def code_of(error: ClientError) -> str:
    """Return the code of a call that failed."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _unanswered(error: ClientError) -> Found:
    call, code = error.operation_name, code_of(error)
    said = error.response.get("Error", {}).get("Message", "")
    if code in _DENIED:
        return unknown(f"{call} is not allowed: {said}", f"let yourself call {call}, or let somebody look who may")
    if code in _ABSENT or (code.isdecimal() and not said):
        return unknown(
            f"this endpoint does not know {call} ({': '.join(filter(None, (code, said)))})", "look at it on AWS"
        )
    return unknown(f"{call} failed: {code}: {said}", "look again; if it stays so, mend what that says")
