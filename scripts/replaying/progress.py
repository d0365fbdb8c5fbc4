"""How far a bulk replay is: a bar on a terminal, a line for each run elsewhere."""

import contextlib
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from scripts.replaying.campaign import Campaign, Member

_WORDS = {"STARTED": "started", "REFUSED": "not started", "CLAIMED": "being started", "PLANNED": "to be started"}


class BulkProgress(contextlib.AbstractContextManager["BulkProgress"]):
    """Shows each run that was started or refused.

    Parameters
    ----------
    console
        Where.
    campaign
        Some of it may be done.
    """

    def __init__(self, console: Console, campaign: Campaign) -> None:
        self._console = console
        columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        done = sum(not member.is_open for member in campaign.members)
        self._task = self._bar.add_task("", total=len(campaign.members), completed=done)

    def __enter__(self) -> "BulkProgress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def tell(self, member: Member) -> None:
        """Show what became of a run."""
        self._bar.advance(self._task)
        if not self._console.is_terminal or member.why:
            why = f": {member.why}" if member.why else ""
            line = f"{member.run} -> {member.name} {_WORDS[member.state]}{why}"
            self._console.print(line, highlight=False, markup=False, soft_wrap=True)
