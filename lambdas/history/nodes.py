"""When a cluster's nodes came and went, from EMR's timelines."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from lambdas.documents import part, text
from lambdas.history.spans import moment, timeline

# Of an instance that ended because its cluster did.
# https://docs.aws.amazon.com/emr/latest/APIReference/API_InstanceStateChangeReason.html
_WITH_CLUSTER = "CLUSTER_TERMINATED"

# Nodes that EC2 starts together are not ready in the same second; our choice.
TOGETHER_SECONDS = 60


class NodeChange(BaseModel):
    """How many nodes of one kind there were, ready for work, before and after a moment.

    Attributes
    ----------
    at
        When the first of them came or went; the first of all is when the cluster was ready.
    role
        MASTER, CORE or TASK.
    pool
        The id of the instance group or fleet.
    market
        ON_DEMAND or SPOT.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime.datetime
    role: str
    pool: str
    market: str
    instance_type: str
    before: int
    after: int


def node_changes(cluster: Mapping[str, Any], instances: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[NodeChange]:
    """Return how the nodes of a cluster changed, in order; one that was never ready had none.

    A cluster that nothing scales has one change per kind of nodes, as it becomes ready: that they all end with it is
    not told.

    Parameters
    ----------
    cluster
        As DescribeCluster shows it.
    instances
        By role, as ListInstances shows them.
    """
    ready = moment(timeline(cluster), "ReadyDateTime")
    if ready is None:
        return []
    moves: defaultdict[tuple[str, str, str, str], list[tuple[datetime.datetime, int]]] = defaultdict(list)
    for role, nodes in instances.items():
        for node in nodes:
            pool = text(node, "InstanceGroupId") or text(node, "InstanceFleetId")
            moves[role, pool, text(node, "Market"), text(node, "InstanceType")] += _moves(node, ready)
    changes = [
        NodeChange(at=at, role=role, pool=pool, market=market, instance_type=name, before=before, after=after)
        for (role, pool, market, name), each in moves.items()
        for at, before, after in _counted(sorted(each, key=lambda move: (move[0], -move[1])))
    ]
    return sorted(changes, key=lambda change: change.at)


def _moves(node: Mapping[str, Any], cluster_ready: datetime.datetime) -> list[tuple[datetime.datetime, int]]:
    """Return when a node came, and when it went before its cluster did."""
    ready, ended = moment(timeline(node), "ReadyDateTime"), moment(timeline(node), "EndDateTime")
    if ready is None or (ended and ended <= cluster_ready):
        return []
    came = max(ready, cluster_ready)
    if ended is None or text(part(part(node, "Status"), "StateChangeReason"), "Code") == _WITH_CLUSTER:
        return [(came, 1)]
    return [(came, 1), (max(ended, came), -1)]


def _counted(moves: Sequence[tuple[datetime.datetime, int]]) -> list[tuple[datetime.datetime, int, int]]:
    """Return moment, number before and number after; those in one direction shortly after one another are one."""
    found: list[tuple[datetime.datetime, int, int]] = []
    count = 0
    for number, (at, step) in enumerate(moves):
        before = moves[number - 1] if number else None
        if before and step == before[1] and (at - before[0]).total_seconds() <= TOGETHER_SECONDS:
            found[-1] = (found[-1][0], found[-1][1], count + step)
        else:
            found.append((at, count, count + step))
        count += step
    return found
