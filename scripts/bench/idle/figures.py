"""What a run's cluster did with the time that was paid for."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lambdas.history.phases import phases_of
from lambdas.pricing import Interval, cost_of
from lambdas.specs.catalogue import Catalogue
from scripts.local.emr.billing import BillingInterval

_CENTS = 4


@dataclass(frozen=True)
class Moments:
    """What EMR's API does not tell: when the bootstrap actions began, and when the cluster began to end."""

    bootstrapping: float
    terminating: float


@dataclass(frozen=True)
class Figures:
    """The seconds of one cluster, one phase after the other, and its cost.

    They are seconds of the cluster, not of its nodes: an idle second is paid for on every node.

    Attributes
    ----------
    provisioning_s, bootstrapping_s
        From the request to the start of the bootstrap actions, and from there to ready.
    waiting_s
        From ready to the start of the first step.
    working_s, gap_s
        In which a step ran, and between the steps in which none did.
    tail_s
        From the end of the last step until the cluster began to end.
    ending_s
        What EMR takes to end it.
    makespan_s
        From the request to the end of the last step.
    """

    provisioning_s: float
    bootstrapping_s: float
    waiting_s: float
    working_s: float
    gap_s: float
    tail_s: float
    ending_s: float
    makespan_s: float
    usd: float

    def as_document(self) -> dict[str, float]:
        """Return the figures by name, rounded to milliseconds and hundredths of a cent."""
        return {name: round(value, _CENTS if name == "usd" else 3) for name, value in asdict(self).items()}


def figures_of(
    cluster: dict[str, Any],
    steps: Sequence[dict[str, Any]],
    moments: Moments,
    billed: Sequence[BillingInterval],
    catalogue: Catalogue,
) -> Figures:
    """Return the figures of a cluster that has run its steps and ended.

    Parameters
    ----------
    cluster, steps
        As DescribeCluster and ListSteps show them.
    moments
        Epoch seconds.
    billed
        Its instances.
    catalogue
        Prices.
    """
    timeline = cluster["Status"]["Timeline"]
    created, ready, ended = (timeline[f"{name}DateTime"].timestamp() for name in ("Creation", "Ready", "End"))
    phases = phases_of(cluster, steps)
    waiting, working, gap, tail = (
        seconds or 0.0
        for seconds in (phases.waiting_seconds, phases.working_seconds, phases.gap_seconds, phases.tail_seconds)
    )
    ending = ended - moments.terminating
    return Figures(
        provisioning_s=moments.bootstrapping - created,
        bootstrapping_s=ready - moments.bootstrapping,
        waiting_s=waiting,
        working_s=working,
        gap_s=gap,
        tail_s=tail - ending,
        ending_s=ending,
        makespan_s=ready - created + waiting + working + gap,
        usd=float(cost_of(map(_interval, billed), catalogue).total),
    )


def _interval(each: BillingInterval) -> Interval:
    return Interval(each.instance_type, "spot" if each.market == "SPOT" else "on_demand", each.billed_seconds)


def idle_after_failure(steps: Sequence[dict[str, Any]], moments: Moments) -> float:
    """Return the seconds from the failure of a step until its cluster began to end.

    A step beside it may still have run: what that did is lost, and its time is as idle as the rest.
    """
    failed = [step["Status"]["Timeline"] for step in steps if step["Status"]["State"] == "FAILED"]
    first = min(float(timeline["EndDateTime"].timestamp()) for timeline in failed)
    return moments.terminating - first
