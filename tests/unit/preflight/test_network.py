"""Subnets in moto's VPCs."""

from typing import Any

import pytest

from lambdas import aws
from scripts.preflight.items import Item, Status
from scripts.preflight.network import EMR_TAG, network_checks
from scripts.preflight.subject import Clients
from tests.unit.preflight.support import Ec2, demand, deployed, found, refused, subject, with_fakes


class Network:
    """A VPC as EMR wants it, and subnets in it."""

    def __init__(self) -> None:
        self.vpc = aws.ec2().create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        aws.ec2().modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        tables = aws.ec2().describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"]
        self.main = tables[0]["RouteTableId"]
        self.subnets: list[str] = []

    def subnet(self, bits: int = 24, *, tagged: bool = True, zone: str = "us-east-1a", vpc: str | None = None) -> str:
        subnet = aws.ec2().create_subnet(
            VpcId=vpc or self.vpc, CidrBlock=f"10.0.{len(self.subnets)}.0/{bits}", AvailabilityZone=zone
        )["Subnet"]["SubnetId"]
        if tagged:
            aws.ec2().create_tags(Resources=[subnet], Tags=[{"Key": EMR_TAG, "Value": "true"}])
        self.subnets.append(subnet)
        return subnet

    def gateway(self, *tables: str) -> None:
        aws.ec2().create_vpc_endpoint(
            VpcId=self.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=tables or [self.main]
        )

    def table(self, subnet: str) -> str:
        table = aws.ec2().create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        aws.ec2().associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table


@pytest.fixture
def network(clients: Clients) -> Network:
    return Network()


def look(clients: Clients, subnets: list[str], **changes: Any) -> dict[str, Item]:
    there = deployed(subnets=tuple(subnets))
    return found(network_checks(subject(clients, deployed=there, **{"demands": (), **changes})))


def test_a_sound_network_is_fine(clients: Clients, network: Network) -> None:
    network.gateway()
    first, second = network.subnet(), network.subnet(zone="us-east-1b")
    items = look(clients, [first, second], demands=(demand(),))
    assert {item.status for item in items.values()} == {Status.OK}
    assert items["subnets"].detail == f"2 subnets of {network.vpc}, in us-east-1a, us-east-1b"
    assert f"{first} 251, {second} 251; the cluster of most nodes takes 10" in items["subnet-addresses"].detail
    assert items["subnet-s3"].detail == f"{first} by gateway endpoint; {second} by gateway endpoint"
    assert items["offered-count"].detail == "m5.xlarge and 2 types for workers, in us-east-1a, us-east-1b"


def test_subnets_that_are_gone_fail_and_the_region_is_looked_at(clients: Clients) -> None:
    some = with_fakes(clients, ec2=Ec2(clients.ec2, ["m5.xlarge"], ["us-east-1a", "us-east-1f"]))
    items = look(some, ["subnet-0123456789abcdef0"], demands=(demand(worker_types=("m5.xlarge",)),))
    assert set(items) == {"subnets", "offered-count"}
    assert items["subnets"].status is Status.FAILED
    assert "subnet-0123456789abcdef0" in items["subnets"].detail
    assert "us-east-1f" in items["offered-count"].detail


def test_no_subnets_and_subnets_that_may_not_be_seen(clients: Clients) -> None:
    assert look(clients, [])["subnets"].detail == "plan_run is told no subnets"

    class Denied:
        def __getattr__(self, name: str) -> Any:
            return getattr(clients.ec2, name)

        def describe_subnets(self, **_: object) -> None:
            raise refused("DescribeSubnets", "UnauthorizedOperation")

    item = look(with_fakes(clients, ec2=Denied()), ["subnet-1"])["subnets"]
    assert (item.status, item.detail) == (Status.UNKNOWN, "DescribeSubnets is not allowed: so")


def test_subnets_of_two_vpcs_and_a_vpc_without_names_fail(clients: Clients, network: Network) -> None:
    other = Network()
    item = look(clients, [network.subnet(), other.subnet()])["subnets"]
    assert item.status is Status.FAILED
    assert "2 subnets of 2 VPCs" in item.detail
    aws.ec2().modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": False})
    item = look(clients, network.subnets)["subnets"]
    assert item.status is Status.FAILED
    assert f"{network.vpc} has enableDnsHostnames off" in item.detail
    assert f"modify-vpc-attribute --vpc-id {network.vpc}" in item.fix


def test_small_subnets_are_held_against_the_largest_cluster(clients: Clients, network: Network) -> None:
    small = network.subnet(28)
    large = network.subnet()
    clients = with_fakes(clients, ec2=Ec2(clients.ec2, ["m5.xlarge"]))
    needs = (demand(nodes=12),)
    mixed = look(clients, [small, large], demands=needs)["subnet-addresses"]
    assert mixed.status is Status.WARNING
    assert f"too many for {small}" in mixed.detail
    assert look(clients, [small], demands=needs)["subnet-addresses"].status is Status.FAILED
    assert look(clients, [small], demands=(demand(nodes=11),))["subnet-addresses"].status is Status.OK


def test_a_subnet_without_the_tag_fails(clients: Clients, network: Network) -> None:
    network.subnet()
    bare = network.subnet(tagged=False)
    item = look(clients, network.subnets)["subnet-tags"]
    assert item.status is Status.FAILED
    assert item.fix.startswith(f"aws ec2 create-tags --resources {bare} --tags Key={EMR_TAG},Value=true")


def test_a_subnet_needs_a_way_to_s3_of_its_own_table(clients: Clients, network: Network) -> None:
    first, second = network.subnet(), network.subnet()
    network.gateway()
    table = network.table(second)
    item = look(clients, network.subnets)["subnet-s3"]
    assert item.status is Status.FAILED
    assert f"no way to S3 from {second}:" in item.detail
    assert "com.amazonaws.us-east-1.s3" in item.fix

    gateway = aws.ec2().create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2().attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
    aws.ec2().create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    item = look(clients, network.subnets)["subnet-s3"]
    assert (item.status, item.detail) == (Status.OK, f"{first} by gateway endpoint; {second} by {gateway}")


@pytest.mark.parametrize(
    ("primary", "workers", "status", "word"),
    [
        ("m5.xlarge", ("m5.xlarge", "z9.huge"), Status.WARNING, "z9.huge is not offered"),
        ("z9.huge", ("m5.xlarge",), Status.FAILED, "none of us-east-1a offers z9.huge"),
        ("m5.xlarge", tuple(f"z{number}.huge" for number in range(9)), Status.FAILED, "and a type for workers"),
    ],
    ids=["one", "primary", "workers"],
)
def test_types_nobody_offers_are_found(
    clients: Clients, network: Network, primary: str, workers: tuple[str, ...], status: Status, word: str
) -> None:
    needs = (demand(primary_type=primary, worker_types=workers),)
    item = look(clients, [network.subnet()], demands=needs)["offered-count"]
    assert item.status is status
    assert word in item.detail
    assert "cluster spec" in item.fix


def test_a_zone_where_no_cluster_could_start_is_named(clients: Clients, network: Network) -> None:
    here, there = network.subnet(), network.subnet(zone="us-east-1e")
    # The oldest zone, which has no seventh generation.
    item = look(clients, [here, there], demands=(demand(primary_type="m7g.xlarge"),))["offered-count"]
    assert item.status is Status.WARNING
    assert item.detail.startswith("us-east-1e of us-east-1a, us-east-1e lacks ")
