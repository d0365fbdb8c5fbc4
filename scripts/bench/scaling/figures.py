"""What became of a load on a cluster, in figures."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lambdas.pricing.cost import Interval, cost_of
from lambdas.specs import Catalogue
from scripts.bench.scaling.simulate import Played, Target
from scripts.local.emr.billing import BillingInterval
from scripts.local.emr.load import Usage

FLAP_SECONDS = 1800
"""Nodes that were added, taken away and added again within this time flapped. Our choice: they were paid for minutes of
provisioning and bootstrapping twice, which keeping them would not have cost."""

_SECONDS_PER_HOUR = 3600
_WORKERS = frozenset({"CORE", "TASK"})


@dataclass(frozen=True)
class Figures:
    """One alternative; node-hours are of core and task nodes.

    Attributes
    ----------
    usd
        EC2, EMR's fee and the disks, of all nodes, from the request to the cluster's end.
    makespan_s
        From the request of the cluster to the end of the work.
    paid_h, used_h, idle_h, starting_h
        Node-hours paid; those that containers used, by their share of the cluster's capacity; those in service and not
        used; and those paid before and after service: provisioning, bootstrapping, ending.
    overshoot_h
        Node-hours of whole nodes in service that the demand of the moment did not need.
    peak_ratio
        The highest capacity over the highest demand.
    outs, ins
        How often the cluster was made larger and smaller while the work ran.
    flaps
        Of these, how often out, in and out again followed one another within ``FLAP_SECONDS``.
    met_after_s
        From the start of the work until it first had all containers it wanted; none if it never had.
    short_s
        How long the work had fewer containers than it wanted.
    """

    usd: float
    makespan_s: float
    paid_h: float
    used_h: float
    idle_h: float
    starting_h: float
    overshoot_h: float
    peak_ratio: float
    outs: int
    ins: int
    flaps: int
    met_after_s: float | None
    short_s: float


def figures_of(played: Played, catalogue: Catalogue) -> Figures:
    """Sum up what became of a load.

    Raises
    ------
    UnknownInstanceTypeError
        The catalogue has no price of a node.
    """
    spans = list(_spans(played.usage, played.ended))
    work = list(_spans(played.usage, played.finished, played.started))
    in_service = _hours(spans, lambda usage: usage.nodes)
    used = _hours(spans, lambda usage: usage.nodes * _share(usage.running, usage))
    paid = sum(each.billed_seconds for each in played.billing if each.role in _WORKERS) / _SECONDS_PER_HOUR
    directions = list(_directions(played.targets))
    met = [usage.at for usage, _ in work if usage.capacity >= usage.wanted]
    return Figures(
        usd=usd_of(played.billing, catalogue),
        makespan_s=played.finished - played.requested,
        paid_h=paid,
        used_h=used,
        idle_h=in_service - used,
        starting_h=paid - in_service,
        overshoot_h=_hours(spans, _superfluous_nodes),
        peak_ratio=max(usage.capacity for usage, _ in work) / max(usage.wanted for usage, _ in work),
        outs=sum(is_out for _, is_out in directions),
        ins=sum(not is_out for _, is_out in directions),
        flaps=flaps_of(directions),
        met_after_s=max(met[0] - played.started, 0) if met else None,
        short_s=sum(seconds for usage, seconds in work if usage.capacity < usage.wanted),
    )


def usd_of(billing: Iterable[BillingInterval], catalogue: Catalogue) -> float:
    """Price what the instances of a cluster are billed for, in dollars."""
    intervals = (
        Interval(each.instance_type, "spot" if each.market == "SPOT" else "on_demand", each.billed_seconds)
        for each in billing
    )
    return float(cost_of(intervals, catalogue).total)


def flaps_of(directions: Sequence[tuple[float, bool]]) -> int:
    """Count how often out, in and out again lie within ``FLAP_SECONDS``.

    Parameters
    ----------
    directions
        When the cluster was made larger (`True`) or smaller, in order of time.
    """
    runs = [list(group) for _, group in itertools.groupby(directions, key=lambda direction: direction[1])]
    return sum(
        before[-1][1] and after[0][0] - before[-1][0] <= FLAP_SECONDS
        for before, after in zip(runs, runs[2:], strict=False)
    )


def _directions(targets: Sequence[Target]) -> Iterator[tuple[float, bool]]:
    for before, after in itertools.pairwise(targets):
        if after.nodes != before.nodes:
            yield after.at, after.nodes > before.nodes


def _spans(usage: Sequence[Usage], until: float, since: float = -math.inf) -> Iterator[tuple[Usage, float]]:
    """Yield what was with how long it was so, in seconds, between two moments."""
    ends = [*(each.at for each in usage[1:]), until]
    for each, end in zip(usage, ends, strict=True):
        seconds = min(end, until) - max(each.at, since)
        if seconds > 0:
            yield each, seconds


def _hours(spans: Iterable[tuple[Usage, float]], nodes: Callable[[Usage], float]) -> float:
    return sum(nodes(usage) * seconds for usage, seconds in spans) / _SECONDS_PER_HOUR


def _share(containers: int, usage: Usage) -> float:
    return min(containers / usage.capacity, 1.0) if usage.capacity else 0.0


def _superfluous_nodes(usage: Usage) -> int:
    return math.floor(usage.nodes * (1 - _share(usage.wanted, usage)))
