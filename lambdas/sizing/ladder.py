"""The capacity ladder: other ways to get a cluster for the same work when EC2 has no capacity for the chosen one."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.inputs.measure import Measurement
from lambdas.sizing.configurations import shuffle_partitions
from lambdas.sizing.decide import Decision
from lambdas.sizing.emit import Emitted, emit
from lambdas.sizing.estimate import Estimate, estimate
from lambdas.sizing.fleets import like_types, primary_types
from lambdas.sizing.shapes import Shape, choose_shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster, Market

# A plan has limited room, and a run is tried again a few times only.
MAX_SUBNET_RUNGS = 3


@dataclass(frozen=True)
class Rung:
    """One way to get a cluster: what is different about it, and all that EMR is asked for."""

    why: str
    shape: Shape
    market: Market
    shuffle_partitions: int
    estimate: Estimate
    emitted: Emitted
    subnets: tuple[str, ...]


def build_ladder(
    measured: Measurement,
    decision: Decision,
    cluster: Cluster,
    catalogue: Catalogue,
    max_nodes: int,
    steps: int,
    subnets: Sequence[str],
) -> list[Rung]:
    """Return what to try after the decision itself: other instance types, then single subnets, then on demand.

    Parameters
    ----------
    measured, cluster, catalogue, max_nodes, steps
        As the decision had them.
    decision
        The first choice.
    subnets
        Where the first choice may start. EMR picks one availability zone for a cluster and stays there, so that naming
        one subnet is the way to have another zone:
        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html

    Returns
    -------
    list of Rung
        In the order to try them when nothing is known of the present capacity.
    """
    first = decision.shape
    here = tuple(subnets)

    def rung(why: str, shape: Shape, spec: Cluster, emitted: Emitted, where: tuple[str, ...]) -> Rung:
        partitions = shuffle_partitions(decision.need, shape)
        expected = estimate(measured, shape, spec, catalogue, steps)
        return Rung(why, shape, spec.task_market, partitions, expected, emitted, where)

    rungs = []
    used = _types(first, cluster, catalogue)
    if any(known.family in cluster.families and known.type not in used for known in catalogue.types):
        other = choose_shape(decision.need, cluster, catalogue, max_nodes, without=used).shape
        emitted = emit(other, shuffle_partitions(decision.need, other), cluster, catalogue, used)
        why = f"other instance types: {other.instance_type.type} and similar"
        rungs.append(rung(why, other, cluster, emitted, here))
    if len(here) > 1:
        rungs += [
            rung(f"only the subnet {subnet}", first, cluster, decision.emitted, (subnet,))
            for subnet in here[:MAX_SUBNET_RUNGS]
        ]
    if cluster.task_market == "spot" and first.task_nodes:
        spec = cluster.model_copy(update={"task_market": "on_demand"})
        emitted = emit(first, decision.shuffle_partitions, spec, catalogue)
        rungs.append(rung("task nodes on demand from the start", first, spec, emitted, here))
    return rungs


def _types(shape: Shape, cluster: Cluster, catalogue: Catalogue) -> set[str]:
    workers = like_types(shape.instance_type, shape.layout, cluster, catalogue)
    return {known.type for known in (*workers, *primary_types(cluster, catalogue))}
