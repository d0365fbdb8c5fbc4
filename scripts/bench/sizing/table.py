"""What the decisions come to, per protocol and method, as tables and as JSON."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.bench.sizing.judge import Figures, Outcome, over_salts, summarise
from scripts.bench.sizing.methods import OURS, REFERENCE

_INTEGERS = frozenset({"n", "invalid"})


@dataclass(frozen=True, order=True)
class Group:
    """Decisions that are summed up together; ``job`` is empty where all jobs are."""

    protocol: str
    cloud: str
    limit: str
    runs: int
    job: str = ""


@dataclass(frozen=True)
class Result:
    """The figures of one method in one group: their means over the salts, and standard errors if there are several.

    Attributes
    ----------
    gain
        How much less effective cost than the reference, in percent; NaN under a budget.
    gain_error
        Its standard error; NaN for one salt.
    """

    mean: Figures
    error: Figures | None
    gain: float
    gain_error: float


Results = Mapping[Group, Mapping[str, Result]]


def results_of(outcomes: Iterable[Outcome], *, by_job: bool = False) -> Results:
    """Sum outcomes up, per group and method."""
    split: dict[Group, dict[str, dict[str, list[Outcome]]]] = {}
    for outcome in outcomes:
        methods = split.setdefault(_group(outcome, by_job), {})
        methods.setdefault(outcome.method, {}).setdefault(outcome.salt, []).append(outcome)
    return {group: _results(split[group]) for group in sorted(split)}


def _group(outcome: Outcome, by_job: bool) -> Group:
    limit = "none" if outcome.limit is None else "limit"
    return Group(outcome.protocol, outcome.cloud, limit, outcome.runs, outcome.job if by_job else "")


def _results(methods: Mapping[str, Mapping[str, Sequence[Outcome]]]) -> dict[str, Result]:
    figures = {method: [summarise(salts[salt]) for salt in sorted(salts)] for method, salts in methods.items()}
    reference = [each.eff_mean for each in figures[REFERENCE]]
    return {method: _result(each, reference) for method, each in figures.items()}


def _result(figures: Sequence[Figures], reference: Sequence[float]) -> Result:
    mean, error = over_salts(figures)
    gains = [100 * (1 - each.eff_mean / theirs) for each, theirs in zip(figures, reference, strict=True)]
    # A budget has no effective cost, so gains may be no numbers; the statistics module does not take these.
    gain_error = float(np.std(gains, ddof=1)) / math.sqrt(len(gains)) if len(gains) > 1 else math.nan
    return Result(mean, error, float(np.mean(gains)), gain_error)


def print_results(console: Console, results: Results) -> None:
    """Print our figures in every group, then all methods side by side."""
    subject = _subject(results)
    console.print(f"[bold]{subject}[/]: cost over the oracle's")
    console.print(_one_method(subject, results))
    for heading, groups in itertools.groupby(results, _heading):
        console.print(f"\n[bold]{heading}[/]")
        console.print(_side_by_side({group: results[group] for group in groups}))


def _subject(results: Results) -> str:
    return OURS if all(OURS in methods for methods in results.values()) else REFERENCE


def _heading(group: Group) -> str:
    limit = "no deadline" if group.limit == "none" else "under a limit"
    what = "run time over the best where the budget was kept" if group.protocol == "budget" else "effective cost"
    return ", ".join(part for part in (group.protocol, group.cloud, limit, group.job) if part) + f": {what} | hit"


def _one_method(method: str, results: Results) -> Table:
    table = Table(box=None, padding=(0, 1))
    for heading in ("protocol", "cloud", "limit", "job"):
        table.add_column(heading)
    table.add_column("k", justify="right")
    for field in fields(Figures):
        table.add_column(field.name, justify="right")
    for group, methods in results.items():
        figures = asdict(methods[method].mean)
        table.add_row(
            *(group.protocol, group.cloud, group.limit, group.job or "all", str(group.runs)),
            *(f"{value:.0f}" if name in _INTEGERS else _number(value) for name, value in figures.items()),
        )
    return table


def _side_by_side(results: Results) -> Table:
    """Return a row per method, with a column per number of past runs, and how far we are below the reference."""
    table = Table(box=None, padding=(0, 1))
    table.add_column("method")
    for group in results:
        table.add_column(f"k={group.runs}", justify="right")
    table.add_column("ms", justify="right")
    table.add_column("invalid", justify="right")
    for method in next(iter(results.values())):
        found = [methods[method] for methods in results.values()]
        slowest = max(result.mean.ms for result in found)
        invalid = sum(result.mean.invalid for result in found)
        cells = [_cell(group, methods[method]) for group, methods in results.items()]
        table.add_row(method, *cells, f"{slowest:.1f}", f"{invalid:.0f}", style="bold" if method == OURS else None)
    gains = [methods[OURS] for methods in results.values() if OURS in methods]
    if gains and not math.isnan(gains[0].gain):
        table.add_row(f"{OURS} below {REFERENCE}", *(_gain(result) for result in gains), style="bold")
    return table


def _cell(group: Group, result: Result) -> str:
    name = "cost_hit" if group.protocol == "budget" else "eff_mean"
    value = _number(getattr(result.mean, name), digits=2)
    error = f" ±{_number(getattr(result.error, name), digits=2)}" if result.error else ""
    return f"{value}{error} | {_number(result.mean.hit, digits=2)}"


def _gain(result: Result) -> str:
    error = "" if math.isnan(result.gain_error) else f" ±{result.gain_error:.0f}"
    return f"{result.gain:.0f}{error} %"


def _number(value: float, *, digits: int = 3) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def as_document(results: Results) -> list[dict[str, Any]]:
    """Return the groups as JSON-able data; a figure that does not exist is null."""
    return [
        {
            **asdict(group),
            "methods": {method: _result_document(result) for method, result in methods.items()},
        }
        for group, methods in results.items()
    ]


def _result_document(result: Result) -> dict[str, Any]:
    return {
        **_figures_document(result.mean),
        "standard_error": _figures_document(result.error) if result.error else None,
        f"percent_below_{REFERENCE}": _or_null(result.gain),
        f"percent_below_{REFERENCE}_standard_error": _or_null(result.gain_error),
    }


def _figures_document(figures: Figures) -> dict[str, float | None]:
    return {name: _or_null(value) for name, value in asdict(figures).items()}


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
