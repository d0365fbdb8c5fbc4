"""What the template's roles mean, with the names AWS gave its resources."""

from collections.abc import Iterator
from typing import Any

import pytest

from scripts.preflight.statements import ROLE, Names, meant_of
from scripts.preflight.subject import Resource
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand
from tests.unit.preflight.support import ACCOUNT, deployed, resources

HERE = f"us-east-1:{ACCOUNT}"


def names(**named: tuple[str, str]) -> Names:
    return Names(deployed(resources=resources(**named)), "aws", "us-east-1", ACCOUNT)


@pytest.mark.parametrize(
    ("kind", "physical", "arn"),
    [
        ("AWS::S3::Bucket", "data", "arn:aws:s3:::data"),
        ("AWS::SQS::Queue", f"https://sqs/{ACCOUNT}/starts", f"arn:aws:sqs:{HERE}:starts"),
        ("AWS::DynamoDB::Table", "runs", f"arn:aws:dynamodb:{HERE}:table/runs"),
        ("AWS::Lambda::Function", "plan-run", f"arn:aws:lambda:{HERE}:function:plan-run"),
        ("AWS::IAM::Role", "node", f"arn:aws:iam::{ACCOUNT}:role/node"),
        ("AWS::Logs::LogGroup", "/aws/lambda/x", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/x:*"),
        ("AWS::KMS::Key", "1234", f"arn:aws:kms:{HERE}:key/1234"),
        ("AWS::SNS::Topic", f"arn:aws:sns:{HERE}:runs", f"arn:aws:sns:{HERE}:runs"),
    ],
)
def test_resources_have_arns(kind: str, physical: str, arn: str) -> None:
    known = names(It=(kind, physical))
    assert known.text({"Fn::GetAtt": ["It", "Arn"]}) == arn
    assert known.text({"Fn::GetAtt": "It.Arn"}) == arn
    assert known.text({"Ref": "It"}) == physical
    assert known.text({"Fn::Sub": "${It.Arn}/x/*"}) == f"{arn}/x/*"


def test_what_nobody_can_fill_in_is_any() -> None:
    known = names()
    for value in ({"Ref": "Gone"}, {"Fn::ImportValue": "x"}, 7, {"Fn::Sub": ["${x}", {}]}):
        assert known.text(value) == "*"
    assert known.text({"Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:x"}) == (
        f"arn:aws:states:{HERE}:x"
    )


def test_statements_are_asked_about_with_examples() -> None:
    properties = {
        "ManagedPolicyArns": [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/x"}],
        "Policies": [
            {
                "PolicyDocument": {
                    "Statement": [
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
                        {
                            "Effect": "Allow",
                            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                            "Resource": {"Fn::Sub": "${It.Arn}/*"},
                            "Condition": {
                                "StringEquals": {"iam:PassedToService": ["a.com", "b.com"]},
                                "StringLike": {"s3:prefix": "runs/*"},
                            },
                        },
                        {"Effect": "Allow", "Action": "xray:PutTraceSegments", "Resource": "*"},
                    ]
                }
            }
        ],
    }
    meant = meant_of(Resource(ROLE, "r"), properties, names(It=("AWS::S3::Bucket", "data")))
    assert (meant.arn, meant.managed) == (f"arn:aws:iam::{ACCOUNT}:role/r", ("arn:aws:iam::aws:policy/x",))
    first, second = meant.statements
    assert first.actions == ("kms:Decrypt", "kms:GenerateDataKey")
    assert first.resources == ("arn:aws:s3:::data/preflight",)
    assert first.context == {"iam:PassedToService": ("a.com",), "s3:prefix": ("runs/preflight",)}
    assert (second.actions, second.resources, second.context) == (("xray:PutTraceSegments",), (), {})


def test_every_reference_of_the_projects_roles_is_understood() -> None:
    render_jobs()
    template = expand(Options("dev"), CodeLocation("b", "k"))
    made = {
        name: Resource(each["Type"], "arn:aws:sns:x:y:z" if each["Type"] == "AWS::SNS::Topic" else name.lower())
        for name, each in template["Resources"].items()
    }
    known = Names(deployed(resources=made, template=template), "aws", "us-east-1", ACCOUNT)
    roles = {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == ROLE}
    assert {"MachineRole", "EmrServiceRole", "EmrNodeRole", "PlanRunRole"} <= set(roles)
    for name, properties in roles.items():
        meant = meant_of(made[name], properties, known)
        assert meant.statements, name
        for value, text in _resources(properties, known):
            assert text.startswith("arn:aws:") or value == "*", (name, value, text)


def _resources(properties: dict[str, Any], known: Names) -> Iterator[tuple[object, str]]:
    for policy in properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            listed = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            yield from ((value, known.text(value)) for value in listed)
