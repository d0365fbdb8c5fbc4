"""Executions of a job and the Lambdas that give them slots, one call at a time, in any order, cut off anywhere."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from lambdas.runs.events import Execution
from lambdas.slots.entries import Entry, SlotsError
from lambdas.slots.queue import Queue
from tests.unit.lambdas.slots.fakes import FakeStore, Memory, execution

_PATIENCE_SECONDS = 30.0

# More than all Lambdas of any of these worlds make: who makes more never ends.
_MOST_CALLS = 10_000


class _CutOffError(BaseException):
    """The Lambda's time is up, or its process has died; nothing in it can catch that."""


class Invocation:
    """A Lambda at work: it stands still before every call until it is told to go on."""

    def __init__(self, work: Callable[[Callable[[], None]], None], run: "Run | None" = None, token: str = "") -> None:
        self.run, self.token = run, token
        self.is_over = self.failed = False
        self._cut = False
        self._work = work
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._body, daemon=True).start()
        self._wait()

    def step(self, *, cut: bool = False) -> None:
        """Make the next call, or die before it."""
        self._cut = cut
        self._go.release()
        self._wait()

    def finish(self) -> None:
        """Go on to the end."""
        while not self.is_over:
            self.step()

    def _wait(self) -> None:
        assert self._stands.acquire(timeout=_PATIENCE_SECONDS)

    def _body(self) -> None:
        try:
            self._work(self._pause)
        except (_CutOffError, SlotsError):
            self.failed = True
        finally:
            self.is_over = True
            self._stands.release()

    def _pause(self) -> None:
        self._stands.release()
        self._go.acquire()
        if self._cut:
            raise _CutOffError


@dataclass(eq=False)
class Run:
    """An execution.

    Attributes
    ----------
    tokens
        Of its attempts to get a slot; only the last is good for anything.
    told
        Whether it was told that it has a slot.
    over, known
        Whether it has ended, and whether DescribeExecution says so already.
    """

    execution: Execution
    tokens: list[str] = field(default_factory=list)
    told: bool = False
    over: bool = False
    known: bool = False

    @property
    def is_at_work(self) -> bool:
        return self.told and not self.over

    @property
    def waits(self) -> bool:
        return not self.told and not self.over


class _Watched(FakeStore):
    """A store that notes whether a slot went past somebody who was seen to wait longer."""

    def __init__(self, world: "World", pause: Callable[[], None]) -> None:
        super().__init__(world.memory, pause)
        self._world = world

    def grant(self, ticket: Entry, gate: int) -> bool:
        granted = super().grant(ticket, gate)
        if granted:
            before = [each for each in self.seen if each.execution.started < ticket.execution.started]
            passed = [each for each in before if each.execution.name in self.memory.tickets]
            self._world.passed_over += [each for each in passed if not self._world.runs[each.execution.name].over]
        return granted


class _Told:
    def __init__(self, world: "World", pause: Callable[[], None]) -> None:
        self._world = world
        self._pause = pause

    def is_over(self, execution: Execution) -> bool:
        self._pause()
        return self._world.runs[execution.name].known

    def tell(self, token: str) -> None:
        self._pause()
        for run in self._world.runs.values():
            if run.waits and run.tokens[-1] == token:
                run.told = True


class World:
    """A job with so many slots.

    Parameters
    ----------
    limit
        How many.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.memory = Memory()
        self.runs: dict[str, Run] = {}
        self.lambdas: list[Invocation] = []
        self.passed_over: list[Entry] = []

    def start(self) -> None:
        """Start another execution; its machine asks for a slot at once."""
        run = Run(execution(len(self.runs)))
        self.runs[run.execution.name] = run
        self.ask(run)

    def ask(self, run: Run) -> None:
        """Let a machine ask for a slot, with a token of this attempt."""
        token = f"{run.execution.name}-{len(run.tokens)}"
        run.tokens.append(token)

        def work(queue: Queue) -> None:
            queue.take(run.execution, token)
            queue.advance()

        self._invoke(work, run, token)

    def end(self, run: Run) -> None:
        """End an execution: it succeeds, fails, is aborted."""
        run.over = True

    def end_heard(self, run: Run) -> None:
        """End an execution whose end everybody hears of."""
        run.over = run.known = True
        self.announce(run)

    def announce(self, run: Run) -> None:
        """Deliver the event of an execution that is over."""

        def work(queue: Queue) -> None:
            queue.release(run.execution)
            queue.advance()

        self._invoke(work)

    def sweep(self) -> Invocation:
        """Start the sweep."""

        def work(queue: Queue) -> None:
            queue.release_dead()
            queue.advance()

        return self._invoke(work)

    def step(self, which: int, *, cut: bool = False) -> None:
        """Let one of the Lambdas make its next call, or cut it off."""
        self._go_on(self.lambdas[which % len(self.lambdas)], cut=cut)

    def give_up(self, which: int) -> None:
        """Let a machine take a Lambda for dead that is not."""
        invocation = self.lambdas[which % len(self.lambdas)]
        if invocation.run and self._is_awaited(invocation):
            self.ask(invocation.run)

    def come_to_rest(self) -> None:
        """Let every Lambda come to its end."""
        for _ in range(_MOST_CALLS):
            if not self.lambdas:
                break
            self._go_on(self.lambdas[0])
        assert not self.lambdas

    def settle(self) -> None:
        """Let every Lambda come to its end, and Step Functions know of every end; then sweep."""
        self.come_to_rest()
        for run in self.runs.values():
            run.known = run.over
        sweep = self.sweep()
        sweep.finish()
        self.lambdas.remove(sweep)

    def at_work(self) -> list[Run]:
        """Return who has been told of a slot and runs."""
        return [run for run in self.runs.values() if run.is_at_work]

    def waiting(self) -> list[Run]:
        """Return who waits, first come first."""
        return [run for run in self.runs.values() if run.waits]

    def _invoke(self, work: Callable[[Queue], None], run: Run | None = None, token: str = "") -> Invocation:
        def body(pause: Callable[[], None]) -> None:
            work(Queue(_Watched(self, pause), _Told(self, pause), self.limit))

        invocation = Invocation(body, run, token)
        self.lambdas.append(invocation)
        return invocation

    def _go_on(self, invocation: Invocation, *, cut: bool = False) -> None:
        invocation.step(cut=cut)
        if invocation.is_over:
            self.lambdas.remove(invocation)
            if invocation.failed and invocation.run and self._is_awaited(invocation):
                self.ask(invocation.run)

    @staticmethod
    def _is_awaited(invocation: Invocation) -> bool:
        run = invocation.run
        return run is not None and run.waits and run.tokens[-1] == invocation.token
