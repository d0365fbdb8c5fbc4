"""The capacity ladder: other ways to get a cluster for the same work when EC2 has no capacity for the chosen one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lambdas.sizing.decide import Decision, Sizes
from lambdas.sizing.elastic import Elastic
from lambdas.sizing.emit import Emitted
from lambdas.sizing.expect import Estimate, Spread, usd_of_an_hour
from lambdas.sizing.fleets import like_types, primary_types
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster, Market

# A plan has limited room, and a run is tried again a few times only.
MAX_SUBNET_RUNGS = 3


@dataclass(frozen=True)
class Rung:
    """One way to get a cluster: what is different about it, and all that EMR is asked for.

    With ``elastic``, that is what starts, and ``shape`` is what the estimate is of.
    """

    why: str
    shape: Shape
    market: Market
    shuffle_partitions: int
    estimate: Estimate
    emitted: Emitted
    subnets: tuple[str, ...]
    elastic: Elastic | None = None


def build_ladder(decision: Decision, sizes: Sizes, subnets: Sequence[str]) -> list[Rung]:
    """Return what to try after the decision itself: other instance types, then single subnets, then on demand.

    Parameters
    ----------
    decision
        The first choice.
    sizes
        What it was chosen from.
    subnets
        Where the first choice may start. EMR picks one availability zone for a cluster and stays there, so that naming
        one subnet is the way to have another zone:
        https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-instance-fleet.html

    Returns
    -------
    list of Rung
        In the order to try them when nothing is known of the present capacity.
    """
    cluster, catalogue = sizes.cluster, sizes.catalogue
    here, first = tuple(subnets), first_rung(decision, subnets)
    rungs = []
    other = None if decision.elastic else sizes.decide(without=_types(decision.shape, cluster, catalogue))
    rungs += [_other_task_nodes(first, elastic, sizes) for elastic in sizes.elastics[1:2]]
    if other:
        why = f"other instance types: {other.shape.instance_type.type} and similar"
        rungs.append(replace(first_rung(other, subnets), why=why))
    if len(here) > 1:
        # Instance groups take one subnet, and the first choice has the first.
        left = here[1:] if decision.emitted.instance_groups else here
        rungs += [
            replace(first, why=f"only the subnet {subnet}", subnets=(subnet,)) for subnet in left[:MAX_SUBNET_RUNGS]
        ]
    if cluster.task_market == "spot" and (decision.elastic or decision.shape.task_nodes):
        rungs.append(_on_demand(first, sizes))
    return rungs


def first_rung(decision: Decision, subnets: Sequence[str]) -> Rung:
    """Return the decision itself as a rung."""
    return Rung(
        why="the first choice",
        shape=decision.shape,
        market=decision.shape.market,
        shuffle_partitions=decision.shuffle_partitions,
        estimate=decision.estimate,
        emitted=decision.emitted,
        subnets=tuple(subnets),
        elastic=decision.elastic,
    )


def _other_task_nodes(first: Rung, elastic: Elastic, sizes: Sizes) -> Rung:
    why = f"other task nodes: {elastic.task_type}"
    return replace(first, why=why, emitted=sizes.emit(first.shape, sizes.cluster, elastic), elastic=elastic)


def _on_demand(first: Rung, sizes: Sizes) -> Rung:
    spec, catalogue, spill = sizes.cluster, sizes.catalogue, sizes.need.spill_bytes
    cluster = spec.model_copy(update={"task_market": "on_demand"})
    shape = replace(first.shape, market="on_demand")
    elastic = replace(first.elastic, market="on_demand") if first.elastic else None
    dearer = usd_of_an_hour(shape, spill, cluster, catalogue) / usd_of_an_hour(first.shape, spill, spec, catalogue)
    usd = first.estimate.usd
    return replace(
        first,
        why="task nodes on demand from the start",
        shape=shape,
        market="on_demand",
        estimate=replace(first.estimate, usd=Spread(usd.low * dearer, usd.median * dearer, usd.high * dearer)),
        emitted=sizes.emit(shape, cluster, elastic),
        elastic=elastic,
    )


def _types(shape: Shape, cluster: Cluster, catalogue: Catalogue) -> set[str]:
    workers = like_types(shape.instance_type, shape.layout, cluster, catalogue)
    return {known.type for known in (*workers, *primary_types(cluster, catalogue))}
