"""Draw what a cluster does over time, a bar for each way, as SVG: the same bytes for the same figures."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scripts.bench.idle.run import Outcome

_STYLE: dict[Any, Any] = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "svg.hashsalt": "idle",
}
_COLOURS = {
    "starting": "#cbd5e1",
    "waiting for the machine": "#fdba74",
    "working": "#0f766e",
    "idle between steps": "#ea580c",
    "idle after the last": "#b91c1c",
    "ending": "#e2e8f0",
}
_BAR = 0.6
_SECONDS_PER_MINUTE = 60

Segment = tuple[str, float, float]
"""What the cluster does, from when until when: seconds from its request."""


def segments(outcome: Outcome) -> Iterator[Segment]:
    """Yield what a cluster did, in order, without what took no time."""
    figures, working = outcome.figures, outcome.working
    ready = figures.provisioning_s + figures.bootstrapping_s
    last = working[-1][1]
    parts = [("starting", 0.0, ready), ("waiting for the machine", ready, working[0][0])]
    parts += [("working", start, end) for start, end in working]
    parts += [("idle between steps", done[1], following[0]) for done, following in pairwise(working)]
    parts.append(("idle after the last", last, last + figures.tail_s))
    parts.append(("ending", last + figures.tail_s, last + figures.tail_s + figures.ending_s))
    yield from sorted((part for part in parts if part[2] > part[1]), key=lambda part: part[1])


def draw(outcomes: Sequence[Outcome], file: Path) -> None:
    """Draw the ways of one job, the first on top."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(10, 2.6), layout="constrained")
        axes = figure.subplots()
        for row, outcome in enumerate(reversed(outcomes)):
            parts = list(segments(outcome))
            for what, start, end in parts:
                span = (start / _SECONDS_PER_MINUTE, (end - start) / _SECONDS_PER_MINUTE)
                axes.broken_barh([span], (row - _BAR / 2, _BAR), facecolors=_COLOURS[what])
            axes.annotate(
                f"  ${outcome.figures.usd:.2f}", (parts[-1][2] / _SECONDS_PER_MINUTE, row), verticalalignment="center"
            )
        axes.set_yticks(range(len(outcomes)), [outcome.way for outcome in reversed(outcomes)])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("minutes from the request of the cluster")
        axes.margins(x=0.06)
        axes.set_xlim(left=0)
        shown = [Patch(color=colour, label=what) for what, colour in _COLOURS.items()]
        figure.legend(handles=shown, loc="outside upper left", ncols=len(shown), frameon=False, fontsize=9)
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, metadata={"Date": None})
