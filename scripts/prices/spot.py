"""The expected spot price of a type, from its history."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class SpotPrice:
    """A price that holds in a zone from a time until the zone's next one."""

    zone: str
    since: datetime.datetime
    usd_per_hour: Decimal


def expected_price(history: Iterable[SpotPrice], start: datetime.datetime, end: datetime.datetime) -> Decimal | None:
    """Return the median over zones and time of a type's spot price, weighted by how long each price held.

    Parameters
    ----------
    history
        The type's prices, in any order.
    start, end
        What counts. A price from before the start counts from the start.

    Returns
    -------
    Decimal | None
        Dollars per hour; nothing if no price held in that time.
    """
    held: dict[Decimal, float] = {}
    zones: dict[str, list[SpotPrice]] = {}
    for price in sorted(history, key=lambda each: each.since):
        zones.setdefault(price.zone, []).append(price)
    for prices in zones.values():
        ends = [*(price.since for price in prices[1:]), end]
        for price, until in zip(prices, ends, strict=True):
            seconds = (min(until, end) - max(price.since, start)).total_seconds()
            if seconds > 0:
                held[price.usd_per_hour] = held.get(price.usd_per_hour, 0.0) + seconds
    return _weighted_median(held)


def _weighted_median(weights: dict[Decimal, float]) -> Decimal | None:
    half, passed = sum(weights.values()) / 2, 0.0
    for value, weight in sorted(weights.items()):
        passed += weight
        if passed >= half:
            return value
    return None
