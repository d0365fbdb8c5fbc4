"""Whether starting a run again can help against what it failed of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from lambdas.failures.classes import FailureClass
from lambdas.inputs import errors as input_errors
from lambdas.inputs.errors import RejectionError
from lambdas.ledger.entry import LedgerEntry
from lambdas.replays import errors as replay_errors
from lambdas.runs import errors as run_errors


class Cure(StrEnum):
    """Whether a replay can succeed where the run failed."""

    YES = "yes"
    IF_CHANGED = "if changed"
    NO = "no"


@dataclass(frozen=True)
class Cause:
    """Why a run failed, by the name its Error has, and whether a replay helps; ``why`` says why so."""

    name: str
    cure: Cure
    why: str


_YES, _IF, _NO = Cure.YES, Cure.IF_CHANGED, Cure.NO

# What passes by itself, and what sizing answers, is worth a replay. A mistake fails the same way until it is mended;
# where the mending leaves no trace here (rights, what somebody wanted), only --force says that it was done.
_CURES: Mapping[FailureClass, tuple[Cure, str]] = MappingProxyType(
    {
        FailureClass.EXECUTOR_OUT_OF_MEMORY: (_YES, "the replay gets more memory"),
        FailureClass.DRIVER_OUT_OF_MEMORY: (_YES, "the replay gets more memory"),
        FailureClass.TIMEOUT: (_YES, "the replay is sized for the time that was too short"),
        FailureClass.NODE_LOST_OR_SPOT: (_YES, "other nodes may stay"),
        FailureClass.CAPACITY_SHORTAGE: (_YES, "capacity comes back, and other types are tried"),
        FailureClass.S3_THROTTLED: (_YES, "it passes"),
        FailureClass.API_THROTTLED: (_YES, "it passes"),
        FailureClass.DISK_FULL: (_IF, "the same disks are full again; allow more nodes or other types in the spec"),
        FailureClass.BOOTSTRAP_FAILURE: (_IF, "the bootstrap action fails again until it is corrected"),
        FailureClass.INPUT_MISSING: (_IF, "what was missing is missing until somebody writes it"),
        FailureClass.OUTPUT_EXISTS: (_IF, "what is in the way stays there unless the step writes elsewhere"),
        FailureClass.APPLICATION_ERROR: (_IF, "the job's code fails again on the same data"),
        FailureClass.VALIDATION: (_IF, "AWS refuses the same request again"),
        FailureClass.UNKNOWN: (_IF, "nobody knows why it failed"),
        FailureClass.S3_DENIED: (_NO, "rights are given elsewhere; force it once they are"),
        FailureClass.CANCELLED_OR_KILLED: (_NO, "somebody stopped it; force it if it is wanted after all"),
    }
)

# Of statuses that come without a class: Step Functions ended these runs, no state of theirs failed.
_OF_STATUS = MappingProxyType(
    {"TIMED_OUT": FailureClass.TIMEOUT, "ABORTED": FailureClass.CANCELLED_OR_KILLED},
)
_REJECTIONS = (input_errors, run_errors, replay_errors)
_OF_ERROR = MappingProxyType({each.error: each for each in FailureClass})

# Rejections that no change to the job answers; any other may pass once something has changed.
_HOPELESS = MappingProxyType(
    {
        "InputChanged": "a run of what is there now was started in its place",
        "ReplayNothingToDo": "every step had been completed; 'slow-lambda replay RUN --all-steps' runs them again",
        "ReplayAlreadySucceeded": "it has succeeded since",
    }
)


def cause_of(entry: LedgerEntry) -> Cause:
    """Say why a run that is over failed, and whether a replay can cure that."""
    kind = _class_of(entry)
    if kind is not None:
        return Cause(kind.error, *_CURES[kind])
    if entry.error is not None and entry.error in _HOPELESS:
        return Cause(entry.error, Cure.NO, _HOPELESS[entry.error])
    if entry.error and not entry.error.startswith("States."):
        return Cause(entry.error, Cure.IF_CHANGED, "it is rejected again as long as nothing changes")
    return Cause(FailureClass.UNKNOWN.error, *_CURES[FailureClass.UNKNOWN])


def known_causes() -> list[str]:
    """Return what a run can fail of by name: the classes, and the rejections."""
    rejections = {vars(module)[name] for module in _REJECTIONS for name in vars(module) if name.endswith("Error")}
    names = {each.__name__.removesuffix("Error") for each in rejections - {RejectionError}}
    return [*sorted(_OF_ERROR), *sorted(names - set(_OF_ERROR))]


def same_name(one: str, other: str) -> bool:
    """Say whether two texts name one class, as ``ExecutorOutOfMemory`` and ``executor_out_of_memory`` do."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _class_of(entry: LedgerEntry) -> FailureClass | None:
    for name in (entry.failure_class, entry.error):
        if name is not None:
            found = next((each for each in FailureClass if same_name(each.value, name)), None)
            if found is not None:
                return found
    return _OF_STATUS.get(entry.status)
