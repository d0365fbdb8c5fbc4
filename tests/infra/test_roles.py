"""Every policy of the stack, statement by statement: what is allowed to all is listed here, with its reason."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

STAGE = "test"

WITHOUT_A_RESOURCE = {
    "xray:": "X-Ray takes no resource",
    "logs:CreateLogDelivery": "log delivery takes no resource",
    "logs:DeleteLogDelivery": "log delivery takes no resource",
    "logs:DescribeLogGroups": "log delivery takes no resource",
    "logs:DescribeResourcePolicies": "log delivery takes no resource",
    "logs:GetLogDelivery": "log delivery takes no resource",
    "logs:ListLogDeliveries": "log delivery takes no resource",
    "logs:PutResourcePolicy": "log delivery takes no resource",
    "logs:UpdateLogDelivery": "log delivery takes no resource",
    "elasticmapreduce:ListClusters": "a list of clusters takes no resource",
    "elasticmapreduce:RunJobFlow": "a cluster has no name before it is created; conditioned on the tags it is given",
    "elasticmapreduce:AddTags": "as RunJobFlow, which adds them",
    "cloudwatch:DescribeAlarms": "EMR chooses the names of the alarms it makes",
}
"""https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html."""

OF_ANY_CLUSTER = {
    "RecordStepRole": "hears of every cluster's steps, and knows the stage's by their tags",
    "CloseRunRole": "finds a cluster whose id the execution did not come to know by its tags",
    "DiagnoseFailureRole": "finds the cluster whose id the machine lost by its tags",
    "ReapClustersRole": "finds the stage's clusters by their tags",
}
"""Who may describe a cluster whatever its tags."""

MANAGED = {"EmrServiceRole": ["service-role/AmazonEMRServicePolicy_v2"]}

TRUSTED = {
    "lambda.amazonaws.com",
    "states.amazonaws.com",
    "events.amazonaws.com",
    "scheduler.amazonaws.com",
    "elasticmapreduce.amazonaws.com",
    "application-autoscaling.amazonaws.com",
    "ec2.amazonaws.com",
}


class Allowed(NamedTuple):
    """One statement of a role's own policies."""

    role: str
    actions: list[str]
    resources: list[Any]
    condition: dict[str, Any]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="module")
def template() -> dict[str, dict[str, Any]]:
    render_jobs()
    found: dict[str, dict[str, Any]] = expand(Options(STAGE), CodeLocation("b", "k"))["Resources"]
    return found


@pytest.fixture(scope="module")
def roles(template: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template.items() if each["Type"] == "AWS::IAM::Role"}


@pytest.fixture(scope="module")
def statements(roles: dict[str, dict[str, Any]]) -> list[Allowed]:
    return list(_statements(roles))


def _statements(roles: dict[str, dict[str, Any]]) -> Iterator[Allowed]:
    for name, role in roles.items():
        for policy in role.get("Policies", []):
            for each in policy["PolicyDocument"]["Statement"]:
                assert each["Effect"] == "Allow"
                assert "NotAction" not in each
                assert "NotResource" not in each
                yield Allowed(name, as_list(each["Action"]), as_list(each["Resource"]), each.get("Condition", {}))


def excused(action: str) -> str | None:
    return next((known for known in WITHOUT_A_RESOURCE if action.startswith(known)), None)


def test_no_action_is_all_actions(statements: list[Allowed]) -> None:
    wide = {(each.role, action) for each in statements for action in each.actions if action.endswith((":*", "*"))}
    assert {action for _, action in wide} <= {"kms:GenerateDataKey*"}


def test_all_resources_only_for_a_listed_reason(statements: list[Allowed]) -> None:
    wide = [(each.role, action) for each in statements if "*" in each.resources for action in each.actions]
    assert [each for each in wide if not excused(each[1])] == []
    assert {excused(action) for _, action in wide} == set(WITHOUT_A_RESOURCE)


def test_no_resource_is_of_another_stage(statements: list[Allowed]) -> None:
    """What is not named by reference is named with the stage, or is tagged with it, or is AWS's own."""
    for each in statements:
        for resource in each.resources:
            named = json.dumps(resource)
            if resource == "*" or "Fn::GetAtt" in named or '{"Ref"' in named or "${" not in named:
                continue
            text = resource["Fn::Sub"]
            if any(f"${{{name}" in text for name in ("DataBucket.", "CodeBucket.", "LogBucket.")):
                continue
            if ":elasticmapreduce:" in text or "/StepFunctionsGetEventForEMR" in text or "AWSServiceRoleFor" in text:
                continue
            assert f"slow-lambda-{STAGE}-" in text, each


