"""Play traces in every way there is to compare, and sum up."""

from collections.abc import Sequence

from lambdas.specs import Catalogue, CustomScaling, load_catalogue, load_scaling
from lambdas.specs.scaling import Scaling
from scripts.bench.scaling.alternatives import alternatives
from scripts.bench.scaling.figures import figures_of
from scripts.bench.scaling.report import Comparison
from scripts.bench.scaling.simulate import play
from scripts.bench.scaling.traces import Trace

NODES = "yarn-memory"
"""The scaling spec whose nodes and limits a policy is compared on that names none: managed scaling."""

REGION = "us-east-1"


def compare_all(policy: str, traces: Sequence[Trace]) -> list[Comparison]:
    """Play each trace through a policy and its alternatives.

    Parameters
    ----------
    policy
        A file of ``emr_specs/scaling``, or ``managed``.
    traces
        What to play.

    Raises
    ------
    UnknownSpecError, SpecError
        There is no such policy, or it is wrong.
    SimulationError
        A cluster did not work a trace off.
    """
    scaling, catalogue = load_scaling(policy), load_catalogue(REGION)
    return [compare(scaling, nodes_of(scaling), trace, catalogue) for trace in traces]


def nodes_of(scaling: Scaling) -> CustomScaling:
    """Return the spec whose nodes a policy is played on.

    Raises
    ------
    TypeError
        The project's own spec of ``NODES`` names none.
    """
    if isinstance(scaling, CustomScaling):
        return scaling
    found = load_scaling(NODES)
    if not isinstance(found, CustomScaling):
        raise TypeError(
            f"emr_specs/scaling/{NODES}.yml must be a custom policy: other policies are played on its nodes"
        )
    return found


def compare(scaling: Scaling, nodes: CustomScaling, trace: Trace, catalogue: Catalogue) -> Comparison:
    """Play one trace through a policy and its alternatives."""
    played = {each.name: play(trace, each) for each in alternatives(scaling, nodes, trace, catalogue)}
    return Comparison(trace, played, {name: figures_of(each, catalogue) for name, each in played.items()})
