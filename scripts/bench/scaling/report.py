"""A policy and its alternatives side by side: a table, what it says in words, and the same as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.bench.scaling.figures import FLAP_SECONDS, Figures
from scripts.bench.scaling.simulate import Played
from scripts.bench.scaling.traces import Trace

_SECONDS_PER_MINUTE = 60
_SECONDS_PER_HOUR = 3600
_DIGITS = 4


@dataclass(frozen=True)
class Comparison:
    """One trace, played in every way; the policy's is the first."""

    trace: Trace
    played: Mapping[str, Played]
    figures: Mapping[str, Figures]

    @property
    def policy(self) -> str:
        """The name of the policy."""
        return next(iter(self.figures))


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print a trace's table and what it says."""
    trace = comparison.trace
    console.print(
        f"\n[bold]{trace.name}[/]: {trace.container_seconds / _SECONDS_PER_HOUR:.0f} container-hours, "
        f"{trace.mean:.0f} containers wanted on average and {trace.peak} at most, "
        f"{_minutes(trace.seconds)} where all are had"
    )
    console.print(_table(comparison))
    for sentence in conclusions(comparison):
        console.print(sentence, markup=False)


def _table(comparison: Comparison) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column("")
    for heading in ("$", "makespan", "node-h paid", "used", "idle", "starting", "overshoot", "peak", "out/in", "flaps"):
        table.add_column(heading, justify="right")
    table.add_column("met after", justify="right")
    table.add_column("short for", justify="right")
    for name, each in comparison.figures.items():
        hours = (each.paid_h, each.used_h, each.idle_h, each.starting_h, each.overshoot_h)
        table.add_row(
            *(name, f"{each.usd:.2f}", _minutes(each.makespan_s)),
            *(f"{figure:.1f}" for figure in hours),
            *(f"{each.peak_ratio:.0%}", f"{each.outs}/{each.ins}", str(each.flaps)),
            *("never" if each.met_after_s is None else _minutes(each.met_after_s), _minutes(each.short_s)),
            style="bold" if name == comparison.policy else None,
        )
    return table


def conclusions(comparison: Comparison) -> list[str]:
    """Return what the figures say in sentences: cheapest, fastest, the policy beside them, and where it is no use."""
    return list(_conclusions(comparison))


def _conclusions(comparison: Comparison) -> Iterator[str]:
    figures = comparison.figures
    cheapest = min(figures, key=lambda name: figures[name].usd)
    fastest = min(figures, key=lambda name: figures[name].makespan_s)
    policy, own = comparison.policy, figures[comparison.policy]
    yield (
        f"Cheapest is {cheapest} with ${figures[cheapest].usd:.2f}, "
        f"fastest {fastest} with {_minutes(figures[fastest].makespan_s)}."
    )
    above = own.usd / figures[cheapest].usd - 1
    slower = own.makespan_s / figures[fastest].makespan_s - 1
    yield f"{policy} costs {above:.0%} more than the cheapest and takes {slower:.0%} longer than the fastest."
    if own.flaps:
        times = "once" if own.flaps == 1 else f"{own.flaps} times"
        yield (
            f"{policy} flapped {times}: nodes were added, taken away and added again "
            f"within {FLAP_SECONDS // _SECONDS_PER_MINUTE} minutes."
        )
    if not _helped(comparison.played[policy]) and own.short_s:
        yield (
            f"{policy} was no use here: the work was done before one more node was in service. The first metric "
            "comes after five minutes, and a node then takes some more to start."
        )


def _helped(played: Played) -> bool:
    """Whether more nodes were in service while the work ran than when it started."""
    before = [each.nodes for each in played.usage if each.at <= played.started]
    during = [each.nodes for each in played.usage if played.started < each.at < played.finished]
    return max(during, default=0) > max(before[-1:], default=0)


def as_document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON-able data: seconds, dollars, node-hours."""
    trace = comparison.trace
    return {
        "trace": trace.name,
        "seconds": round(trace.seconds, _DIGITS),
        "container_hours": round(trace.container_seconds / _SECONDS_PER_HOUR, _DIGITS),
        "mean_containers": round(trace.mean, _DIGITS),
        "peak_containers": trace.peak,
        "alternatives": {name: _rounded(figures) for name, figures in comparison.figures.items()},
        "conclusions": conclusions(comparison),
    }


def _rounded(figures: Figures) -> dict[str, Any]:
    return {
        name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in asdict(figures).items()
    }


def _minutes(seconds: float) -> str:
    return f"{seconds / _SECONDS_PER_MINUTE:.0f} min"
