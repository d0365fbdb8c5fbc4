"""Judge what was seen of a case."""

import builtins
import re
from dataclasses import dataclass

from scripts.certify.dynamic.cases import Case, Outcome
from scripts.certify.dynamic.nets import ACTION_ON_FAILURE, AUTO_TERMINATION, EMR, ORDER
from scripts.certify.dynamic.run import Ended, Observation
from scripts.certify.dynamic.scenarios import SCENARIOS
from scripts.local.adapters.moto_errors import UNCATCHABLE

_OWN_NAME = re.compile(r"[A-Z][A-Za-z0-9]+")
"""Of the project's failures. The services' have a dot, as ``Lambda.Unknown``; a handler that crashed gives the name of
Python's exception."""

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

    While a task hangs the machine has no turn, and what EMR does to an idle cluster meanwhile comes in time.
    """
    if cluster.net in _NEVER_LATE or (cluster.net == AUTO_TERMINATION and cluster.meanwhile):
        return False
    return cluster.net is not None and ORDER.index(cluster.net) > ORDER.index(case.allowed)


def _wrong_outcome(case: Case, seen: Observation, baseline: Observation) -> str | None:
    if not case.faults and seen.status != ("SUCCEEDED" if SCENARIOS[case.scenario].succeeds else "FAILED"):
        return f"the execution ended {_shown(seen)}"
    if len(case.faults) == 1 and not seen.struck:
        return "the fault did not happen: the execution did not get that far"
    if any(_is(outcome, seen, baseline) for outcome in case.outcomes):
        return None
    return f"the execution ended {_shown(seen)}; expected: {' or '.join(sorted(case.outcomes))}"


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
