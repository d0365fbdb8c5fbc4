"""Why a run failed, as a class, and what helps against it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Action(StrEnum):
    """What to do after a failure."""

    RETRY_AS_IS = "retry_as_is"
    RETRY_MORE_MEMORY = "retry_more_memory"
    NEXT_CAPACITY = "next_capacity"
    FAIL_NOW = "fail_now"


class FailureClass(StrEnum):
    """Why a run failed; ``error`` is the name a Fail state carries."""

    EXECUTOR_OUT_OF_MEMORY = "executor_out_of_memory"
    DRIVER_OUT_OF_MEMORY = "driver_out_of_memory"
    DISK_FULL = "disk_full"
    NODE_LOST_OR_SPOT = "node_lost_or_spot"
    CAPACITY_SHORTAGE = "capacity_shortage"
    BOOTSTRAP_FAILURE = "bootstrap_failure"
    S3_THROTTLED = "s3_throttled"
    S3_DENIED = "s3_denied"
    INPUT_MISSING = "input_missing"
    OUTPUT_EXISTS = "output_exists"
    APPLICATION_ERROR = "application_error"
    VALIDATION = "validation"
    API_THROTTLED = "api_throttled"
    CANCELLED_OR_KILLED = "cancelled_or_killed"
    TIMEOUT = "timeout"
    UNKNOWN = "unknown"

    @property
    def error(self) -> str:
        """The class in PascalCase, for example ``ExecutorOutOfMemory``."""
        return "".join(word.capitalize() for word in self.value.split("_"))

    @property
    def action(self) -> Action:
        """What helps against this class, unless a signature knows better."""
        return _ACTIONS.get(self, Action.FAIL_NOW)


# Only what passes by itself, or with other hardware, is tried again. A mistake in the job, its input, its rights or
# its specification fails the same way however often it is paid for.
_ACTIONS: Mapping[FailureClass, Action] = MappingProxyType(
    {
        FailureClass.EXECUTOR_OUT_OF_MEMORY: Action.RETRY_MORE_MEMORY,
        FailureClass.DRIVER_OUT_OF_MEMORY: Action.RETRY_MORE_MEMORY,
        FailureClass.CAPACITY_SHORTAGE: Action.NEXT_CAPACITY,
        FailureClass.NODE_LOST_OR_SPOT: Action.RETRY_AS_IS,
        FailureClass.S3_THROTTLED: Action.RETRY_AS_IS,
        FailureClass.API_THROTTLED: Action.RETRY_AS_IS,
    }
)
