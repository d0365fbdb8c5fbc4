"""Instance seconds to dollars."""

from lambdas.pricing.cost import Cost, Interval, cost_of

__all__ = ["Cost", "Interval", "cost_of"]
