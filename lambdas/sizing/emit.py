"""A shape as what EMR is asked for, in EMR's own names."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lambdas.sizing.configurations import configurations
from lambdas.sizing.fleets import instance_fleets, managed_scaling
from lambdas.sizing.shapes import Shape
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster


@dataclass(frozen=True)
class Emitted:
    """The parts of ``RunJobFlow`` that follow from a size."""

    instance_fleets: list[dict[str, Any]]
    configurations: list[dict[str, Any]]
    managed_scaling: dict[str, Any]


def emit(
    shape: Shape, partitions: int, cluster: Cluster, catalogue: Catalogue, without: Collection[str] = ()
) -> Emitted:
    """Say a shape in EMR's names.

    Parameters
    ----------
    shape, cluster, catalogue
        The size, and what it was chosen from.
    partitions
        ``spark.sql.shuffle.partitions``.
    without
        Instance types to leave out.
    """
    return Emitted(
        instance_fleets(shape, cluster, catalogue, without),
        configurations(partitions, shape, cluster),
        managed_scaling(shape, cluster),
    )
