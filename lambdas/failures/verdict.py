"""Did the work get done? What the states of a cluster and its steps mean, as a table.

EMR shows a failed run as plain TERMINATED with an empty reason, and a finished one as TERMINATED_WITH_ERRORS when a
node was lost at the end; so cluster, reason and steps are judged together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lambdas.documents import part, text

_CLUSTER_STATES_PAGE = "https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStatus.html"
_CLUSTER_CODES_PAGE = "https://docs.aws.amazon.com/emr/latest/APIReference/API_ClusterStateChangeReason.html"
_STEP_STATES_PAGE = "https://docs.aws.amazon.com/emr/latest/APIReference/API_StepStatus.html"
_LIFECYCLE_PAGE = "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-overview.html"
_TERMINATE_PAGE = "https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html"

LIVE = frozenset({"STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"})
ENDED = frozenset({"TERMINATED", "TERMINATED_WITH_ERRORS"})
ENDING = ENDED | {"TERMINATING"}
FAILURE_CODES = frozenset(
    {
        "INTERNAL_ERROR",
        "VALIDATION_ERROR",
        "INSTANCE_FAILURE",
        "INSTANCE_FLEET_TIMEOUT",
        "BOOTSTRAP_FAILURE",
        "STEP_FAILURE",
    }
)


class Verdict(StrEnum):
    """What became of the work."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"


class Steps(StrEnum):
    """The states of all steps of a run in one word; the worst one counts."""

    NONE = "none"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ACTIVE = "active"
    MISSING = "missing"
    COMPLETED = "completed"


class Known(StrEnum):
    """What the execution knows of the run: nothing, that every step's task succeeded, or that something failed."""

    NOTHING = "nothing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class Row:
    """One row of the table: ``None`` stands for any. The first row that fits decides."""

    cluster: frozenset[str] | None
    codes: frozenset[str] | None
    steps: frozenset[Steps] | None
    known: frozenset[Known] | None
    verdict: Verdict
    source: str

    def fits(self, cluster: str, code: str, steps: Steps, known: Known) -> bool:
        """Say whether the row speaks of this case."""
        wanted = ((self.cluster, cluster), (self.codes, code), (self.steps, steps), (self.known, known))
        return all(allowed is None or value in allowed for allowed, value in wanted)


def _row(
    verdict: Verdict,
    source: str,
    *,
    cluster: Iterable[str] | None = None,
    codes: Iterable[str] | None = None,
    steps: Iterable[Steps] | None = None,
    known: Iterable[Known] | None = None,
) -> Row:
    def some(values: Iterable[Any] | None) -> frozenset[Any] | None:
        return None if values is None else frozenset(values)

    return Row(some(cluster), some(codes), some(steps), some(known), verdict, source)


TABLE: tuple[Row, ...] = (
    # What a step says is the strongest: a failed one is a failure whatever the cluster shows ("Steps completed with
    # errors" is ALL_STEPS_COMPLETED), and a cancelled or interrupted one is never a success.
    _row(Verdict.FAILED, _STEP_STATES_PAGE, steps=[Steps.FAILED]),
    _row(Verdict.FAILED, _CLUSTER_CODES_PAGE, steps=[Steps.CANCELLED], codes=FAILURE_CODES),
    _row(Verdict.CANCELLED, _STEP_STATES_PAGE, steps=[Steps.CANCELLED]),
    # All the work is done: what happens to the cluster afterwards takes nothing away from it.
    _row(Verdict.SUCCEEDED, _STEP_STATES_PAGE, steps=[Steps.COMPLETED]),
    # Steps EMR still shows as active: of an ended cluster they were cancelled with it.
    _row(Verdict.UNFINISHED, _LIFECYCLE_PAGE, steps=[Steps.ACTIVE], cluster=LIVE),
    _row(Verdict.FAILED, _CLUSTER_CODES_PAGE, steps=[Steps.ACTIVE], codes=FAILURE_CODES),
    _row(Verdict.CANCELLED, _TERMINATE_PAGE, steps=[Steps.ACTIVE]),
    # No step at all, or not every one that was planned.
    _row(Verdict.FAILED, _CLUSTER_CODES_PAGE, codes=FAILURE_CODES, cluster=ENDING),
    _row(Verdict.FAILED, _CLUSTER_STATES_PAGE, cluster=["TERMINATED_WITH_ERRORS"]),
    _row(Verdict.FAILED, _LIFECYCLE_PAGE, steps=[Steps.MISSING], cluster=ENDING, codes=["ALL_STEPS_COMPLETED"]),
    _row(
        Verdict.SUCCEEDED,
        _CLUSTER_CODES_PAGE,
        steps=[Steps.NONE],
        cluster=ENDING,
        codes=["ALL_STEPS_COMPLETED"],
        known=[Known.NOTHING, Known.COMPLETED],
    ),
    _row(Verdict.FAILED, _LIFECYCLE_PAGE, known=[Known.FAILED]),
    _row(Verdict.CANCELLED, _CLUSTER_CODES_PAGE, cluster=ENDING, codes=["USER_REQUEST"]),
    _row(Verdict.FAILED, _LIFECYCLE_PAGE, cluster=ENDING),
    # It lives, or there is none yet.
    _row(Verdict.UNFINISHED, _LIFECYCLE_PAGE),
)


def judge(
    cluster: Mapping[str, Any] | None,
    steps: Sequence[Mapping[str, Any]],
    planned: Sequence[str] | None = None,
    known: Known = Known.NOTHING,
) -> Verdict:
    """Judge a run.

    Parameters
    ----------
    cluster
        ``Cluster`` of DescribeCluster, when there is one.
    steps
        ``Steps`` of ListSteps, oldest first.
    planned
        The names of the steps that were to run; ``None`` when that is not known, and those listed are all.
    known
        What the execution knows.
    """
    status = part(cluster, "Status")
    code = text(part(status, "StateChangeReason"), "Code")
    summary = summarise_steps(steps, planned)
    return look_up(text(status, "State"), code, summary, known)


def look_up(cluster: str, code: str, steps: Steps, known: Known) -> Verdict:
    """Return the verdict of the first row that fits."""
    return next(row.verdict for row in TABLE if row.fits(cluster, code, steps, known))


def summarise_steps(steps: Sequence[Mapping[str, Any]], planned: Sequence[str] | None) -> Steps:
    """Say the states of all steps in one word; a state this table does not know is no success either."""
    states = {text(part(step, "Status"), "State") for step in steps}
    if "FAILED" in states:
        return Steps.FAILED
    if states & {"CANCELLED", "INTERRUPTED", "CANCEL_PENDING"}:
        return Steps.CANCELLED
    if states - {"COMPLETED"}:
        return Steps.ACTIVE
    if set(planned or ()) - {text(step, "Name") for step in steps}:
        return Steps.MISSING
    return Steps.COMPLETED if steps else Steps.NONE
