"""What instances cost: EC2, EMR's fee and the disks, for an estimate and for what really ran."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from lambdas.specs.catalogue import Catalogue, InstanceType
from lambdas.specs.cluster import Market

# Instances and their fee are billed per second, a minute at least; the fee does not follow the spot price.
# https://aws.amazon.com/emr/pricing/
MIN_BILLED_SECONDS = 60

# A month of a volume, in hours, as the price pages divide it.
# https://aws.amazon.com/ebs/pricing/
HOURS_PER_MONTH = 730

# Assumed where the catalogue has no spot price of a type; 'slow-lambda prices refresh' reads them from the history.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-history.html
ASSUMED_SPOT_FRACTION = Decimal("0.40")


@dataclass(frozen=True)
class Interval:
    """One instance for some seconds; ``ebs_gib`` are its volumes, by default those that EMR attaches to its type."""

    instance_type: str
    market: Market
    seconds: float
    ebs_gib: int | None = None


@dataclass(frozen=True)
class Cost:
    """Dollars by what they pay for."""

    ec2: Decimal = Decimal(0)
    emr: Decimal = Decimal(0)
    ebs: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """The sum, in dollars."""
        return self.ec2 + self.emr + self.ebs

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.ec2 + other.ec2, self.emr + other.emr, self.ebs + other.ebs)


def ec2_usd_per_hour(known: InstanceType, market: Market) -> Decimal:
    """Return what EC2 takes for an instance, in dollars per hour.

    Spot is taken at the type's expected price, without one at ``ASSUMED_SPOT_FRACTION`` of the on-demand price.
    """
    if market == "on_demand":
        return known.ec2_usd_per_hour
    if known.spot_usd_per_hour is None:
        return known.ec2_usd_per_hour * ASSUMED_SPOT_FRACTION
    return known.spot_usd_per_hour


def cost_of(intervals: Iterable[Interval], catalogue: Catalogue) -> Cost:
    """Price instance intervals.

    Parameters
    ----------
    intervals
        One per instance; each is billed for a minute at least, so one interval must not be cut in two.
    catalogue
        Prices; spot as ``ec2_usd_per_hour`` has it.

    Returns
    -------
    Cost
        Unrounded dollars.

    Raises
    ------
    UnknownInstanceTypeError
        A type the catalogue has no price of.
    """
    total = Cost()
    for interval in intervals:
        known = catalogue.get(interval.instance_type)
        hours = Decimal(str(max(interval.seconds, MIN_BILLED_SECONDS))) / 3600
        gib = known.ebs_gib if interval.ebs_gib is None else interval.ebs_gib
        disk_usd_per_hour = gib * catalogue.ebs_gp3_usd_per_gib_month / HOURS_PER_MONTH
        total += Cost(
            ec2_usd_per_hour(known, interval.market) * hours, known.emr_usd_per_hour * hours, disk_usd_per_hour * hours
        )
    return total
