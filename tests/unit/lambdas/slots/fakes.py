"""A store that keeps to the contract of DynamoDB's, in memory; and executions that wait, run and end.

Before each call another Lambda may have its turn, and the one that calls may be cut off: see ``world``.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lambdas.runs.events import Execution
from lambdas.slots.entries import Entry

START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


def execution(number: int) -> Execution:
    """Return the execution that starts as the ``number``-th, a millisecond after the one before."""
    name = f"run-{number}"
    started = START + datetime.timedelta(milliseconds=number)
    return Execution(id=f"arn:aws:states:us-east-1:123456789012:execution:count:{name}", name=name, started=started)


@dataclass
class Memory:
    """What a store keeps, shared by all who use it."""

    tickets: dict[str, Entry] = field(default_factory=dict)
    holders: dict[str, Entry] = field(default_factory=dict)
    gate: int = 0

    def waiting(self) -> list[Entry]:
        """Return the tickets in their order."""
        return sorted(self.tickets.values(), key=lambda each: (each.execution.started, each.execution.name))


@dataclass
class FakeStore:
    """The store as one Lambda sees it; ``pause`` is called before each call."""

    memory: Memory = field(default_factory=Memory)
    pause: Callable[[], None] = lambda: None
    page: int = 2
    seen: list[Entry] = field(default_factory=list)

    def add_ticket(self, execution: Execution, token: str) -> bool:
        self.pause()
        if execution.name in self.memory.holders:
            return False
        before = self.memory.tickets.get(execution.name, Entry(execution))
        self.memory.tickets[execution.name] = replace(before, tokens=before.tokens | {token})
        return True

    def add_token(self, execution: Execution, token: str) -> bool:
        self.pause()
        return self._change_holder(execution, lambda tokens: tokens | {token})

    def forget_token(self, execution: Execution, token: str) -> None:
        self.pause()
        self._change_holder(execution, lambda tokens: tokens - {token})

    def gate(self) -> int:
        self.pause()
        self.seen = self.memory.waiting()
        return self.memory.gate

    def holders(self) -> list[Entry]:
        self.pause()
        return list(self.memory.holders.values())

    def tickets(self) -> Iterator[Entry]:
        last = None
        while True:
            self.pause()
            after = [each for each in self.memory.waiting() if last is None or each.execution.started > last]
            yield from after[: self.page]
            if len(after) <= self.page:
                return
            last = after[self.page - 1].execution.started

    def grant(self, ticket: Entry, gate: int) -> bool:
        self.pause()
        name = ticket.execution.name
        if name in self.memory.holders or self.memory.tickets.get(name) != ticket or self.memory.gate != gate:
            return False
        del self.memory.tickets[name]
        self.memory.holders[name] = ticket
        self.memory.gate += 1
        return True

    def drop(self, execution: Execution) -> None:
        self.pause()
        self.memory.tickets.pop(execution.name, None)
        self.pause()
        self.memory.holders.pop(execution.name, None)

    def _change_holder(self, execution: Execution, change: Callable[[frozenset[str]], frozenset[str]]) -> bool:
        before = self.memory.holders.get(execution.name)
        if before is None:
            return False
        self.memory.holders[execution.name] = replace(before, tokens=change(before.tokens))
        return True
