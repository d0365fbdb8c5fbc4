"""Run the bench's jobs each way, in process and on a virtual clock."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas import aws
from lambdas.history.spans import busy_spans
from lambdas.specs import load_catalogue
from scripts.bench.idle.figures import Figures, Moments, figures_of, idle_after_failure
from scripts.bench.idle.jobs import BenchJob
from scripts.bench.idle.ways import CHAIN, WAYS, definition, handlers
from scripts.local.emr.clock import VirtualClock
from scripts.local.emr.runner import ScriptedStep
from scripts.local.in_process import REGION, Conditions, InProcessCloud, in_process_cloud

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"

# It says in full of every state that it failed, as most of these runs do.
_INTERPRETER_LOG = "moto.stepfunctions"


class BenchError(RuntimeError):
    """A run did not end as it has to."""


@dataclass(frozen=True)
class Outcome:
    """A job run one way.

    Attributes
    ----------
    job, way
        Which.
    figures
        Of the run in which nothing fails.
    working
        When its steps ran, in seconds from the request of the cluster.
    failure_s
        By step: the seconds from its failure until the cluster begins to end.
    """

    job: str
    way: str
    figures: Figures
    working: tuple[tuple[float, float], ...]
    failure_s: dict[str, float]

    @property
    def worst_failure_s(self) -> float:
        """The most seconds a failure may cost."""
        return max(self.failure_s.values())


def measure(jobs: list[BenchJob], tell: Callable[[int, int], None]) -> list[Outcome]:
    """Run each job each way: once to its end, and once for each step that fails.

    Parameters
    ----------
    jobs
        The jobs.
    tell
        Told how many outcomes there are, and how many there will be.

    Raises
    ------
    BenchError
        A run did not end as its steps did.
    """
    logging.getLogger(_INTERPRETER_LOG).setLevel(logging.CRITICAL)
    cases = [(job, way) for job in jobs for way in WAYS]
    outcomes = []
    for job, way in cases:
        outcomes.append(_outcome(job, way))
        tell(len(outcomes), len(cases))
    return outcomes


def _outcome(job: BenchJob, way: str) -> Outcome:
    clock = VirtualClock()
    script: dict[str, ScriptedStep] = {}
    seen = _Seen(clock)
    conditions = Conditions(definition=definition(job.job, way), observer=seen, clock=clock)
    lambdas = {} if way == CHAIN else handlers(job.steps)
    with in_process_cloud(job.job.name, script=script, handlers=lambdas, conditions=conditions) as cloud:
        script.update(job.script())
        cluster, steps, moments = _run(cloud, seen, SUCCEEDED)
        billed = cloud.engine.billing(cluster["Id"])
        figures = figures_of(cluster, steps, moments, billed, load_catalogue(REGION))
        working = _working(cluster, steps)
        failures = {}
        for name in job.steps:
            script.update(job.script(failing=name))
            _, steps, moments = _run(cloud, seen, FAILED)
            failures[name] = idle_after_failure(steps, moments)
    return Outcome(job.job.name, way, figures, working, failures)


def _working(cluster: dict[str, Any], steps: list[dict[str, Any]]) -> tuple[tuple[float, float], ...]:
    created = cluster["Status"]["Timeline"]["CreationDateTime"]
    busy = busy_spans(cluster, steps) or []
    return tuple(((start - created).total_seconds(), (end - created).total_seconds()) for start, end in busy)


def _run(cloud: InProcessCloud, seen: "_Seen", status: str) -> tuple[dict[str, Any], list[dict[str, Any]], Moments]:
    """Run the machine once; return its cluster and steps as EMR describes them, and what only events tell."""
    seen.moments.clear()
    ended = cloud.execute()
    if ended.status != status:
        raise BenchError(f"{ended.arn} ended as {ended.status}, not {status}: {ended.error}: {ended.cause}")
    (cluster_id,) = {cluster_id for cluster_id, _ in seen.moments}
    emr = aws.emr()
    cluster = dict[str, Any](emr.describe_cluster(ClusterId=cluster_id)["Cluster"])
    steps = [dict[str, Any](step) for step in emr.list_steps(ClusterId=cluster_id)["Steps"]]
    moments = Moments(seen.moments[cluster_id, "BOOTSTRAPPING"], seen.moments[cluster_id, "TERMINATING"])
    return cluster, steps, moments


class _Seen:
    """When clusters came to their states: an observer of EMR's events, whose own time is cut to seconds."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.moments: dict[tuple[str, str], float] = {}

    def __call__(self, event: dict[str, Any]) -> None:
        if event["detail-type"] == "EMR Cluster State Change":
            self.moments.setdefault((event["detail"]["clusterId"], event["detail"]["state"]), self._clock.now())
