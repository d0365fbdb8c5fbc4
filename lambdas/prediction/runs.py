"""Workers, past runs, and past runs merged where they say the same."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

# More different runs than this add next to nothing to what is known, and cost time.
MAX_RUNS = 48


@dataclass(frozen=True)
class Workers:
    """Workers of one type; cores, GiB, and MB per second to the disks are those of one node."""

    instance_type: str
    nodes: float
    vcpu: float
    memory_gib: float
    ebs_mbps: float


@dataclass(frozen=True)
class PastRun:
    """A past run.

    Attributes
    ----------
    data_bytes
        Of its input.
    seconds
        Of the job's work, without provisioning.
    weight
        From just above 0 to 1; merged runs have more.
    max_tasks
        How many tasks its input had at the same time, at most; ``None`` when nobody knows.
    other_job
        The name of the job, when it is not the one that is predicted but one of its class.
    """

    data_bytes: int
    workers: Workers
    seconds: float
    weight: float = 1.0
    max_tasks: float | None = None
    other_job: str | None = None


def merge_runs(history: Sequence[PastRun]) -> list[PastRun]:
    """Merge runs of one volume on like workers into their geometric mean, and keep those that say most.

    Returns
    -------
    list of PastRun
        At most ``MAX_RUNS``: runs of the job itself before those of others, then the heaviest first.
    """
    alike: dict[tuple[str | None, Workers, int, float | None], list[PastRun]] = defaultdict(list)
    for run in history:
        alike[run.other_job, run.workers, run.data_bytes, run.max_tasks].append(run)
    merged = [_mean(runs) for runs in alike.values()]
    merged.sort(key=lambda run: (run.other_job is not None, -run.weight))
    return merged[:MAX_RUNS]


def _mean(runs: Sequence[PastRun]) -> PastRun:
    weight = sum(run.weight for run in runs)
    log_seconds = sum(run.weight * math.log(run.seconds) for run in runs) / weight
    return replace(runs[0], seconds=math.exp(log_seconds), weight=weight)
