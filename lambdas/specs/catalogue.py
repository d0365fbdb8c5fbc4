"""The instance types a size may choose from, per region, with prices."""

import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from lambdas.specs.cluster import Architecture
from lambdas.specs.types import Count, Line, Spec, not_empty

Price = Annotated[Decimal, Field(gt=0)]


class UnknownInstanceTypeError(LookupError):
    """A type without a price in the region's catalogue."""

    def __init__(self, name: str, region: str) -> None:
        super().__init__(f"no price of {name!r} in {region}; add it to emr_specs/instances/{region}.yml")


class InstanceType(Spec):
    """One instance type; prices in dollars per hour."""

    type: Line
    vcpu: Count
    memory_gib: Count
    yarn_memory_mib: Count
    ebs_gib: Count
    arch: Architecture
    ec2_usd_per_hour: Price
    emr_usd_per_hour: Price

    @property
    def family(self) -> str:
        """The part before the dot, such as ``m7g``."""
        return self.type.partition(".")[0]


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
