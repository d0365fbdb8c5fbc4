"""The roles of a stage, by simulation."""

import json
from typing import Any

import pytest

from lambdas import aws
from scripts.preflight.items import Item, Status
from scripts.preflight.roles import role_checks
from scripts.preflight.statements import ROLE
from scripts.preflight.subject import Clients
from tests.unit.preflight.support import ACCOUNT, Iam, deployed, found, resources, subject, with_fakes

MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "MachineRole": {
            "Properties": {
                "Policies": [
                    {
                        "PolicyDocument": {
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Action": ["elasticmapreduce:RunJobFlow", "elasticmapreduce:AddTags"],
                                    "Resource": "*",
                                    "Condition": {
                                        "StringEquals": {"elasticmapreduce:RequestTag/slow-lambda:stage": "dev"},
                                        "StringLike": {"elasticmapreduce:RequestTag/slow-lambda:execution": "arn:*"},
                                    },
                                },
                                {
                                    "Effect": "Allow",
                                    "Action": "iam:PassRole",
                                    "Resource": {"Fn::GetAtt": ["EmrServiceRole", "Arn"]},
                                    "Condition": {"StringEquals": {"iam:PassedToService": "elasticmapreduce.x"}},
                                },
                                {"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "RunTopic"}},
                            ]
                        }
                    }
                ]
            }
        },
        "EmrServiceRole": {"Properties": {"ManagedPolicyArns": [MANAGED]}},
    }
}
RESOURCES = resources(
    MachineRole=(ROLE, "machine"),
    EmrServiceRole=(ROLE, "emr-service"),
    RunTopic=("AWS::SNS::Topic", f"arn:aws:sns:us-east-1:{ACCOUNT}:runs"),
)


def statements() -> list[dict[str, Any]]:
    """Return the machine role's policy as CloudFormation would have made it."""
    tags = "elasticmapreduce:RequestTag/slow-lambda"
    return [
        {
            "Effect": "Allow",
            "Action": ["elasticmapreduce:RunJobFlow", "elasticmapreduce:AddTags"],
            "Resource": "*",
            "Condition": {"StringEquals": {f"{tags}:stage": "dev"}, "StringLike": {f"{tags}:execution": "arn:*"}},
        },
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": f"arn:aws:iam::{ACCOUNT}:role/emr-service",
            "Condition": {"StringEquals": {"iam:PassedToService": "elasticmapreduce.x"}},
        },
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": f"arn:aws:sns:us-east-1:{ACCOUNT}:runs"},
    ]


def put(policy: list[dict[str, Any]]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": policy})
    aws.iam().put_role_policy(RoleName="machine", PolicyName="run-clusters", PolicyDocument=document)


@pytest.fixture
def iam(clients: Clients) -> Iam:
    for name in ("machine", "emr-service"):
        aws.iam().create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    put(statements())
    made = aws.iam().create_policy(
        PolicyName="AmazonEMRServicePolicy_v2",
        Path="/service-role/",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements()[2:]}),
    )
    aws.iam().attach_role_policy(RoleName="emr-service", PolicyArn=made["Policy"]["Arn"])
    attached = TEMPLATE["Resources"]["EmrServiceRole"]["Properties"]
    attached["ManagedPolicyArns"] = [made["Policy"]["Arn"]]
    return Iam(clients.iam)


def look(clients: Clients, iam: Iam) -> dict[str, Item]:
    there = deployed(template=TEMPLATE, resources=RESOURCES)
    return found(role_checks(subject(with_fakes(clients, iam=iam), deployed=there)))


def test_roles_as_they_were_deployed_are_fine(clients: Clients, iam: Iam) -> None:
    items = look(clients, iam)
    assert {name: (item.status, item.detail) for name, item in items.items()} == {
        "role-MachineRole": (Status.OK, "machine: all 4 actions allowed"),
        "role-EmrServiceRole": (Status.OK, "emr-service: all 0 actions allowed"),
    }


@pytest.mark.parametrize(
    ("changed", "denied"),
    [
        ({"Action": ["elasticmapreduce:RunJobFlow"]}, ["elasticmapreduce:AddTags on * (no policy allows it)"]),
        (
            {"Condition": {"StringEquals": {"elasticmapreduce:RequestTag/slow-lambda:stage": "prod"}}},
            ["elasticmapreduce:RunJobFlow on *", "elasticmapreduce:AddTags on *"],
        ),
    ],
    ids=["action", "condition"],
)
def test_a_policy_changed_by_hand_is_found(
    clients: Clients, iam: Iam, changed: dict[str, Any], denied: list[str]
) -> None:
    first, *others = statements()
    put([{**first, **changed}, *others])
    item = look(clients, iam)["role-MachineRole"]
    assert item.status is Status.FAILED
    assert all(each in item.detail for each in denied)
    assert "sns:Publish" not in item.detail
    assert "deploy the stage again" in item.fix


def test_who_denies_is_said(clients: Clients, iam: Iam) -> None:
    iam.denied, iam.outside = {"sns:Publish"}, {"iam:PassRole"}
    detail = look(clients, iam)["role-MachineRole"].detail
    assert f"sns:Publish on arn:aws:sns:us-east-1:{ACCOUNT}:runs (by a policy of the organisation)" in detail
    assert f"iam:PassRole on arn:aws:iam::{ACCOUNT}:role/emr-service (by the permissions boundary)" in detail


def test_a_managed_policy_that_was_detached_and_a_role_that_is_gone_fail(clients: Clients, iam: Iam) -> None:
    (policy,) = aws.iam().list_attached_role_policies(RoleName="emr-service")["AttachedPolicies"]
    aws.iam().detach_role_policy(RoleName="emr-service", PolicyArn=policy["PolicyArn"])
    item = look(clients, iam)["role-EmrServiceRole"]
    assert (item.status, item.detail) == (Status.FAILED, f"emr-service has lost {policy['PolicyArn']}")
    aws.iam().delete_role(RoleName="emr-service")
    item = look(clients, iam)["role-EmrServiceRole"]
    assert (item.status, item.detail) == (Status.FAILED, "the role emr-service does not exist")


def test_an_endpoint_that_knows_no_conditions_is_not_asked_about_them(clients: Clients, iam: Iam) -> None:
    item = look(clients, Iam(clients.iam, conditions=False))["role-MachineRole"]
    assert item.status is Status.UNKNOWN
    assert item.detail.startswith("machine: 1 actions allowed; 3 with conditions were left out")


def test_before_a_deployment_there_are_no_roles(clients: Clients) -> None:
    assert found(role_checks(subject(clients))) == {}
