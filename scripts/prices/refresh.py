"""Ask AWS for everything a region's catalogue holds."""

import datetime
from collections.abc import Sequence

from lambdas.specs.catalogue import Catalogue
from lambdas.specs.cluster import Cluster
from scripts.prices.build import FAMILIES, Facts, build
from scripts.prices.clients import Clients
from scripts.prices.sources import ec2_prices, ec2_types, emr_fees, gp3_price, spot_prices, supported_types


def refreshed(
    region: str, clients: Clients, old: Catalogue | None, clusters: Sequence[Cluster], now: datetime.datetime
) -> Catalogue:
    """Return a region's catalogue of today.

    Parameters
    ----------
    region
        Its name.
    clients
        EMR and EC2 of the region.
    old
        The catalogue so far.
    clusters
        The cluster specs: their releases decide which types there are.
    now
        With its time zone.

    Raises
    ------
    PricesError
        What AWS says contradicts itself or lacks what a cluster spec needs.
    """
    releases = sorted({cluster.release for cluster in clusters})
    types = ec2_types(clients.ec2, FAMILIES)
    facts = Facts(
        supported={release: supported_types(clients.emr, release) for release in releases},
        ec2=types,
        ec2_prices=ec2_prices(clients.pricing, region),
        emr_fees=emr_fees(clients.pricing, region),
        spot_prices=spot_prices(clients.ec2, types, now),
        gp3_price=gp3_price(clients.pricing, region),
    )
    return build(region, now.date(), facts, old, clusters)
