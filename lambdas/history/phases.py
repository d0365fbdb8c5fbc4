"""How long the phases of a run took, and the workers it had, from EMR's timelines.

https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterTimeline.html
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict

from lambdas.documents import part, text
from lambdas.history.spans import Span, busy_spans, moment, overlap, seconds_of, timeline

# Of an instance that ended by itself; one that a resize took away has no code.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceStateChangeReason.html
_LOST = "INSTANCE_FAILURE"
_SPOT = "SPOT"


class Phases(BaseModel):
    """The phases of the last cluster, in seconds; ``None`` for what was not reached.

    They follow one another: of a cluster that became ready and has ended they add up to its life. A cluster that never
    became ready has none. How much of its start went into bootstrap actions EMR's API does not tell: an instance's
    timeline, too, has only its launch and when it was ready for work.
    https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceTimeline.html

    Attributes
    ----------
    provisioning_seconds
        From the request until the cluster was ready to run steps, bootstrap actions and all.
    waiting_seconds
        From then until the first step started: the machine had to notice. Where none did, until the cluster's end.
    working_seconds
        In which at least one step ran.
    gap_seconds
        Between the first step's start and the last one's end, in which none ran.
    tail_seconds
        From the end of the last step to that of the cluster, EMR's own time to end it and all.
    """

    # Records written by earlier versions name their phases otherwise.
    model_config = ConfigDict(extra="ignore", frozen=True)

    provisioning_seconds: float | None = None
    waiting_seconds: float | None = None
    working_seconds: float | None = None
    gap_seconds: float | None = None
    tail_seconds: float | None = None


class WorkersUsed(BaseModel):
    """The core and task nodes there were while steps ran.

    Attributes
    ----------
    nodes
        By instance type: how many there were on average over the working time.
    spot_share
        Of them all, from 0 to 1.
    spot_lost
        Spot instances that EC2 took back before the work was done.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    nodes: dict[str, float]
    spot_share: float
    spot_lost: int

    @property
    def total(self) -> float:
        """How many there were of all types."""
        return sum(self.nodes.values())


def phases_of(cluster: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> Phases:
    """Return the phases of a cluster.

    Parameters
    ----------
    cluster, steps
        As DescribeCluster and ListSteps show them.
    """
    known = timeline(cluster)
    created, ready, ended = (moment(known, f"{name}DateTime") for name in ("Creation", "Ready", "End"))
    busy = busy_spans(cluster, steps)
    if busy is None:
        return Phases(provisioning_seconds=_between(created, ready))
    return Phases(
        provisioning_seconds=_between(created, ready),
        waiting_seconds=_between(ready, busy[0][0] if busy else ended),
        working_seconds=seconds_of(busy) if busy else None,
        gap_seconds=seconds_of((done[1], following[0]) for done, following in pairwise(busy)) if busy else None,
        tail_seconds=_between(busy[-1][1], ended) if busy else None,
    )


def _between(start: datetime.datetime | None, end: datetime.datetime | None) -> float | None:
    return seconds_of([(start, end)]) if start and end else None


def workers_used(
    cluster: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], instances: Iterable[Mapping[str, Any]]
) -> WorkersUsed | None:
    """Return the workers of a cluster; ``None`` when there were none or no step ran.

    Parameters
    ----------
    cluster, steps
        As DescribeCluster and ListSteps show them.
    instances
        Its core and task nodes as ListInstances shows them.
    """
    busy = busy_spans(cluster, steps)
    working = seconds_of(busy or ())
    if not busy or not working:
        return None
    nodes: defaultdict[str, float] = defaultdict(float)
    on_spot, lost = 0.0, 0
    for instance in instances:
        share = _seconds_there(instance, busy) / working
        nodes[instance["InstanceType"]] += share
        if instance.get("Market") == _SPOT:
            on_spot += share
            lost += _is_lost(instance, busy)
    total = sum(nodes.values())
    return WorkersUsed(nodes=dict(nodes), spot_share=on_spot / total, spot_lost=lost) if total else None


def _seconds_there(instance: Mapping[str, Any], busy: Sequence[Span]) -> float:
    """Return for how much of the work an instance was there."""
    ready = moment(timeline(instance), "ReadyDateTime")
    ended = moment(timeline(instance), "EndDateTime") or busy[-1][1]
    return overlap(busy, (ready, ended)) if ready else 0.0


def _is_lost(instance: Mapping[str, Any], busy: Sequence[Span]) -> bool:
    ended = moment(timeline(instance), "EndDateTime")
    code = text(part(part(instance, "Status"), "StateChangeReason"), "Code")
    return code == _LOST and ended is not None and ended < busy[-1][1]
