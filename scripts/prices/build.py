"""From what AWS says to a region's catalogue."""

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lambdas.specs.catalogue import Catalogue, InstanceType, release_version
from lambdas.specs.cluster import Cluster
from scripts.prices.emr_defaults import default_ebs_gib, yarn_memory_mib
from scripts.prices.errors import PricesError
from scripts.prices.sources import Ec2Type

# General purpose, compute, memory and storage; a family is added here.
_GENERAL = ("m5", "m5a", "m5d", "m6g", "m6gd", "m6i", "m6a", "m7g", "m7i", "m7a", "m8g")
_COMPUTE = ("c5", "c5a", "c6g", "c6i", "c6a", "c7g", "c7i", "c7a", "c8g")
_MEMORY = ("r5", "r5a", "r5d", "r6g", "r6i", "r6a", "r7g", "r7i", "r7a", "r8g")
_STORAGE = ("i3", "i4i", "d3")
FAMILIES = (*_GENERAL, *_COMPUTE, *_MEMORY, *_STORAGE)

# With fewer, an executor and the driver leave each other no room.
MIN_VCPU = 4

SOURCES = (
    "types and releases: https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSupportedInstanceTypes.html",
    "vcpu, memory_gib, arch, ebs_mbps, instance_store_gib: "
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html",
    "yarn_memory_mib: https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html, its rule where "
    "the table has no row",
    "ebs_gib: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-storage.html, its rule above 24xlarge",
    "ec2_usd_per_hour, emr_usd_per_hour, ebs_gp3_usd_per_gib_month: "
    "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html",
    "spot_usd_per_hour, the median of seven days: "
    "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html",
)


@dataclass(frozen=True)
class Facts:
    """What AWS says: the types each release supports, types, and dollars per hour by type (gp3: per GiB and month)."""

    supported: Mapping[str, frozenset[str]]
    ec2: Mapping[str, Ec2Type]
    ec2_prices: Mapping[str, Decimal]
    emr_fees: Mapping[str, Decimal]
    spot_prices: Mapping[str, Decimal]
    gp3_price: Decimal


def build(
    region: str, today: datetime.date, facts: Facts, old: Catalogue | None, clusters: Sequence[Cluster]
) -> Catalogue:
    """Put a region's catalogue together.

    Parameters
    ----------
    region, today
        What is written at its top.
    facts
        What AWS says.
    old
        The catalogue so far: what EMR's pages say about its types stays.
    clusters
        The cluster specs: without a price of what they name there is no catalogue.

    Raises
    ------
    PricesError
        A type in use has no price or is not to be had; all of them.
    """
    known = {each.type: each for each in old.types} if old else {}
    since = _first_releases(facts, known)
    priced = [name for name in since if name in facts.ec2_prices and name in facts.emr_fees]
    if missing := sorted(_missing(clusters, since, priced)):
        raise PricesError(f"{region} lacks types that cluster specs name, or their prices: {', '.join(missing)}")
    types = [_instance_type(name, since[name], facts, known.get(name)) for name in priced]
    return Catalogue(
        region=region,
        currency="USD",
        prices_as_of=today,
        sources=SOURCES,
        ebs_gp3_usd_per_gib_month=facts.gp3_price,
        types=tuple(sorted(types, key=lambda each: (FAMILIES.index(each.family), each.vcpu))),
    )


def _missing(clusters: Sequence[Cluster], offered: Iterable[str], priced: Collection[str]) -> Iterator[str]:
    families = {family for cluster in clusters for family in cluster.families or ()}
    in_use = {name for name in offered if name.partition(".")[0] in families}
    yield from (in_use | {cluster.primary_type for cluster in clusters}) - set(priced)
    yield from families - {name.partition(".")[0] for name in [*offered, *priced]}


def _first_releases(facts: Facts, known: Mapping[str, InstanceType]) -> dict[str, str]:
    since: dict[str, str] = {}
    for name, described in facts.ec2.items():
        supporting = [release for release, names in facts.supported.items() if name in names]
        if supporting and described.vcpu >= MIN_VCPU:
            earlier = [known[name].since] if name in known else []
            since[name] = min([*supporting, *earlier], key=release_version)
    return since


def _instance_type(name: str, since: str, facts: Facts, known: InstanceType | None) -> InstanceType:
    described = facts.ec2[name]
    yarn = known.yarn_memory_mib if known else yarn_memory_mib(name.partition(".")[0], described.memory_gib)
    ebs = known.ebs_gib if known else default_ebs_gib(described.vcpu, described.instance_store_gib)
    return InstanceType(
        type=name,
        vcpu=described.vcpu,
        memory_gib=described.memory_gib,
        yarn_memory_mib=yarn,
        arch=described.arch,
        ec2_usd_per_hour=facts.ec2_prices[name],
        emr_usd_per_hour=facts.emr_fees[name],
        spot_usd_per_hour=facts.spot_prices.get(name),
        ebs_mbps=described.ebs_mbps,
        ebs_gib=ebs,
        instance_store_gib=described.instance_store_gib,
        since=since,
    )
