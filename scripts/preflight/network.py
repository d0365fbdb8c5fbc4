"""Where clusters start: the subnets of the deployment, and the instance types their zones offer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scripts.preflight.demand import Demand
from scripts.preflight.items import Check, Found, code_of, failed, ok, warning
from scripts.preflight.subject import Clients, Subject

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, RouteTableTypeDef, SubnetTypeDef

# EMR's service role may use only what has this tag.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-policies-v2.html
EMR_TAG = "for-use-with-amazon-emr-managed-policies"

# So many missing types are named.
_NAMED = 5


@dataclass(frozen=True)
class Routes:
    """The route tables of a VPC and its endpoints for S3: ids of tables for gateways, of subnets for interfaces."""

    tables: tuple["RouteTableTypeDef", ...]
    gateway_tables: frozenset[str]
    interface_subnets: frozenset[str]

    def way_to_s3(self, subnet: str) -> str | None:
        """Return how a subnet reaches S3, in words, or ``None``."""
        table = self._table_of(subnet)
        if table and table.get("RouteTableId") in self.gateway_tables:
            return "gateway endpoint"
        if self.interface_subnets:
            return "interface endpoint"
        for route in table.get("Routes", []) if table else []:
            if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State") != "blackhole":
                return str(
                    route.get("NatGatewayId") or route.get("GatewayId") or route.get("TransitGatewayId") or "route"
                )
        return None

    def _table_of(self, subnet: str) -> "RouteTableTypeDef | None":
        """Return the subnet's own table, else the VPC's main one."""
        own = (each for each in self.tables for link in each.get("Associations", []) if link.get("SubnetId") == subnet)
        main = (each for each in self.tables for link in each.get("Associations", []) if link.get("Main"))
        return next(own, next(main, None))


def network_checks(subject: Subject) -> Iterator[Check]:
    """Look at the subnets of a deployment, and at the types offered there; before one, in the whole region."""
    subnets: list[SubnetTypeDef] = []
    try:
        subnets = _described(subject)
    except (ClientError, BotoCoreError) as error:
        yield Check("subnets", "Subnets", partial(_not_described, error))
    if subject.deployed and not subject.deployed.subnets:
        yield Check("subnets", "Subnets", partial(failed, "plan_run is told no subnets", "deploy the stage again"))
    if subnets:
        yield Check("subnets", "Subnets", partial(_one_vpc, subject.clients, subnets))
        yield Check("subnet-addresses", "Free addresses in the subnets", partial(_addresses, subject, subnets))
        yield Check("subnet-tags", "Tag of the subnets for EMR", partial(_tags, subnets))
        yield Check("subnet-s3", "Way from the subnets to S3", partial(_routes, subject, subnets))
    zones = sorted({subnet.get("AvailabilityZone", "") for subnet in subnets})
    offers = cache(partial(_offers, subject.clients, zones))
    for demand in subject.demands:
        look = partial(_offered, offers, demand)
        yield Check(f"offered-{demand.job}", f"Instance types of {demand.job} in the zones", look)


def _described(subject: Subject) -> list["SubnetTypeDef"]:
    subnets = subject.deployed.subnets if subject.deployed else ()
    # Without ids, EC2 describes all subnets there are.
    return subject.clients.ec2.describe_subnets(SubnetIds=subnets)["Subnets"] if subnets else []


def _not_described(error: ClientError | BotoCoreError) -> Found:
    if not isinstance(error, ClientError) or code_of(error) != "InvalidSubnetID.NotFound":
        raise error
    return failed(
        f"clusters are to start in subnets that do not exist: {error.response['Error'].get('Message', error)}",
        "deploy again with subnets that exist: --param subnetIds=... --param vpcId=...",
    )


def _one_vpc(clients: Clients, found: Sequence["SubnetTypeDef"]) -> Found:
    vpcs = sorted({subnet.get("VpcId", "") for subnet in found})
    if len(vpcs) > 1:
        return failed(
            f"{len(found)} subnets of {len(vpcs)} VPCs: {', '.join(vpcs)}",
            "deploy again with subnets of one VPC: a cluster has its security groups in one",
        )
    wrong = [attribute for attribute, value in _dns(clients, vpcs[0]).items() if not value]
    if wrong:
        return failed(
            f"{vpcs[0]} has {' and '.join(wrong)} off, so the nodes find neither one another nor S3 by name",
            f"aws ec2 modify-vpc-attribute --vpc-id {vpcs[0]} --enable-dns-support; then --enable-dns-hostnames",
        )
    zones = sorted({subnet.get("AvailabilityZone", "") for subnet in found})
    return ok(f"{len(found)} subnets of {vpcs[0]}, in {', '.join(zones)}")


def _dns(clients: Clients, vpc: str) -> dict[str, bool]:
    """Return what a cluster needs of its VPC.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-clusters-in-a-vpc.html
    """
    support = clients.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    hostnames = clients.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    return {
        "enableDnsSupport": support.get("EnableDnsSupport", {}).get("Value", False),
        "enableDnsHostnames": hostnames.get("EnableDnsHostnames", {}).get("Value", False),
    }


def _addresses(subject: Subject, subnets: Sequence["SubnetTypeDef"]) -> Found:
    """Compare with the cluster of most nodes: each takes an address, and all are in one subnet."""
    free = {subnet.get("SubnetId", ""): subnet.get("AvailableIpAddressCount", 0) for subnet in subnets}
    nodes = max((demand.nodes for demand in subject.demands), default=0)
    short = {subnet: count for subnet, count in free.items() if count < nodes}
    said = ", ".join(f"{subnet} {count:,}" for subnet, count in free.items())
    detail = f"free addresses: {said}; the cluster of most nodes takes {nodes:,}"
    fix = "give the deployment larger subnets, free addresses in these, or lower limits.max_nodes"
    if len(short) == len(free):
        return failed(detail, fix)
    return warning(f"{detail}, too many for {', '.join(short)}", fix) if short else ok(detail)


def _tags(subnets: Sequence["SubnetTypeDef"]) -> Found:
    without = [
        subnet.get("SubnetId", "")
        for subnet in subnets
        if {tag.get("Key"): tag.get("Value") for tag in subnet.get("Tags", [])}.get(EMR_TAG) != "true"
    ]
    if without:
        return failed(
            f"{len(without)} subnets are without the tag {EMR_TAG}=true: {', '.join(without)}; EMR may not use them",
            f"aws ec2 create-tags --resources {' '.join(without)} --tags Key={EMR_TAG},Value=true; tag their VPC too",
        )
    return ok(f"all have {EMR_TAG}=true")


def _routes(subject: Subject, subnets: Sequence["SubnetTypeDef"]) -> Found:
    routes = _routes_of(subject, subnets[0].get("VpcId", ""))
    ways = {subnet.get("SubnetId", ""): routes.way_to_s3(subnet.get("SubnetId", "")) for subnet in subnets}
    without = [subnet for subnet, way in ways.items() if way is None]
    if without:
        return failed(
            f"no way to S3 from {', '.join(without)}: clusters there fail while they start",
            f"add a gateway endpoint for com.amazonaws.{subject.region}.s3, which costs nothing, to their route table",
        )
    return ok("; ".join(f"{subnet} by {way}" for subnet, way in ways.items()))


def _routes_of(subject: Subject, vpc: str) -> Routes:
    ec2 = subject.clients.ec2
    in_vpc: FilterTypeDef = {"Name": "vpc-id", "Values": [vpc]}
    tables = [
        table
        for page in ec2.get_paginator("describe_route_tables").paginate(Filters=[in_vpc])
        for table in page["RouteTables"]
    ]
    service: FilterTypeDef = {"Name": "service-name", "Values": [f"com.amazonaws.{subject.region}.s3"]}
    endpoints = [
        endpoint
        for page in ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=[in_vpc, service])
        for endpoint in page["VpcEndpoints"]
    ]
    return Routes(
        tuple(tables),
        frozenset(table for endpoint in endpoints for table in endpoint.get("RouteTableIds", [])),
        frozenset(subnet for endpoint in endpoints for subnet in endpoint.get("SubnetIds", [])),
    )


def _offered(offers_of: Callable[[], dict[str, set[str]]], demand: Demand) -> Found:
    """Look for zones where a cluster could start: the primary's type and one of the workers' are offered."""
    offers, primary, workers = offers_of(), demand.primary_type, demand.worker_types
    useless = [zone for zone, types in offers.items() if primary not in types or types.isdisjoint(workers)]
    everywhere = set[str]().union(*offers.values()) if offers else set()
    missing = [name for name in (primary, *workers) if name not in everywhere]
    zones = ", ".join(offers)
    fix = "name other families or another primary_type in the cluster spec, or deploy with subnets in other zones"
    if len(useless) == len(offers):
        return failed(f"none of {zones} offers {primary} and a type for workers", fix)
    if useless:
        return warning(f"{', '.join(useless)} of {zones} lacks {primary} or every type for workers", fix)
    if missing:
        return warning(f"{_some(missing)} is not offered in {zones}; {len(workers)} types for workers are tried", fix)
    return ok(f"{primary} and {len(workers)} types for workers, in {zones}")


def _offers(clients: Clients, at: Sequence[str]) -> dict[str, set[str]]:
    """Return the types that some zones offer; all of the region where none is given."""
    wanted: list[FilterTypeDef] = [{"Name": "location", "Values": at}] if at else []
    pages = clients.ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=wanted
    )
    offers: dict[str, set[str]] = {zone: set() for zone in at}
    for page in pages:
        for offer in page["InstanceTypeOfferings"]:
            offers.setdefault(offer.get("Location", ""), set()).add(str(offer.get("InstanceType", "")))
    return offers


def _some(names: Iterable[str]) -> str:
    named = list(names)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{', '.join(named[:_NAMED])}{more}"
