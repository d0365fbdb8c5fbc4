"""Pictures of demand against capacity over time, one for each trace, with a panel for each alternative."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.bench.scaling.report import Comparison
from scripts.bench.scaling.simulate import Played
from scripts.local.emr.load import Usage

_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "svg.hashsalt": "slow-lambda bench scaling",
}
_CAPACITY = "#60a5fa"
_RUNNING = "#0f766e"
_DEMAND = "#c2410c"
_GRID = "#e5e7eb"
_SECONDS_PER_MINUTE = 60
_PANEL_HEIGHT = 1.9
_MOST_OF_SECOND = 1.25


def draw(comparison: Comparison, folder: Path) -> Path:
    """Draw a comparison as SVG.

    Returns
    -------
    Path
        The file written, named after policy and trace.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, _PANEL_HEIGHT * len(comparison.played)), layout="constrained")
        panels = figure.subplots(len(comparison.played), 1, sharex=True, sharey=True, squeeze=False)
        right = _right(comparison.played.values())
        for axes, (name, played) in zip(panels[:, 0], comparison.played.items(), strict=True):
            _panel(axes, played)
            figures = comparison.figures[name]
            cut = ", goes on" if _minutes(played, played.ended) > right else ""
            axes.set_title(f"{name}: ${figures.usd:.2f}, {figures.makespan_s / _SECONDS_PER_MINUTE:.0f} min{cut}")
            axes.set_xlim(0, right)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper right", frameon=False, ncols=3)
        panels[-1, 0].set_xlabel("minutes since the cluster was requested")
        figure.supylabel("containers", fontsize=10)
        file = folder / f"scaling-{comparison.policy}-{comparison.trace.name}.svg"
        figure.savefig(file, metadata={"Date": None})
    return file


def _panel(axes: Axes, played: Played) -> None:
    edges = [
        (at - played.requested) / _SECONDS_PER_MINUTE for at in [*(each.at for each in played.usage), played.ended]
    ]
    capacity, running, wanted = _series(played.usage)
    axes.stairs(capacity, edges, fill=True, color=_CAPACITY, alpha=0.45, label="capacity")
    axes.stairs(running, edges, fill=True, color=_RUNNING, alpha=0.7, label="running")
    axes.stairs(wanted, edges, color=_DEMAND, linewidth=1.4, label="wanted")
    axes.grid(axis="y", color=_GRID)
    axes.set_axisbelow(True)


def _right(played: Iterable[Played]) -> float:
    """Return where the time axis ends, so that one very slow alternative does not press all others together."""
    *_, second, slowest = sorted(_minutes(each, each.ended) for each in played)
    return min(slowest, _MOST_OF_SECOND * second)


def _minutes(played: Played, at: float) -> float:
    return (at - played.requested) / _SECONDS_PER_MINUTE


def _series(usage: Sequence[Usage]) -> tuple[list[int], list[int], list[int]]:
    return (
        [each.capacity for each in usage],
        [each.running for each in usage],
        [each.wanted for each in usage],
    )
