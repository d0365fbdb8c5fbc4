"""Who waits for a slot, and who has one."""

from dataclasses import dataclass, field

from lambdas.runs.events import Execution


class SlotsError(RuntimeError):
    """Slots could not be taken or given; whoever asks again does no harm.

    The definition of a job with slots names it in the Retry of ``Wait for slot``.
    """


@dataclass(frozen=True)
class Entry:
    """An execution in the queue: with a ticket while it waits, a holder once it has a slot.

    Attributes
    ----------
    execution
        Which one.
    tokens
        The task tokens it may be waiting with that were not told of its slot: one for every attempt of its state.
    """

    execution: Execution
    tokens: frozenset[str] = field(default=frozenset())
