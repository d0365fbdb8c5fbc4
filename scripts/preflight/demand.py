"""What the clusters of a job ask of an account: the smallest and the largest that a run may plan."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lambdas.scaling.managed import within
from lambdas.sizing.elastic import Elastic, fit_policy
from lambdas.sizing.shapes import Shape, candidate_shapes
from lambdas.specs import load_cluster, load_scaling
from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import Cluster
from lambdas.specs.job import Job
from lambdas.specs.scaling import CustomScaling

# The families of the standard quotas, A, C, D, H, I, M, R, T and Z; others, such as hpc and inf, have quotas of their
# own. https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
_STANDARD = re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)[0-9]")


@dataclass(frozen=True)
class Size:
    """A cluster: in words, its vCPUs in all, and how many of those are first asked for on spot."""

    words: str
    nodes: int
    vcpus: int
    spot_vcpus: int


@dataclass(frozen=True)
class Demand:
    """What a job's clusters ask for.

    Attributes
    ----------
    smallest, largest
        The bounds of what its runs may plan.
    nodes
        Instances of the cluster that has the most.
    primary_type, worker_types
        The types they are first asked for.
    """

    job: str
    cluster: Cluster
    smallest: Size
    largest: Size
    nodes: int
    primary_type: str
    worker_types: tuple[str, ...]

    @property
    def takes_spot(self) -> bool:
        """Whether its task nodes are first asked for on spot."""
        return self.cluster.task_market == "spot"


def demand_of(job: Job, catalogue: Catalogue) -> Demand | None:
    """Return what a job's clusters ask for, or ``None`` when no instance type of the region has room for it.

    Parameters
    ----------
    job
        The job.
    catalogue
        The region's types.

    Raises
    ------
    ScalingError
        The policy the job names cannot be followed.
    """
    cluster, scaling = load_cluster(job.cluster), within(load_scaling(job.scaling), job.limits.max_nodes)
    if isinstance(scaling, CustomScaling):
        elastics = fit_policy(scaling, cluster.task_market, catalogue, job.limits.max_nodes)
        return _of_policy(job, cluster, elastics, catalogue.get(scaling.minimum.primary.type))
    limits = scaling.managed
    most = min(job.limits.max_nodes, (limits.maximum or job.limits.max_nodes) + 1)
    shapes = candidate_shapes(cluster, catalogue, most, limits.minimum or 1)
    if not shapes:
        return None
    primary = catalogue.get(cluster.primary_type)
    standard = [shape for shape in shapes if _STANDARD.match(shape.core_type)] or shapes
    types = dict.fromkeys(shape.core_type for shape in shapes)
    return _bounded(job, cluster, [_size_of_shape(shape, primary) for shape in standard], primary, types)


def _of_policy(job: Job, cluster: Cluster, elastics: Sequence[Elastic], primary: InstanceType) -> Demand:
    sizes = [_size_of_policy(each, primary, at_most) for each in elastics for at_most in (False, True)]
    types = dict.fromkeys(
        known.type for each in elastics for known in (each.core, *(group.instance_type for group in each.groups))
    )
    return _bounded(job, cluster, sizes, primary, types)


def _bounded(job: Job, cluster: Cluster, sizes: Sequence[Size], primary: InstanceType, types: Iterable[str]) -> Demand:
    smallest, largest = min(sizes, key=lambda size: size.vcpus), max(sizes, key=lambda size: size.vcpus)
    nodes = max(size.nodes for size in sizes)
    return Demand(job.name, cluster, smallest, largest, nodes, primary.type, tuple(types))


def _size_of_shape(shape: Shape, primary: InstanceType) -> Size:
    words = f"1 x {primary.type} and {shape.workers} x {shape.core_type}"
    spot = shape.spot_nodes * shape.instance_type.vcpu
    return Size(words, 1 + shape.workers, primary.vcpu + shape.vcpus, spot)


def _size_of_policy(elastic: Elastic, primary: InstanceType, at_most: bool) -> Size:
    count = elastic.policy.minimum.primary.count
    groups = [(group.maximum if at_most else group.minimum, group.instance_type) for group in elastic.groups]
    parts = [(count, primary), (elastic.core_nodes, elastic.core), *(part for part in groups if part[0])]
    task = sum(number * known.vcpu for number, known in groups)
    return Size(
        " and ".join(f"{number} x {known.type}" for number, known in parts),
        sum(number for number, _ in parts),
        sum(number * known.vcpu for number, known in parts),
        task if elastic.market == "spot" else 0,
    )
