"""The ways out that no Catch covers, and what still ends the cluster then."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambdas.clusters.tags import EXECUTION_TAG, STAGE_TAG
from scripts.certify.static.cluster_options import auto_terminates, is_tagged
from scripts.certify.static.failures import QUERY_ERROR, Reason
from scripts.certify.static.graph import State
from scripts.certify.static.report import Exit
from scripts.certify.static.trace import Trace

# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr.html
_WHY = {
    "aborted": "StopExecution runs no Catch, and Step Functions does not end the cluster",
    "execution timed out": "the execution's own timeout runs no Catch",
    "States.DataLimitExceeded": "a payload over the quota ends the execution; States.ALL does not catch it",
    "States.Runtime": "the state cannot be processed; States.ALL does not catch it",
    QUERY_ERROR: "a JSONata expression fails in a state that has no Catch, and nothing around it catches that",
}
# What each net finds a cluster by: the reaper of the execution's status event, the scheduled reaper, EMR itself.
_NEEDS = {
    "status_event": f"the tag {EXECUTION_TAG} is",
    "sweep": f"the tags {EXECUTION_TAG} and {STAGE_TAG} are",
    "auto_termination": "an AutoTerminationPolicy is",
}
_TAKES_TIME = {"Task", "Wait", "Pass", "Choice"}
_HAS_PAYLOAD = {"Task", "Pass", "Parallel", "Map"}


def find_exits(traces: Sequence[Trace]) -> Iterator[Exit]:
    """Yield the exits of every state that may hold a cluster, in the order in which the search came to them."""
    holding: dict[State, dict[State, None]] = {}  # insertion keeps the order
    evaluating: set[State] = set()
    for trace in traces:
        for point in trace.came:
            holding.setdefault(point.state, {})[trace.create] = None
        evaluating |= {
            leak.state for leak in trace.uncaught if leak.failure and leak.failure.reason is Reason.EVALUATION
        }
    options = {trace.create: _Options.of(trace.create) for trace in traces}
    for state, creates in holding.items():
        nets, note = _nets([options[create] for create in creates])
        for error in _errors(state, evaluating):
            yield Exit(state.label, error, nets, f"{_WHY[error]}; {note}")


@dataclass(frozen=True)
class _Options:
    """What a cluster has for the nets; None where an expression decides."""

    execution: bool | None
    stage: bool | None
    policy: bool | None

    @classmethod
    def of(cls, create: State) -> "_Options":
        return cls(is_tagged(create, EXECUTION_TAG), is_tagged(create, STAGE_TAG), auto_terminates(create))


def _errors(state: State, evaluating: set[State]) -> Iterator[str]:
    if state.type in _TAKES_TIME:
        yield from ("aborted", "execution timed out")
    if state.type in _HAS_PAYLOAD:
        yield "States.DataLimitExceeded"
    if state.type not in ("Succeed", "Fail"):
        yield "States.Runtime"
    if state in evaluating:
        yield QUERY_ERROR


def _nets(clusters: Sequence[_Options]) -> tuple[tuple[str, ...], str]:
    """Return the nets that cover all of several clusters, and what to know about them."""
    seen = {
        "status_event": [cluster.execution for cluster in clusters],
        "sweep": [found for cluster in clusters for found in (cluster.execution, cluster.stage)],
        "auto_termination": [cluster.policy for cluster in clusters],
    }
    nets = tuple(net for net, found in seen.items() if False not in found)
    notes = [f"{net}: {_NEEDS[net]} {'decided by an expression' if None in seen[net] else 'there'}" for net in nets]
    notes += [f"no {net}, because {_NEEDS[net]} missing" for net in seen if net not in nets]
    return nets, "; ".join(notes if nets else [*notes, "nothing ends the cluster"])
