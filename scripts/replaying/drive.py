"""Go through a campaign: start what is left of it, within its limits, and stop cleanly when asked to."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from scripts.replaying.campaign import Campaign, Journal, Member
from scripts.replaying.running import Running
from scripts.replaying.words import REFUSALS, in_words

# The ledger of a run changes with its steps, so every few minutes.
POLL_SECONDS = 15.0

Stop = Literal["done", "budget", "asked"]
"""Why it ended: nothing left; the next run would pass the budget; somebody asked for it."""


@dataclass(frozen=True)
class Outcome:
    """What became of a campaign, all of its members as they are now."""

    stopped: Stop
    members: Sequence[Member]

    @property
    def left(self) -> list[Member]:
        """Those that have not been started."""
        return [member for member in self.members if member.is_open]

    @property
    def refused(self) -> list[Member]:
        """Those whose start failed."""
        return [member for member in self.members if member.state == "REFUSED"]


@dataclass(frozen=True)
class Driver:
    """What a campaign is driven with.

    Attributes
    ----------
    journal
        Where its state is.
    start
        Starts a member under its name; whatever has that name already is it.
    running
        Tells which members' runs are not over.
    tell
        Is told each member whose state changed.
    poll_seconds
        How often the ledger is asked while no more may run.
    """

    journal: Journal
    start: Callable[[Member], None]
    running: Running
    tell: Callable[[Member], None]
    poll_seconds: float = POLL_SECONDS

    def drive(self, campaign: Campaign, stopping: threading.Event) -> Outcome:
        """Start what is left, the first first.

        Parameters
        ----------
        campaign
            As it was read or made.
        stopping
            Once it is set, the call at hand is the last.
        """
        members = list(campaign.members)
        stopped: Stop = "done"
        for number, member in enumerate(members):
            if not member.is_open:
                continue
            if not self._has_room(campaign, members, stopping):
                stopped = "asked"
                break
            after = self._treat(campaign, member)
            if after is None:
                stopped = "budget"
                break
            members[number] = after
            self.tell(after)
        return Outcome(stopped, members)

    def _has_room(self, campaign: Campaign, members: Sequence[Member], stopping: threading.Event) -> bool:
        """Wait until one more may run; false if it was stopped meanwhile."""
        if campaign.max_parallel is not None:
            started = [member for member in members if not member.is_open]
            while not stopping.is_set() and self.running.count(started) >= campaign.max_parallel:
                stopping.wait(self.poll_seconds)
        return not stopping.is_set()

    def _treat(self, campaign: Campaign, member: Member) -> Member | None:
        """Claim and start a member; ``None`` if there is no money left for it."""
        claimed: Member | None = member
        # One that was claimed and not started is one whose starter died; its price is counted.
        if member.state != "CLAIMED":
            claimed = self.journal.claim(campaign, member)
        if claimed is None or not claimed.is_open:
            return claimed
        try:
            self.start(claimed)
        except REFUSALS as error:
            why = in_words(error)
            self.journal.refused(campaign, claimed, why)
            return replace(claimed, state="REFUSED", why=why)
        self.journal.started(campaign, claimed)
        return replace(claimed, state="STARTED", why=None)


@contextlib.contextmanager
def stopped_by_ctrl_c(say: Callable[[str], None]) -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event, so that the call at hand is finished; the second one is as ever."""
    stopping = threading.Event()

    def ask(_signal: int, _frame: Any) -> None:
        stopping.set()
        signal.signal(signal.SIGINT, before)
        say("stopping after the call at hand; once more stops at once, which loses nothing either")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stopping
    finally:
        signal.signal(signal.SIGINT, before)
