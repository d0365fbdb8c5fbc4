"""The interference that makes faults happen, and the record of when they did."""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from scripts.certify.dynamic.acts import Act, Answers, Delays, Ends, Fails, Fault, Refuses, Stands, TimesOut
from scripts.certify.dynamic.journal import Entry, Journal
from scripts.certify.dynamic.states import State, inside
from scripts.local.adapters.moto_faults import TIMEOUT, TaskFaultError, Visit
from scripts.local.emr.faults import ApiFault, Faults

_EVERY_CALL = 1_000_000


class Saboteur:
    """Carries out faults.

    Parameters
    ----------
    faults
        What is to happen.
    states
        The machine's, by name.
    engine_faults
        The engine's, to which refused calls are added.
    journal
        Told what was entered and what struck.
    stand
        Lets time pass as far as the observation goes.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        states: Mapping[str, State],
        engine_faults: Faults,
        journal: Journal,
        stand: Callable[[], None],
    ) -> None:
        self._faults = faults
        self._states = states
        self._engine_faults = engine_faults
        self._journal = journal
        self._stand = stand
        self._standing = False
        self.struck: list[Fault] = []
        self.over = threading.Event()

    def entered(self, visit: Visit) -> None:
        """Stop or time out before the state, or arrange that it happens during it."""
        entry = self._journal.entered(visit.state)
        for fault in self._of(visit):
            match fault.act:
                case Ends(moment="before"):
                    self._end(fault, visit)
                case Ends(moment="during", seconds=seconds) if seconds:
                    later = self._journal.clock.now() + seconds
                    self._journal.clock.call_at(later, partial(self._end_if_still_there, fault, visit, entry))
                case Stands():
                    self._strike(fault)
                    self._standing = True
                    # Nobody looks after the step any more, so nobody cancels it when the task's time is up.
                    self._engine_faults.api.append(ApiFault("CancelSteps", _EVERY_CALL))

    def left(self, visit: Visit) -> None:
        """Stop or time out after the state.

        Nobody tells when a branch leaves its last state, or one that fails: that is over with the Parallel around it.
        """
        self._journal.left({visit.state, *inside(self._states[visit.state])})
        for fault in self._of(visit):
            if isinstance(fault.act, Ends) and fault.act.moment == "after":
                self._end(fault, visit)
        self._stand_still(visit)

    def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
        """Call the task, or do to it what a fault says."""
        faults = [fault for fault in self._of(visit) if _strikes(fault.act, visit.attempt)]
        for fault in faults:
            call = self._altered(fault, visit, call)
        try:
            return call()
        finally:
            self._stand_still(visit)

    def ended(self, execution: str, status: str) -> None:
        """Note the end, and let whoever waits for it go on."""
        self._journal.ended(execution, "RUNNING" if self._standing else status)
        self.over.set()

    def _of(self, visit: Visit) -> list[Fault]:
        return [
            fault
            for fault in self._faults
            if fault.state == visit.state
            and (fault.number == visit.number or (fault.number < visit.number and getattr(fault.act, "always", False)))
        ]

    def _altered(self, fault: Fault, visit: Visit, call: Callable[[], Any]) -> Callable[[], Any]:
        """Return the call as the fault has it."""
        match fault.act:
            case Fails() | TimesOut():
                altered = partial(self._fail, fault, fault.act, visit, call)
            case Refuses():
                altered = partial(self._refuse, fault, fault.act, call)
            case Answers():
                altered = partial(self._answer, fault, fault.act, call)
            case Delays(seconds=seconds):
                altered = partial(self._delay, fault, seconds, visit, call)
            case Ends():
                altered = partial(self._end_around, fault, fault.act, visit, call)
            case Stands():
                return call
        return altered

    def _fail(self, fault: Fault, act: Fails | TimesOut, visit: Visit, call: Callable[[], Any]) -> Any:
        if act.accepted:
            call()
        self._strike(fault)
        if isinstance(act, TimesOut):
            visit.sleep(visit.timeout)
            raise TaskFaultError(TIMEOUT)
        raise TaskFaultError(act.error, act.cause)

    def _refuse(self, fault: Fault, act: Refuses, call: Callable[[], Any]) -> Any:
        refused = ApiFault(act.action, _EVERY_CALL if act.always else 1, act.code, act.message, act.accepted)
        self._strike(fault)
        self._engine_faults.api.append(refused)
        try:
            return call()
        finally:
            self._engine_faults.api.remove(refused)

    def _answer(self, fault: Fault, act: Answers, call: Callable[[], Any]) -> Any:
        if not act.undone:
            with contextlib.suppress(Exception):  # whatever the task says, Step Functions hears something else
                call()
        self._strike(fault)
        return act.result

    def _delay(self, fault: Fault, seconds: float, visit: Visit, call: Callable[[], Any]) -> Any:
        self._strike(fault)
        visit.sleep(seconds)
        return call()

    def _end_around(self, fault: Fault, act: Ends, visit: Visit, call: Callable[[], Any]) -> Any:
        if act.moment == "during" and not act.seconds:
            self._end(fault, visit)
        result = call()
        if act.moment == "working":
            self._end(fault, visit)
        return result

    def _end_if_still_there(self, fault: Fault, visit: Visit, entry: Entry) -> None:
        if entry.left is None:
            self._end(fault, visit)

    def _end(self, fault: Fault, visit: Visit) -> None:
        self._strike(fault)
        if isinstance(fault.act, Ends) and fault.act.expires:
            visit.expire()
        else:
            visit.stop()

    def _stand_still(self, visit: Visit) -> None:
        if self._standing:
            self._stand()
            visit.stop()

    def _strike(self, fault: Fault) -> None:
        self.struck.append(fault)
        self._journal.struck(f"{fault.name} at {fault.state}")


def _strikes(act: Act, attempt: int) -> bool:
    return attempt == 1 or getattr(act, "always", False)
