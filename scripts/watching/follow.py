"""Follow a run through the APIs of Step Functions and EMR, on AWS or the local cloud alike."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from lambdas import aws
from lambdas.clusters.find import ANY_STATE, find_clusters

# EMR's answers carry the local cloud's simulated time; AWS sends no such header, and there is only one time.
_CLOCK_HEADER = "x-local-cloud-time"

# While a step runs nothing else changes, and on the local cloud Spark needs the processor.
_CALM = 10

_STEP_ENDS = {"COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"}
ENDED_EXECUTION = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


@dataclass(frozen=True)
class Observation:
    """Something that changed.

    Attributes
    ----------
    kind, name, status
        What changed (a state of the machine, the execution, the cluster or a step), its name, what it is now.
    real, simulated
        Seconds since the execution started: on the wall clock, and on EMR's clock.
    """

    kind: Literal["execution", "state", "cluster", "step"]
    name: str
    status: str
    real: float
    simulated: float


@dataclass
class Follower:
    """Observe one execution until it is over.

    Attributes
    ----------
    execution_arn
        Which execution.
    interval
        Seconds between two looks, ten times that while a step runs. AWS refills 20 GetExecutionHistory and one
        DescribeCluster a second per account: https://docs.aws.amazon.com/general/latest/gr/emr.html
    cluster
        DescribeCluster's last answer, or ``None`` while there is no cluster.
    steps
        ListSteps' last answer, in the order of submission.
    started_real, started_simulated
        When the run started on the wall clock, and what EMR's clock said then; epoch seconds.
    """

    execution_arn: str
    interval: float
    cluster: dict[str, Any] | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sfn, self._emr = aws.stepfunctions(), aws.emr()
        self.execution: dict[str, Any] = dict[str, Any](self._sfn.describe_execution(executionArn=self.execution_arn))
        self.started_real = self.execution["startDate"].timestamp()
        self.started_simulated = self._emr_time(self._emr.list_clusters(ClusterStates=["STARTING"]))
        self._emr_now = self.started_simulated
        self._looked = time.monotonic()
        self._seen: dict[tuple[str, str], str] = {}
        self._events = 0

    @property
    def simulated(self) -> float:
        """Seconds on EMR's clock from the start of the run to the last look."""
        return self._emr_now - self.started_simulated

    @property
    def simulated_now(self) -> float:
        """The same until now: EMR's clock goes on one to one while a step runs."""
        return self.simulated + (time.monotonic() - self._looked if self._is_working() else 0)

    def observations(self) -> Iterator[Observation]:
        """Yield what changes, in order, until the execution is over and the cluster has ended, if it is ending."""
        while True:
            self.execution = dict(self._sfn.describe_execution(executionArn=self.execution_arn))
            over = self.execution["status"] in ENDED_EXECUTION
            changes, states = list(self._cluster_and_steps()), list(self._states())
            # Seen in one look: a step that ended let the machine go on; what else changed, the machine did.
            yield from (change for change in changes if change.status in _STEP_ENDS)
            yield from states
            yield from (change for change in changes if change.status not in _STEP_ENDS)
            yield from self._note("execution", self.execution["name"], self.execution["status"])
            if over and not self._is_ending():
                return
            time.sleep(self.interval * (_CALM if self._is_working() else 1))

    def _is_ending(self) -> bool:
        return self.cluster is not None and self.cluster["Status"]["State"] == "TERMINATING"

    def _is_working(self) -> bool:
        return any(step["Status"]["State"] == "RUNNING" for step in self.steps)

    def _states(self) -> Iterator[Observation]:
        pages = self._sfn.get_paginator("get_execution_history").paginate(executionArn=self.execution_arn)
        events = [event for page in pages for event in page["events"]]
        for event in events[self._events :]:
            entered = event.get("stateEnteredEventDetails")
            if entered:
                yield self._observation("state", entered["name"], "entered")
        self._events = len(events)

    def _cluster_and_steps(self) -> Iterator[Observation]:
        cluster_id = self.cluster["Id"] if self.cluster else self._find_cluster()
        if cluster_id is None:
            return
        answer = self._emr.describe_cluster(ClusterId=cluster_id)
        self._emr_now, self._looked = self._emr_time(answer), time.monotonic()
        self.cluster = dict[str, Any](answer["Cluster"])
        pages = self._emr.get_paginator("list_steps").paginate(ClusterId=cluster_id)
        self.steps = [dict[str, Any](step) for page in pages for step in page["Steps"]][::-1]
        for step in self.steps:
            yield from self._note("step", step["Name"], step["Status"]["State"])
        yield from self._note("cluster", cluster_id, self.cluster["Status"]["State"])

    def _find_cluster(self) -> str | None:
        found = find_clusters(self._emr, self.execution_arn, self.execution["startDate"], ANY_STATE)
        return found[0].id if found else None

    def _note(self, kind: Literal["execution", "cluster", "step"], name: str, status: str) -> Iterator[Observation]:
        if self._seen.get((kind, name)) != status:
            self._seen[kind, name] = status
            yield self._observation(kind, name, status)

    def _observation(
        self, kind: Literal["execution", "state", "cluster", "step"], name: str, status: str
    ) -> Observation:
        real = time.time() - self.started_real
        return Observation(kind, name, status, real, self.simulated)

    @staticmethod
    def _emr_time(answer: Any) -> float:
        return float(answer["ResponseMetadata"]["HTTPHeaders"].get(_CLOCK_HEADER) or time.time())
