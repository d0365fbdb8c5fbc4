"""EMR, EC2 and the Price List API as far as prices need them: small pages, real filters, AWS's shapes."""

import datetime
import fnmatch
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from scripts.prices.clients import Clients

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
PAGE = 2


def described(name: str, vcpu: int, arch: str = "arm64", disks_gb: int = 0, *, metal: bool = False) -> dict[str, Any]:
    """A type as DescribeInstanceTypes shows it, with 4 GiB and 30 MB/s per core."""
    info: dict[str, Any] = {
        "InstanceType": name,
        "BareMetal": metal,
        "VCpuInfo": {"DefaultVCpus": vcpu},
        "MemoryInfo": {"SizeInMiB": vcpu * 4096},
        "ProcessorInfo": {"SupportedArchitectures": [arch]},
        "EbsInfo": {"EbsOptimizedInfo": {"BaselineThroughputInMBps": vcpu * 30.0}},
    }
    if disks_gb:
        info["InstanceStorageInfo"] = {"TotalSizeInGB": disks_gb}
    return info


def product(attributes: Mapping[str, str], usd: str) -> dict[str, Any]:
    """A product as GetProducts shows it."""
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": usd}}
    terms = {"OnDemand": {"SKU.TERM": {"priceDimensions": {"SKU.TERM.RATE": dimension}}}}
    return {"product": {"attributes": dict(attributes)}, "terms": terms}


def ec2_product(name: str, usd: str, **other: str) -> dict[str, Any]:
    attributes = {
        "servicecode": "AmazonEC2",
        "instanceType": name,
        "regionCode": "us-east-1",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
    }
    return product({**attributes, **other}, usd)


def emr_product(name: str, usd: str, **other: str) -> dict[str, Any]:
    attributes = {
        "servicecode": "ElasticMapReduce",
        "instanceType": name,
        "regionCode": "us-east-1",
        "productFamily": "Elastic Map Reduce Instance",
        "softwareType": "EMR",
    }
    return product({**attributes, **other}, usd)


def gp3_product(usd: str, region: str = "us-east-1") -> dict[str, Any]:
    attributes = {"servicecode": "AmazonEC2", "productFamily": "Storage", "volumeApiName": "gp3", "regionCode": region}
    return product(attributes, usd)


def spot(name: str, hours_ago: float, usd: str, zone: str = "us-east-1a") -> dict[str, Any]:
    """A change as DescribeSpotPriceHistory shows it."""
    return {
        "InstanceType": name,
        "AvailabilityZone": zone,
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": usd,
        "Timestamp": NOW - datetime.timedelta(hours=hours_ago),
    }


@dataclass
class FakeAws:
    """What the account sees; change it, then ask through ``clients``."""

    supported: dict[str, list[str]]
    types: list[dict[str, Any]]
    products: list[dict[str, Any]]
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def clients(self) -> Clients:
        return Clients(cast("Any", self), cast("Any", self), cast("Any", self))

    def list_supported_instance_types(self, ReleaseLabel: str, Marker: str = "0") -> dict[str, Any]:  # noqa: N803
        first = int(Marker)
        names = self.supported[ReleaseLabel]
        page: dict[str, Any] = {"SupportedInstanceTypes": [{"Type": name} for name in names[first : first + PAGE]]}
        return {**page, "Marker": str(first + PAGE)} if names[first + PAGE :] else page

    def get_paginator(self, operation: str) -> "_Paginator":
        return _Paginator(self, operation)

    def describe_instance_types(self, asked: Mapping[str, Any]) -> list[Any]:
        filters = {each["Name"]: each["Values"] for each in asked["Filters"]}
        metal = [value == "true" for value in filters["bare-metal"]]
        return [
            info
            for info in self.types
            if info["BareMetal"] in metal
            and any(fnmatch.fnmatchcase(info["InstanceType"], wanted) for wanted in filters["instance-type"])
        ]

    def describe_spot_price_history(self, asked: Mapping[str, Any]) -> list[Any]:
        """The changes between start and end, and of every type and zone the last one before the start."""
        wanted = [
            item
            for item in self.history
            if item["InstanceType"] in asked["InstanceTypes"]
            and item["ProductDescription"] in asked["ProductDescriptions"]
            and item["Timestamp"] <= asked["EndTime"]
        ]
        before: dict[tuple[str, str], dict[str, Any]] = {}
        within = []
        for item in sorted(wanted, key=lambda each: cast("datetime.datetime", each["Timestamp"])):
            if item["Timestamp"] < asked["StartTime"]:
                before[item["InstanceType"], item["AvailabilityZone"]] = item
            else:
                within.append(item)
        return [*before.values(), *within][::-1]

    def get_products(self, asked: Mapping[str, Any]) -> list[Any]:
        wanted = {"servicecode": asked["ServiceCode"], **{each["Field"]: each["Value"] for each in asked["Filters"]}}
        return [json.dumps(each) for each in self.products if wanted.items() <= each["product"]["attributes"].items()]


@dataclass(frozen=True)
class _Paginator:
    aws: FakeAws
    operation: str

    def paginate(self, **asked: Any) -> Iterator[dict[str, Sequence[Any]]]:
        key = {"describe_instance_types": "InstanceTypes", "get_products": "PriceList"}.get(
            self.operation, "SpotPriceHistory"
        )
        items = getattr(self.aws, self.operation)(asked)
        for first in range(0, max(len(items), 1), PAGE):
            yield {key: items[first : first + PAGE]}
