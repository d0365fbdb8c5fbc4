"""Judge what was seen of a case."""

import builtins
import re
from dataclasses import dataclass

from scripts.certify.dynamic.cases import Case, Outcome
from scripts.certify.dynamic.nets import (
    ACTION_ON_FAILURE,
    AUTO_TERMINATION,
    EMR,
    EVENT_SECONDS,
    ORDER,
    RETRY_SECONDS,
    STATUS_EVENT,
    SWEEP,
)
from scripts.certify.dynamic.run import Ended, Observation
from scripts.certify.dynamic.scenarios import SCENARIOS
from scripts.local.adapters.moto_errors import UNCATCHABLE
from scripts.local.emr.durations import TERMINATE_SECONDS

_OWN_NAME = re.compile(r"[A-Z][A-Za-z0-9]+")
"""Of the project's failures. The services' have a dot, as ``Lambda.Unknown``; a handler that crashed gives the name of
Python's exception."""

_ONLY_MISSING = frozenset({"RecordFailed", "TerminateFailed"}) | UNCATCHABLE
"""With what a run may fail although every step was completed: the first two say so, the others nobody can catch."""

_NEVER_LATE = frozenset({ACTION_ON_FAILURE, EMR})
"""EMR acts on what happened in the cluster, at once, whatever the machine will do about it."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a case.

    Attributes
    ----------
    kind
        ``survivor``: a cluster lives; ``late``: a later net than allowed had to end it; ``untagged``: the cluster lacks
        a tag; ``outcome``: the execution ended as it must not.
    cluster
        Its id, if it is about one.
    """

    kind: str
    case: str
    cluster: str | None
    why: str


def judge(case: Case, seen: Observation, baseline: Observation) -> list[Problem]:
    """Return what is wrong, nothing if all is well.

    Parameters
    ----------
    case, seen
        The case and what was seen of it.
    baseline
        What was seen of its scenario without faults.
    """
    problems = []
    for cluster in seen.clusters:
        if cluster.net is None:
            why = f"still alive {cluster.minutes:.0f} minutes later"
            problems.append(Problem("survivor", case.id, cluster.cluster, why))
        if cluster.untagged:
            why = f"without {' and '.join(cluster.untagged)}, by which the nets and the costs know it"
            problems.append(Problem("untagged", case.id, cluster.cluster, why))
        if _is_late(case, cluster):
            why = f"ended by {cluster.net} after {cluster.minutes:.0f} minutes; {case.allowed} should have ended it"
            problems.append(Problem("late", case.id, cluster.cluster, why))
    if why_not := _wrong_outcome(case, seen, baseline):
        problems.append(Problem("outcome", case.id, None, why_not))
    return problems


def _is_late(case: Case, cluster: Ended) -> bool:
    """Say whether a net that should have ended a cluster did not.

    While a task hangs the machine has no turn; what EMR does meanwhile to an idle cluster, and the sweep to one that is
    too old, comes in time.
    """
    if cluster.net in _NEVER_LATE or (cluster.net in (SWEEP, AUTO_TERMINATION) and cluster.meanwhile):
        return False
    if case.allowed == STATUS_EVENT and cluster.net == SWEEP and _came_sooner(case, cluster):
        return False
    return cluster.net is not None and ORDER.index(cluster.net) > ORDER.index(case.allowed)


def _came_sooner(case: Case, cluster: Ended) -> bool:
    """Say whether the sweep happened to come before the event's invocation that works."""
    turn = EVENT_SECONDS + sum(RETRY_SECONDS[: case.nets.event_failures])
    return cluster.minutes * 60 <= turn + TERMINATE_SECONDS


def _wrong_outcome(case: Case, seen: Observation, baseline: Observation) -> str | None:
    if not case.faults and seen.status != ("SUCCEEDED" if SCENARIOS[case.scenario].succeeds else "FAILED"):
        return f"the execution ended {_shown(seen)}"
    if len(case.faults) == 1 and not seen.struck:
        return "the fault did not happen: the execution did not get that far"
    if why_not := _untrue(seen):
        return why_not
    if any(_is(outcome, seen, baseline) for outcome in case.outcomes):
        return _wrongly_blamed(case, seen)
    return f"the execution ended {_shown(seen)}; expected: {' or '.join(sorted(case.outcomes))}"


def _untrue(seen: Observation) -> str | None:
    """Say in what the execution's end belies its steps."""
    if seen.status == "SUCCEEDED" and seen.left:
        return f"the execution SUCCEEDED, but EMR did not complete {' and '.join(seen.left)}"
    if seen.status == "FAILED" and not seen.left and seen.error not in _ONLY_MISSING:
        return f"the execution ended {_shown(seen)}; but EMR completed every step"
    return None


def _wrongly_blamed(case: Case, seen: Observation) -> str | None:
    """Say that a failure which no fault changed is blamed on another step than the one that failed."""
    blamed = SCENARIOS[case.scenario].blamed
    if blamed is None or (case.faults and case.outcomes != {"as without"}):
        return None
    step = seen.steps[blamed]
    if f"step {step!r}" in (seen.cause or ""):
        return None
    return f"the cause does not blame the step {step!r}: {seen.cause}"


def _is(outcome: Outcome, seen: Observation, baseline: Observation) -> bool:
    match outcome:
        case "as without":
            return (seen.status, seen.error) == (baseline.status, baseline.error)
        case "diagnosed":
            return seen.status == "SUCCEEDED" or (seen.status == "FAILED" and _is_diagnosed(seen))
        case "uncatchable":
            return seen.status == "FAILED" and seen.error in UNCATCHABLE
        case _:
            return seen.status == outcome


def _is_diagnosed(seen: Observation) -> bool:
    name = seen.error or ""
    return bool(seen.cause) and bool(_OWN_NAME.fullmatch(name)) and not hasattr(builtins, name)


def _shown(seen: Observation) -> str:
    return seen.status + (f" with {seen.error}: {seen.cause}" if seen.error else "")
