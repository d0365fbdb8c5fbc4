"""Instance seconds to dollars, and what spot instances cost in time."""

from lambdas.pricing.cost import Cost, Interval, cost_of, ec2_usd_per_hour
from lambdas.pricing.spot import expected_rework

__all__ = ["Cost", "Interval", "cost_of", "ec2_usd_per_hour", "expected_rework"]
