"""Containers on the nodes of a cluster: who has how many, where they run, and what is lost with a node.

A plain model of YARN and Spark, our choice where no page is named. The steps that run share the containers equally. A
container runs on the oldest node with room for it, so that nodes fall idle from the youngest on. The driver's own
container is not counted.
"""

from collections.abc import Iterable, Sequence

from scripts.local.emr.capacity import room_of
from scripts.local.emr.load import share
from scripts.local.emr.model import Cluster, Instance, StepState
from scripts.local.emr.yarn import Snapshot

LOST_WORK_SECONDS = 60.0
"""With a node each of its containers loses what it did in this time, as an unfinished task or as shuffle files nobody
can fetch any more. Our choice."""


def update(cluster: Cluster, now: float) -> None:
    """Bring work, containers and log up to date, after whatever changed nodes or steps."""
    running_steps = cluster.in_state(StepState.RUNNING)
    works = [step.work for step in running_steps if step.work]
    for work in works:
        work.work_until(now)
    nodes = cluster.workers()
    capacity = _capacity(cluster, nodes)
    is_known = bool(works) or not running_steps
    if is_known:
        for work, given in zip(works, share(capacity, [work.wanted for work in works]), strict=True):
            work.containers = given
    running = sum(work.containers for work in works) if is_known else capacity
    _place(cluster, nodes, running, now)
    cluster.yarn.note(
        Snapshot(
            at=now,
            wanted=sum(work.wanted for work in works) if is_known else capacity,
            running=running,
            capacity=_capacity(cluster, nodes),
            nodes=len(nodes),
            memory_mib=sum(_allocated(cluster, n) if n.leaving else room_of(cluster, n).memory_mib for n in nodes),
            allocated_mib=sum(_allocated(cluster, node) for node in nodes),
            apps_pending=sum(work.wanted > 0 and work.containers == 0 for work in works),
            is_known=is_known,
        )
    )


def lose(cluster: Cluster, nodes: Iterable[Instance], now: float) -> None:
    """Give the steps back the work that goes with nodes about to end, in proportion to their containers.

    A phase that wants no containers needs nothing of what is lost. All must be up to date.
    """
    lost = sum(
        node.containers * min(LOST_WORK_SECONDS, now - node.busy_since) for node in nodes if node.busy_since is not None
    )
    works = [step.work for step in cluster.in_state(StepState.RUNNING) if step.work]
    containers = sum(work.containers for work in works)
    for work in works:
        if work.containers and work.wanted:
            again = lost * work.containers / containers
            work.left += again
            cluster.yarn.lost += again


def _capacity(cluster: Cluster, nodes: Sequence[Instance]) -> int:
    """Return what fits: on a node about to leave, only what still runs there."""
    return sum(node.containers if node.leaving else room_of(cluster, node).containers for node in nodes)


def _allocated(cluster: Cluster, node: Instance) -> float:
    return node.containers * room_of(cluster, node).container_mib


def _place(cluster: Cluster, nodes: Sequence[Instance], running: int, now: float) -> None:
    """Let running containers stay on nodes about to leave, and put the others on the oldest."""
    for node in sorted(nodes, key=lambda node: (not node.leaving, node.timeline.ready or now)):
        node.containers = min(running, node.containers if node.leaving else room_of(cluster, node).containers)
        running -= node.containers
        if not node.containers:
            node.busy_since = None
        elif node.busy_since is None:
            node.busy_since = now
