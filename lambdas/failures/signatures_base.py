"""What a signature is: a text that tells why a run failed, and how much it tells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from lambdas.failures.classes import Action, FailureClass


class Side(StrEnum):
    """Which process ran out of memory."""

    DRIVER = "driver"
    EXECUTOR = "executor"


# How much a text tells when it stands alone, 0 to 1. What follows from something else (a lost shuffle, a closed
# context) is weak on purpose: it decides only when nothing names the cause.
CERTAIN = 0.97
STRONG = 0.92
LIKELY = 0.8
FAIR = 0.65
HINT = 0.55
WEAK = 0.48


@dataclass(frozen=True)
class Signature:
    """A text in a log or a status, the class it speaks for, and its source.

    Attributes
    ----------
    pattern
        A regular expression, searched line by line, case-sensitive unless it says otherwise.
    failure_class
        The class; for a signature of memory without a known side, see ``by_side``.
    weight
        How much the text tells when it stands alone, 0 to 1.
    source
        The page, or the source file, that has the text.
    by_side
        Memory ran out, and the neighbouring lines say whose.
    side
        The side to assume when they do not.
    action
        What helps, where it is not what helps against the class.
    is_generic
        Only the name of some exception; a text of another signature in the same line says more.
    """

    pattern: str
    failure_class: FailureClass
    weight: float
    source: str
    by_side: bool = False
    side: Side = Side.EXECUTOR
    action: Action | None = None
    is_generic: bool = False

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern, compiled."""
        return re.compile(self.pattern)


MEMORY_CLASS: Mapping[Side, FailureClass] = MappingProxyType(
    {Side.DRIVER: FailureClass.DRIVER_OUT_OF_MEMORY, Side.EXECUTOR: FailureClass.EXECUTOR_OUT_OF_MEMORY}
)
