"""Pictures of the figures: what past runs bring, and what was expected of what was chosen."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from scripts.bench.sizing.judge import Figures, Outcome
from scripts.bench.sizing.methods import ORACLE, OURS, REFERENCE
from scripts.bench.sizing.table import Group, Results

_STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "svg.hashsalt": OURS,
}
_OURS_COLOUR = "#c2410c"
_COLOURS = {REFERENCE: "#1d4ed8", "ernest": "#60a5fa", "bell": "#0f766e", "nearest-runs": "#7c3aed"}
_OTHER_COLOUR = "#9ca3af"
_GRID = "#e5e7eb"
_INTERVAL = "#fdba74"
_TICKS = {
    10: "10 s",
    30: "30 s",
    60: "1 min",
    180: "3 min",
    600: "10 min",
    1800: "30 min",
    3600: "1 h",
    10_800: "3 h",
    36_000: "10 h",
}

# The least distance of two labels, as a share of the axis.
_LABEL_ROOM = 0.055
# How far right of the last point, where the points are 1 apart.
_LABEL_OFFSET = 0.3
_DPI = 144
# More points than this cover each other.
_MOST_POINTS = 1500


def draw(outcomes: Sequence[Outcome], results: Results, folder: Path) -> list[Path]:
    """Draw what there are figures for, as SVG.

    Returns
    -------
    list of Path
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(_STYLE):
        return [*_learning_curves(results, folder), *_expectations(outcomes, folder)]


def _learning_curves(results: Results, folder: Path) -> list[Path]:
    """Draw regret and deadlines kept over the number of past runs, a picture per cloud; none is cold."""
    files = []
    for cloud in sorted({group.cloud for group in results}):
        groups = sorted(
            (group for group in results if group.cloud == cloud and _is_on_curve(group)), key=lambda group: group.runs
        )
        if len(groups) > 1:
            figure = Figure(figsize=(12, 5.2), layout="constrained")
            regret, hit = figure.subplots(1, 2)
            _curves(regret, groups, results, lambda figures: figures.eff_mean - 1)
            regret.set_title("Regret: effective cost above the oracle's")
            _curves(hit, groups, results, lambda figures: figures.hit)
            hit.set_title("Deadlines kept")
            files.append(_save(figure, folder / f"past-runs-{cloud}.svg"))
    return files


def _is_on_curve(group: Group) -> bool:
    return group.protocol in {"cold", "warm"} and group.limit == "limit" and not group.job


def _curves(axes: Axes, groups: Sequence[Group], results: Results, value: Callable[[Figures], float]) -> None:
    places = range(len(groups))
    ends: dict[str, float] = {}
    for method in results[groups[0]]:
        if method != ORACLE:
            values = [value(results[group][method].mean) for group in groups]
            width = 3.0 if method == OURS else 1.6
            axes.plot(
                places,
                values,
                color=_colour(method),
                marker="o",
                markersize=4,
                linewidth=width,
                zorder=3 if method == OURS else 2,
            )
            ends[method] = values[-1]
    axes.set_xticks(list(places), [str(group.runs) for group in groups])
    axes.set_xlabel("past runs of the job")
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=_GRID)
    axes.set_axisbelow(True)
    end = len(groups) - 1
    for method, height in labels_apart(ends, _LABEL_ROOM * axes.get_ylim()[1]).items():
        axes.annotate(
            method,
            (end, ends[method]),
            xytext=(end + _LABEL_OFFSET, height),
            arrowprops={"arrowstyle": "-", "color": _colour(method), "linewidth": 0.6, "shrinkA": 0},
            color=_colour(method),
            fontweight="bold" if method == OURS else "normal",
            verticalalignment="center",
            annotation_clip=False,
        )
    axes.set_xlim(-0.15, end + 1.8)


def labels_apart(heights: Mapping[str, float], room: float) -> dict[str, float]:
    """Move labels as little as keeps each one its room: those too near to each other spread around their mean."""
    names = sorted(heights, key=heights.__getitem__)
    blocks: list[list[str]] = []
    for name in names:
        blocks.append([name])
        while len(blocks) > 1 and _middle(blocks[-1], heights) - _middle(blocks[-2], heights) < room * _between(blocks):
            last = blocks.pop()
            blocks[-1] += last
    return {
        name: _middle(block, heights) + (place - (len(block) - 1) / 2) * room
        for block in blocks
        for place, name in enumerate(block)
    }


def _middle(names: Sequence[str], heights: Mapping[str, float]) -> float:
    return sum(heights[name] for name in names) / len(names)


def _between(blocks: Sequence[Sequence[str]]) -> float:
    """Return how many labels' room the middles of the last two blocks need between them."""
    return (len(blocks[-1]) + len(blocks[-2])) / 2


def _colour(method: str) -> str:
    return _OURS_COLOUR if method == OURS else _COLOURS.get(method, _OTHER_COLOUR)


def _expectations(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Draw expected against measured run times of what was chosen, with intervals where there are any."""
    shown = {
        method: [each for each in outcomes if each.method == method and each.runs and not math.isnan(each.predicted)]
        for method in (OURS, REFERENCE)
    }
    known = {method: points for method, points in shown.items() if points}
    if not known:
        return []
    figure = Figure(figsize=(5.5 * len(known), 5.6), layout="constrained")
    times = [seconds for points in known.values() for each in points for seconds in (each.seconds, each.predicted)]
    ends = (min(times) / 1.3, max(times) * 1.3)
    grid = figure.subplots(1, len(known), sharex=True, sharey=True, squeeze=False)
    for axes, (method, all_points) in zip(grid[0], known.items(), strict=True):
        _scatter(axes, method, all_points[:: max(1, len(all_points) // _MOST_POINTS)], ends)
        axes.set_title(f"{method}: {_within(all_points)}")
    return [_save(figure, folder / "expected.svg")]


def _within(points: Sequence[Outcome]) -> str:
    near = sum(abs(each.predicted / each.seconds - 1) <= 0.25 for each in points) / len(points)
    text = f"{100 * near:.0f} % within 25 %"
    known = [each for each in points if not math.isnan(each.low)]
    if known:
        inside = sum(each.low <= each.seconds <= each.high for each in known) / len(known)
        text += f", {100 * inside:.0f} % in the interval"
    return text


def _scatter(axes: Axes, method: str, points: Sequence[Outcome], ends: tuple[float, float]) -> None:
    measured = [each.seconds for each in points]
    expected = [each.predicted for each in points]
    # As pixels: thousands of points make a large SVG.
    axes.vlines(
        measured,
        [each.low for each in points],
        [each.high for each in points],
        color=_INTERVAL,
        linewidth=0.8,
        zorder=1,
        rasterized=True,
    )
    axes.scatter(measured, expected, s=10, alpha=0.5, linewidths=0, color=_colour(method), zorder=2, rasterized=True)
    axes.plot(ends, ends, color="black", linewidth=1, zorder=3)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="measured", ylabel="expected", aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(FixedLocator(list(_TICKS)))
        axis.set_major_formatter(FuncFormatter(lambda seconds, _: _TICKS[seconds]))
        axis.set_minor_locator(NullLocator())
    axes.grid(color=_GRID, zorder=0)


def _save(figure: Figure, file: Path) -> Path:
    figure.savefig(file, dpi=_DPI, metadata={"Date": None})
    return file
