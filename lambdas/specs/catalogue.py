"""The instance types a size may choose from, per region, with prices."""

import datetime
import re
from decimal import Decimal
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field

from lambdas.specs.cluster import Architecture, Cluster
from lambdas.specs.types import Count, Line, ReleaseLabel, Spec, not_empty

Price = Annotated[Decimal, Field(gt=0)]
Gibibytes = Annotated[int, Field(strict=True, ge=0)]


class UnknownInstanceTypeError(LookupError):
    """A type without a price in the region's catalogue."""

    def __init__(self, name: str, region: str) -> None:
        super().__init__(
            f"no price of {name!r} in {region}; emr_specs/instances/{region}.json has none: "
            "write it anew with 'slow-lambda prices refresh'"
        )


class InstanceType(Spec):
    """One instance type; prices in dollars per hour.

    Attributes
    ----------
    yarn_memory_mib
        What EMR gives YARN of a node's memory.
    spot_usd_per_hour
        The expected spot price; ``None`` where no price history was read.
    ebs_mbps
        The throughput to EBS it can keep up, in MB/s.
    ebs_gib, instance_store_gib
        The volumes EMR attaches when it is not told otherwise, and the disks the type itself has.
    since
        The release from which on EMR supports it; releases before emr-6.0.0 are not looked at.
    """

    type: Line
    vcpu: Count
    memory_gib: Annotated[float, Field(gt=0)]
    yarn_memory_mib: Count
    arch: Architecture
    ec2_usd_per_hour: Price
    emr_usd_per_hour: Price
    spot_usd_per_hour: Price | None
    ebs_mbps: Annotated[float, Field(gt=0)]
    ebs_gib: Gibibytes
    instance_store_gib: Gibibytes
    since: ReleaseLabel

    @property
    def family(self) -> str:
        """The part before the dot, such as ``m7g``."""
        return self.type.partition(".")[0]

    def runs_on(self, release: str) -> bool:
        """Whether a release supports it."""
        return release_version(self.since) <= release_version(release)


class Catalogue(Spec):
    """The instance types of one region."""

    region: Line
    currency: Line
    prices_as_of: datetime.date
    sources: tuple[Line, ...]
    ebs_gp3_usd_per_gib_month: Price
    types: Annotated[tuple[InstanceType, ...], AfterValidator(not_empty)]

    def get(self, name: str) -> InstanceType:
        """Return a type by its name.

        Raises
        ------
        UnknownInstanceTypeError
            The catalogue has no such type.
        """
        for instance_type in self.types:
            if instance_type.type == name:
                return instance_type
        raise UnknownInstanceTypeError(name, self.region)

    def has_each_type_once(self) -> bool:
        """Whether no two of its types have one name."""
        return len({known.type for known in self.types}) == len(self.types)

    def supported(self, release: str) -> tuple[InstanceType, ...]:
        """Return the types a release supports, in the catalogue's order."""
        return tuple(known for known in self.types if known.runs_on(release))


@cache
def release_version(label: str) -> tuple[int, ...]:
    """Return the numbers of a release label: releases named ``emr-spark-8.1.0`` follow those named ``emr-7.14.0``."""
    return tuple(int(number) for number in re.findall(r"[0-9]+", label))


def allowed_types(catalogue: Catalogue, cluster: Cluster) -> tuple[InstanceType, ...]:
    """Return the types a cluster's core and task nodes may have: by its architecture, release and families.

    Parameters
    ----------
    catalogue
        The region's types.
    cluster
        Without families, all there are.
    """
    return tuple(
        known
        for known in catalogue.supported(cluster.release)
        if known.arch == cluster.architecture and (not cluster.families or known.family in cluster.families)
    )
