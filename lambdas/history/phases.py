"""How long the phases of a run took, and the workers it had, from EMR's timelines.

https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterTimeline.html
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from lambdas.documents import part, text

# Of an instance that ended by itself; one that a resize took away has no code.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceStateChangeReason.html
_LOST = "INSTANCE_FAILURE"
_SPOT = "SPOT"


class Phases(BaseModel):
    """The phases of the last attempt, in seconds; ``None`` for what was not reached.

    Attributes
    ----------
    provisioning_seconds
        From the request until the cluster was ready.
    working_seconds
        From the start of the first step to the end of the last one, with what lay between them.
    ending_seconds
        From the end of the last step to that of the cluster.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provisioning_seconds: float | None = None
    working_seconds: float | None = None
    ending_seconds: float | None = None


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
    timeline = part(part(cluster, "Status"), "Timeline")
    work = _work(steps)
    return Phases(
        provisioning_seconds=_seconds(_moment(timeline, "CreationDateTime"), _moment(timeline, "ReadyDateTime")),
        working_seconds=_seconds(*work) if work else None,
        ending_seconds=_seconds(work[1], _moment(timeline, "EndDateTime")) if work else None,
    )


def workers_used(instances: Iterable[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]) -> WorkersUsed | None:
    """Return the workers of a cluster; ``None`` when there were none or no step ran.

    Parameters
    ----------
    instances
        Its core and task nodes as ListInstances shows them.
    steps
        As ListSteps shows them.
    """
    work = _work(steps)
    if work is None or work[0] == work[1]:
        return None
    nodes: defaultdict[str, float] = defaultdict(float)
    on_spot, lost = 0.0, 0
    for instance in instances:
        share = _share(part(instance["Status"], "Timeline"), work)
        nodes[instance["InstanceType"]] += share
        if instance.get("Market") == _SPOT:
            on_spot += share
            lost += _is_lost(instance["Status"], work[1])
    total = sum(nodes.values())
    return WorkersUsed(nodes=dict(nodes), spot_share=on_spot / total, spot_lost=lost) if total else None


def _work(steps: Sequence[Mapping[str, Any]]) -> tuple[datetime.datetime, datetime.datetime] | None:
    """Return when the first step started and the last one ended; ``None`` while one has not ended."""
    timelines = [part(part(step, "Status"), "Timeline") for step in steps]
    starts = [_moment(timeline, "StartDateTime") for timeline in timelines]
    ends = [_moment(timeline, "EndDateTime") for timeline in timelines]
    known_starts, known_ends = [at for at in starts if at], [at for at in ends if at]
    if not known_starts or len(known_ends) < len(steps):
        return None
    return min(known_starts), max(known_ends)


def _share(timeline: Mapping[str, Any], work: tuple[datetime.datetime, datetime.datetime]) -> float:
    """Return for how much of the work an instance was there."""
    ready = _moment(timeline, "ReadyDateTime")
    if ready is None:
        return 0.0
    until = min(_moment(timeline, "EndDateTime") or work[1], work[1])
    return max((until - max(ready, work[0])) / (work[1] - work[0]), 0.0)


def _is_lost(status: Mapping[str, Any], work_ended: datetime.datetime) -> bool:
    ended = _moment(part(status, "Timeline"), "EndDateTime")
    return text(part(status, "StateChangeReason"), "Code") == _LOST and ended is not None and ended < work_ended


def _moment(timeline: Mapping[str, Any], key: str) -> datetime.datetime | None:
    found = timeline.get(key)
    return found if isinstance(found, datetime.datetime) else None


def _seconds(start: datetime.datetime | None, end: datetime.datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end and end >= start else None
