"""The metrics EMR reports to CloudWatch, as far as scaling rules use them: read off YARN's log.

"Monitoring Amazon EMR metrics with CloudWatch",
https://docs.aws.amazon.com/emr/latest/ManagementGuide/UsingEMR_ViewingMetrics.html.
"""

from bisect import bisect_left
from collections.abc import Callable

from scripts.local.emr.model import Cluster
from scripts.local.emr.yarn import Snapshot

METRIC_SECONDS = 300
"""Between two datapoints: the page above. That they are counted from the cluster's readiness is our choice."""


def _available_percentage(it: Snapshot) -> float | None:
    return 100 * (it.memory_mib - it.allocated_mib) / it.memory_mib if it.memory_mib else None


def _pending_ratio(it: Snapshot) -> float:
    pending = it.wanted - it.running
    return pending / it.running if it.running else pending


METRICS: dict[str, Callable[[Snapshot], float | None]] = {
    "YARNMemoryAvailablePercentage": _available_percentage,
    "MemoryAvailableMB": lambda it: it.memory_mib - it.allocated_mib,
    "ContainerAllocated": lambda it: it.running,
    "ContainerPending": lambda it: it.wanted - it.running,
    "ContainerPendingRatio": _pending_ratio,
    "AppsPending": lambda it: it.apps_pending,
}


def datapoint(cluster: Cluster, metric: str, number: int) -> float | None:
    """Return a metric's datapoint `number` (1, 2, ...), one every `METRIC_SECONDS` from readiness on.

    It shows the moment before it is taken. There is none of an unknown metric, nor while a step runs whose load is
    unknown.
    """
    if number < 1 or cluster.timeline.ready is None or metric not in METRICS:
        return None
    log = cluster.yarn.log
    index = bisect_left(log, cluster.timeline.ready + number * METRIC_SECONDS, key=lambda entry: entry.at)
    snapshot = log[index - 1] if index else None
    return METRICS[metric](snapshot) if snapshot and snapshot.is_known else None
