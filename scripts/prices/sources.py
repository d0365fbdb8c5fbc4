"""What AWS says about types and their prices: one function per API."""

import datetime
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lambdas.specs.cluster import Architecture
from scripts.prices.errors import PricesError
from scripts.prices.spot import SpotPrice, expected_price

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeInfoTypeDef
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_pricing import PricingClient

# How long a price history tells what to expect.
SPOT_DAYS = 7
_TYPES_PER_REQUEST = 50

# Disks are labelled in GB of 10^9 bytes.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-store-volumes.html
_BYTES_PER_GB = 10**9
_BYTES_PER_GIB = 2**30

# What EC2 calls Linux on demand, on shared hosts, without licences and reservations.
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
_LINUX_ON_DEMAND = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}
_EMR_FEE = {"productFamily": "Elastic Map Reduce Instance", "softwareType": "EMR"}
_GP3 = {"productFamily": "Storage", "volumeApiName": "gp3"}


@dataclass(frozen=True)
class Ec2Type:
    """What EC2 says about a type; ``ebs_mbps`` is what it can keep up, in MB/s."""

    vcpu: int
    memory_gib: float
    arch: Architecture
    ebs_mbps: float
    instance_store_gib: int


def supported_types(emr: "EMRClient", release: str) -> frozenset[str]:
    """Return the types a release supports in the client's region.

    https://docs.aws.amazon.com/emr/latest/APIReference/API_ListSupportedInstanceTypes.html
    """
    page = emr.list_supported_instance_types(ReleaseLabel=release)
    names = {known["Type"] for known in page["SupportedInstanceTypes"]}
    while marker := page.get("Marker"):
        page = emr.list_supported_instance_types(ReleaseLabel=release, Marker=marker)
        names |= {known["Type"] for known in page["SupportedInstanceTypes"]}
    return frozenset(names)


def ec2_types(ec2: "EC2Client", families: Collection[str]) -> dict[str, Ec2Type]:
    """Return the types of some families that the client's region has, without bare metal.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
    """
    wanted = [f"{family}.*" for family in families]
    pages = ec2.get_paginator("describe_instance_types").paginate(
        Filters=[{"Name": "instance-type", "Values": wanted}, {"Name": "bare-metal", "Values": ["false"]}]
    )
    return {info["InstanceType"]: _ec2_type(info) for page in pages for info in page["InstanceTypes"]}


def ec2_prices(pricing: "PricingClient", region: str) -> dict[str, Decimal]:
    """Return the dollars per hour of every type on demand, Linux."""
    return _prices(pricing, "AmazonEC2", {"regionCode": region, **_LINUX_ON_DEMAND}, "instanceType")


def emr_fees(pricing: "PricingClient", region: str) -> dict[str, Decimal]:
    """Return EMR's fee of every type, in dollars per hour."""
    return _prices(pricing, "ElasticMapReduce", {"regionCode": region, **_EMR_FEE}, "instanceType")


def gp3_price(pricing: "PricingClient", region: str) -> Decimal:
    """Return the dollars of a GiB of gp3 for a month.

    Raises
    ------
    PricesError
        The region has none.
    """
    found = _prices(pricing, "AmazonEC2", {"regionCode": region, **_GP3}, "volumeApiName")
    if not found:
        raise PricesError(f"the Price List API has no price of gp3 volumes in {region}; is the region's name right?")
    return found["gp3"]


def spot_prices(ec2: "EC2Client", types: Collection[str], now: datetime.datetime) -> dict[str, Decimal]:
    """Return the expected spot price of the types that have a history, in dollars per hour.

    EC2 also gives the last change before the start, which is the price that held then.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
    """
    start = now - datetime.timedelta(days=SPOT_DAYS)
    history: dict[str, list[SpotPrice]] = {}
    names = sorted(types)
    for first in range(0, len(names), _TYPES_PER_REQUEST):
        pages = ec2.get_paginator("describe_spot_price_history").paginate(
            InstanceTypes=names[first : first + _TYPES_PER_REQUEST],  # type: ignore[arg-type]  # the stubs list literals
            ProductDescriptions=["Linux/UNIX"],
            StartTime=start,
            EndTime=now,
        )
        for item in (item for page in pages for item in page["SpotPriceHistory"]):
            price = SpotPrice(item["AvailabilityZone"], item["Timestamp"], Decimal(item["SpotPrice"]))
            history.setdefault(item["InstanceType"], []).append(price)
    expected = {name: expected_price(prices, start, now) for name, prices in history.items()}
    return {name: price for name, price in expected.items() if price is not None}


def _ec2_type(info: "InstanceTypeInfoTypeDef") -> Ec2Type:
    disks_gb = info.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0)
    return Ec2Type(
        vcpu=info["VCpuInfo"]["DefaultVCpus"],
        memory_gib=info["MemoryInfo"]["SizeInMiB"] / 1024,
        arch="arm64" if "arm64" in info["ProcessorInfo"]["SupportedArchitectures"] else "x86_64",
        ebs_mbps=round(info["EbsInfo"]["EbsOptimizedInfo"]["BaselineThroughputInMBps"], 2),
        instance_store_gib=disks_gb * _BYTES_PER_GB // _BYTES_PER_GIB,
    )


def _prices(pricing: "PricingClient", service: str, attributes: Mapping[str, str], key: str) -> dict[str, Decimal]:
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode=service,
        FormatVersion="aws_v1",
        Filters=[{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()],
    )
    prices: dict[str, Decimal] = {}
    for product in (json.loads(text) for page in pages for text in page["PriceList"]):
        name = product["product"]["attributes"].get(key)
        for price in _usd_on_demand(product):
            if prices.setdefault(name, price) != price:
                raise PricesError(f"{service} has two prices of {name}: {prices[name]} and {price} dollars")
    return prices


def _usd_on_demand(product: dict[str, Any]) -> Iterator[Decimal]:
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            price = Decimal(dimension["pricePerUnit"].get("USD", 0))
            if price:
                yield price
