"""Show a run's timeline: a line per change, and on a terminal a live line with both clocks."""

import time

from rich.console import Console
from rich.text import Text

from scripts.watching.follow import Follower, Observation

_STYLES = {
    "entered": "cyan",
    "SUCCEEDED": "bold green",
    "COMPLETED": "green",
    "WAITING": "green",
    "TERMINATED": "green",
    "FAILED": "bold red",
    "TERMINATED_WITH_ERRORS": "bold red",
    "CANCELLED": "red",
}
_KINDS = {"state": "machine", "execution": "run"}


def clock(seconds: float) -> str:
    """Write seconds as ``m:ss``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def show(follower: Follower, console: Console) -> None:
    """Print a run's observations until it is over.

    Parameters
    ----------
    follower
        The run.
    console
        Where to print; only a terminal gets the live line.
    """
    console.print(f"[dim]{'real':>6}  {'simulated':>9}  [/dim]")
    with console.status(_LiveLine(follower)):
        for seen in follower.observations():
            console.print(_line(seen), highlight=False, soft_wrap=True)


class _LiveLine:
    """What is going on now; evaluated anew whenever the terminal is refreshed."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def __rich__(self) -> Text:
        follower = self._follower
        cluster = follower.cluster["Status"]["State"] if follower.cluster else "none yet"
        steps = "".join(f"; step {step['Name']}: {step['Status']['State']}" for step in follower.steps[-1:])
        real = clock(time.time() - follower.started_real)
        return Text(f"real {real}, simulated {clock(follower.simulated_now)}; cluster: {cluster}{steps}")


def _line(seen: Observation) -> Text:
    text = f"-> {seen.name}" if seen.status == "entered" else f"{seen.name} {seen.status}"
    line = Text(f"{clock(seen.real):>6}  {clock(seen.simulated):>9}", style="dim")
    line.append(f"  {_KINDS.get(seen.kind, seen.kind):<8} ", style="not dim")
    return line.append(text, style=f"not dim {_STYLES.get(seen.status, 'yellow')}")
