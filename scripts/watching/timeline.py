"""Show a run's timeline: a line per change, and on a terminal a live line with both clocks."""

import time

from rich.console import Console
from rich.status import Status

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
    started = time.monotonic()
    with console.status("waiting for the first state") as status:
        for seen in follower.observations():
            console.print(_line(seen), highlight=False, soft_wrap=True)
            _update(status, follower, started)


def _line(seen: Observation) -> str:
    style = _STYLES.get(seen.status, "yellow")
    what = {"state": "machine", "execution": "run"}.get(seen.kind, seen.kind)
    status = "->" if seen.status == "entered" else seen.status
    text = f"-> {seen.name}" if status == "->" else f"{seen.name} {status}"
    return f"[dim]{clock(seen.real):>6}  {clock(seen.simulated):>9}[/dim]  {what:<8} [{style}]{text}[/{style}]"


def _update(status: Status, follower: Follower, started: float) -> None:
    cluster = follower.cluster["Status"]["State"] if follower.cluster else "no cluster yet"
    elapsed = clock(time.monotonic() - started)
    status.update(f"real {elapsed}, simulated {clock(follower.simulated)}; cluster: {cluster}")
