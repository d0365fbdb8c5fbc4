"""Where clusters start: a network of the stage's own, or the user's."""

import json
from typing import Any

import pytest

from lambdas.specs import load_cluster, load_job
from scripts.rendering.jobs import job_resources, render_jobs
from scripts.rendering.machine import render_machine
from scripts.rendering.template import CodeLocation, Options, TemplateError, expand

CODE = CodeLocation("bucket-name", "key.zip")
OWN = {"network": "own", "subnetIds": "subnet-1,subnet-2", "vpcId": "vpc-1"}
TAG = {"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}
GROUPS = {"EmrPrimaryGroup", "EmrWorkerGroup", "EmrServiceGroup"}


def resources(**params: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = expand(Options("test", params=params), CODE)["Resources"]
    return found


@pytest.fixture(scope="module")
def new() -> dict[str, dict[str, Any]]:
    render_jobs()
    return resources()


@pytest.fixture(scope="module")
def own() -> dict[str, dict[str, Any]]:
    render_jobs()
    return resources(**OWN)


def of_type(found: dict[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in found.items() if each["Type"] == f"AWS::EC2::{kind}"}


def subnet_ids(found: dict[str, dict[str, Any]]) -> Any:
    return found["PlanRunLambdaFunction"]["Properties"]["Environment"]["Variables"]["SUBNET_IDS"]


def test_clusters_start_in_every_subnet_of_a_new_network(new: dict[str, dict[str, Any]]) -> None:
    subnets = of_type(new, "Subnet")
    assert subnet_ids(new) == {"Fn::Join": [",", [{"Ref": name} for name in subnets]]}
    zones = [json.dumps(subnet["AvailabilityZone"]) for subnet in subnets.values()]
    assert len(set(zones)) == len(subnets) == 3
    assert all(subnet["MapPublicIpOnLaunch"] is False for subnet in subnets.values())


def test_a_new_network_reaches_s3_and_nothing_else(new: dict[str, dict[str, Any]]) -> None:
    (endpoint,) = of_type(new, "VPCEndpoint").values()
    assert endpoint["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}
    assert endpoint["VpcEndpointType"] == "Gateway"
    routed = {
        (each["SubnetId"]["Ref"], json.dumps(each["RouteTableId"]))
        for each in of_type(new, "SubnetRouteTableAssociation").values()
    }
    assert routed == {(name, json.dumps(endpoint["RouteTableIds"][0])) for name in of_type(new, "Subnet")}
    for kind in ("Route", "InternetGateway", "NatGateway", "EIP"):
        assert of_type(new, kind) == {}


def test_emr_may_use_the_network(new: dict[str, dict[str, Any]]) -> None:
    tagged = of_type(new, "VPC") | of_type(new, "Subnet") | of_type(new, "SecurityGroup")
    assert set(tagged) >= GROUPS | {"Vpc"}
    assert all(TAG in each["Tags"] for each in tagged.values())


def test_an_own_network_is_taken_as_it_is(own: dict[str, dict[str, Any]]) -> None:
    assert subnet_ids(own) == OWN["subnetIds"]
    made = {name for name, each in own.items() if each["Type"].startswith("AWS::EC2::")}
    rules = {name for name in made if own[name]["Type"].endswith(("SecurityGroupIngress", "SecurityGroupEgress"))}
    assert made - rules == GROUPS
    assert {own[name]["Properties"]["VpcId"] for name in GROUPS} == {"vpc-1"}


@pytest.mark.parametrize("missing", ["subnetIds", "vpcId"])
def test_what_an_own_network_lacks_is_named(missing: str) -> None:
    with pytest.raises(TemplateError, match=f"param:{missing}.*--param"):
        resources(**{name: value for name, value in OWN.items() if name != missing})


def test_only_the_nodes_and_emr_reach_a_node(new: dict[str, dict[str, Any]]) -> None:
    """As EMR writes them: https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-man-sec-groups.html."""
    opened: dict[str, set[tuple[str, str, int, int]]] = {}
    for rule in of_type(new, "SecurityGroupIngress").values():
        assert "CidrIp" not in rule
        source, target = (rule[key]["Fn::GetAtt"][0] for key in ("SourceSecurityGroupId", "GroupId"))
        opened.setdefault(target, set()).add((source, rule["IpProtocol"], rule["FromPort"], rule["ToPort"]))
    nodes = {
        (source, protocol, first, last)
        for source in ("EmrPrimaryGroup", "EmrWorkerGroup")
        for protocol, first, last in (("tcp", 0, 65535), ("udp", 0, 65535), ("icmp", -1, -1))
    }
    manager = ("EmrServiceGroup", "tcp", 8443, 8443)
    assert opened == {
        "EmrPrimaryGroup": nodes | {manager},
        "EmrWorkerGroup": nodes | {manager},
        "EmrServiceGroup": {("EmrPrimaryGroup", "tcp", 9443, 9443)},
    }


def test_emr_itself_reaches_the_nodes_only(new: dict[str, dict[str, Any]]) -> None:
    rules = of_type(new, "SecurityGroupEgress").values()
    assert {rule["GroupId"]["Fn::GetAtt"][0] for rule in rules} == {"EmrServiceGroup"}
    assert {rule["DestinationSecurityGroupId"]["Fn::GetAtt"][0] for rule in rules} == GROUPS - {"EmrServiceGroup"}
    assert {(rule["FromPort"], rule["ToPort"]) for rule in rules} == {(8443, 8443)}


@pytest.mark.parametrize("cluster", ["spark", "elastic"])
def test_every_cluster_is_in_the_groups_and_guarded(new: dict[str, dict[str, Any]], cluster: str) -> None:
    job = load_job("pricing-summary").model_copy(update={"cluster": cluster})
    asked = json.loads(render_machine(job, load_cluster(cluster)))["States"]["Create cluster"]["Arguments"]
    part = job_resources(job, load_cluster(cluster))["Resources"]["PricingSummaryStateMachine"]["Properties"]
    given = part["DefinitionSubstitutions"]
    for key, group in (
        ("EmrManagedMasterSecurityGroup", "EmrPrimaryGroup"),
        ("EmrManagedSlaveSecurityGroup", "EmrWorkerGroup"),
        ("ServiceAccessSecurityGroup", "EmrServiceGroup"),
    ):
        assert asked["Instances"][key] == f"${{{group}}}"
        assert given[group] == {"Fn::GetAtt": [group, "GroupId"]}
        assert group in new
    assert asked["SecurityConfiguration"] == "${EmrSecurityConfiguration}"
    assert given["EmrSecurityConfiguration"] == {"Ref": "EmrSecurityConfiguration"}
    guarded = new["EmrSecurityConfiguration"]["Properties"]
    assert "Name" not in guarded
    metadata = guarded["SecurityConfiguration"]["InstanceMetadataServiceConfiguration"]
    assert metadata["MinimumInstanceMetadataServiceVersion"] == 2
