"""The slots of one job: tickets are served in the order in which their executions started.

A step here may be the last one of its Lambda, and others may be at work at the same time. What each of them leaves
behind is either an unfinished step that the next caller finishes, or one that the sweep finds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from lambdas.runs.events import Execution
from lambdas.slots.entries import Entry, SlotsError

# Others were at work each time; a round takes some hundredths of a second.
MAX_ROUNDS = 100


class Store(Protocol):
    """Where tickets and holders are kept. Every call is one step: done or not, and seen by all that come later."""

    def add_ticket(self, execution: Execution, token: str) -> bool:
        """Let an execution wait with one more token; false if it may have a slot already."""

    def add_token(self, execution: Execution, token: str) -> bool:
        """Note one more token of a holder; false if it is none."""

    def gate(self) -> int:
        """Return how many slots have been given so far."""

    def holders(self) -> list[Entry]:
        """Return who has a slot."""

    def tickets(self) -> Iterable[Entry]:
        """Return who waits, the execution that started first comes first."""

    def grant(self, ticket: Entry, gate: int) -> bool:
        """Make a ticket a holder; false if it changed, or a slot was given, since it and the gate were read."""

    def forget_token(self, execution: Execution, token: str) -> None:
        """Note that a token of a holder needs not be told any more."""

    def drop(self, execution: Execution) -> None:
        """Take an execution out of the queue, whether it waits or has a slot."""


class Executions(Protocol):
    """Step Functions, as far as it matters here."""

    def is_over(self, execution: Execution) -> bool:
        """Say whether an execution surely has ended."""

    def tell(self, token: str) -> None:
        """Let the task with this token go on, unless it does not wait any more."""


@dataclass(frozen=True)
class Queue:
    """The slots of a job.

    Attributes
    ----------
    store, executions
        Where they are kept, and who takes them.
    limit
        How many there are; any number when ``None``.
    """

    store: Store
    executions: Executions
    limit: int | None

    def take(self, execution: Execution, token: str) -> None:
        """Let an execution wait for a slot.

        Parameters
        ----------
        execution
            Which one; it may have asked before, with another token.
        token
            What its task waits with.

        Raises
        ------
        SlotsError
            Others change the same ticket all the time.
        """
        for _ in range(MAX_ROUNDS):
            if self.store.add_ticket(execution, token) or self.store.add_token(execution, token):
                return
        raise SlotsError(f"the ticket of {execution.id} could not be written: it changed each time it was tried")

    def release(self, execution: Execution) -> None:
        """Take back the slot, or the ticket, of an execution that is over."""
        self.store.drop(execution)

    def release_dead(self) -> None:
        """Take back the slots of all that are over: their events may have been lost."""
        for holder in self.store.holders():
            if self.executions.is_over(holder.execution):
                self.store.drop(holder.execution)

    def advance(self) -> list[str]:
        """Give free slots to those who wait longest, and tell those who were not told.

        Returns
        -------
        list of str
            The names of the executions that got one.

        Raises
        ------
        SlotsError
            Others gave slots all the time.
        """
        granted: list[str] = []
        for _ in range(MAX_ROUNDS):
            if self._serve(granted):
                return granted
        raise SlotsError(f"no slot could be given: others gave some in each of {MAX_ROUNDS} attempts")

    def _serve(self, granted: list[str]) -> bool:
        """Serve until no slot is free or nobody waits; false if somebody else does the same just now.

        The gate is read before the holders. A slot is given only if the gate has not moved since, so that nobody can
        have become a holder who was not counted.
        """
        gate = self.store.gate()
        holders = self.store.holders()
        for holder in holders:
            self._tell(holder)
        taken = len(holders)
        for ticket in self.store.tickets() if self._is_free(taken) else ():
            if self.executions.is_over(ticket.execution):
                self.store.drop(ticket.execution)
                continue
            if not self.store.grant(ticket, gate):
                return False
            gate, taken = gate + 1, taken + 1
            granted.append(ticket.execution.name)
            self._tell(ticket)
            if not self._is_free(taken):
                break
        return True

    def _is_free(self, taken: int) -> bool:
        return self.limit is None or taken < self.limit

    def _tell(self, holder: Entry) -> None:
        for token in sorted(holder.tokens):
            self.executions.tell(token)
            self.store.forget_token(holder.execution, token)