def test_clusters_are_created_with_the_stages_tags_only(statements: list[Allowed]) -> None:
    (creating,) = [each for each in statements if "elasticmapreduce:RunJobFlow" in each.actions]
    assert creating.role == "MachineRole"
    assert creating.condition["StringEquals"] == {"elasticmapreduce:RequestTag/slow-lambda:stage": STAGE}
    execution = creating.condition["StringLike"]["elasticmapreduce:RequestTag/slow-lambda:execution"]
    assert execution["Fn::Sub"].endswith(f":execution:slow-lambda-{STAGE}-*")


def test_only_the_stages_clusters_are_touched(statements: list[Allowed]) -> None:
    described = set()
    for each in statements:
        actions = [action for action in each.actions if action.startswith("elasticmapreduce:")]
        if not actions or "*" in each.resources:
            continue
        if actions == ["elasticmapreduce:DescribeCluster"] and not each.condition:
            described.add(each.role)
            continue
        assert each.condition["StringEquals"] == {"elasticmapreduce:ResourceTag/slow-lambda:stage": STAGE}, each
    assert described == set(OF_ANY_CLUSTER)


def test_roles_are_passed_to_whom_they_are_for(roles: dict[str, dict[str, Any]], statements: list[Allowed]) -> None:
    passing = [each for each in statements if "iam:PassRole" in each.actions]
    assert {each.role for each in passing} == {"MachineRole", "EmrServiceRole"}
    for each in passing:
        assert each.actions == ["iam:PassRole"]
        (resource,) = each.resources
        passed = resource["Fn::GetAtt"][0]
        assert passed in {"EmrServiceRole", "EmrNodeRole", "EmrAutoScalingRole"}
        services = as_list(each.condition["StringEquals"]["iam:PassedToService"])
        (trust,) = roles[passed]["AssumeRolePolicyDocument"]["Statement"]
        assert set(services) <= set(as_list(trust["Principal"]["Service"]))


def test_roles_are_assumed_by_services(roles: dict[str, dict[str, Any]]) -> None:
    for role in roles.values():
        for trust in role["AssumeRolePolicyDocument"]["Statement"]:
            assert set(trust["Principal"]) == {"Service"}
            assert set(as_list(trust["Principal"]["Service"])) <= TRUSTED
            assert trust["Action"] == "sts:AssumeRole"


def test_every_function_has_a_role_of_its_own(
    template: dict[str, dict[str, Any]], roles: dict[str, dict[str, Any]]
) -> None:
    functions = {
        name.removesuffix("LambdaFunction"): each["Properties"]["Role"]
        for name, each in template.items()
        if each["Type"] == "AWS::Lambda::Function"
    }
    assert functions == {name: {"Fn::Sub": f"${{{name}Role.Arn}}"} for name in functions}
    assert {f"{name}Role" for name in functions} <= set(roles)


def test_a_function_writes_to_its_own_log_and_makes_none(
    template: dict[str, dict[str, Any]], statements: list[Allowed]
) -> None:
    """A group made while the stack is removed would stay behind."""
    functions = {name for name, each in template.items() if each["Type"] == "AWS::Lambda::Function"}
    writing = {
        each.role: each.resources
        for each in statements
        if each.actions == ["logs:CreateLogStream", "logs:PutLogEvents"]
    }
    names = [name.removesuffix("LambdaFunction") for name in functions]
    assert writing == {f"{name}Role": [{"Fn::GetAtt": [f"{name}LogGroup", "Arn"]}] for name in names}
    assert not [each for each in statements if "logs:CreateLogGroup" in each.actions]


def test_the_only_policy_of_aws_is_that_of_emr(roles: dict[str, dict[str, Any]]) -> None:
    used = {
        name: [each["Fn::Sub"].rpartition(":policy/")[2] for each in role["ManagedPolicyArns"]]
        for name, role in roles.items()
        if "ManagedPolicyArns" in role
    }
    assert used == MANAGED


def test_what_others_may_do_is_bound_to_this_account(template: dict[str, dict[str, Any]]) -> None:
    """Policies of buckets, queues, the topic and its key: a service only for this account; plain HTTP for nobody."""
    for name, resource in template.items():
        document = resource["Properties"].get("PolicyDocument") or resource["Properties"].get("KeyPolicy")
        if document is None:
            continue
        for each in document["Statement"]:
            if each["Effect"] == "Deny":
                assert each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, name
            elif "Service" in each["Principal"]:
                keys = {key for operator in each["Condition"].values() for key in operator}
                assert keys & {"aws:SourceArn", "aws:SourceAccount"}, name
            else:
                assert each["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
                assert resource["Type"] == "AWS::KMS::Key"
