"""Say how far the certificate is: a bar on a terminal, a line now and then elsewhere."""

import contextlib
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_LINE_EVERY = 100


class Progress(contextlib.AbstractContextManager["Progress"]):
    """Shows how many cases are done.

    Parameters
    ----------
    console
        Where.
    quiet
        Show nothing.
    """

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self._quiet = quiet
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def of(self, job: str) -> Callable[[int, int], None]:
        """Return what is to be told the cases done, and their number, of a job."""
        task = self._bar.add_task(job, total=None)

        def tell(done: int, total: int) -> None:
            self._bar.update(task, completed=done, total=total)
            if not self._quiet and not self._console.is_terminal and (done % _LINE_EVERY == 0 or done == total):
                self._console.print(f"{job}: {done} of {total} cases", highlight=False)

        return tell
