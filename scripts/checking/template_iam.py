"""The rules about what a template's roles may do, and who may take them."""

from collections.abc import Iterator, Mapping
from typing import Any

from scripts.checking.rules import Place, Rule
from scripts.checking.template import Template

_LEAST_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
_ROLE_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"

# Actions that know no resource, so that their Resource has to be "*": the column "Resource types" is empty in
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_WITHOUT_RESOURCE = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutMetricData",
    "ec2:Describe",
    "elasticmapreduce:DescribeReleaseLabel",
    "elasticmapreduce:ListClusters",
    "elasticmapreduce:ListReleaseLabels",
    "elasticmapreduce:ListSupportedInstanceTypes",
    "elasticmapreduce:RunJobFlow",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "pricing:",
    "s3:ListAllMyBuckets",
    "servicequotas:Get",
    "servicequotas:List",
    "sts:GetCallerIdentity",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)

# Actions that only a condition on the request can hold: there is no cluster yet to have tags.
_WITH_REQUEST = frozenset({"elasticmapreduce:AddTags"})

# Services whose documentation asks for a condition on the account in the roles they take.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
_ASKS_FOR_SOURCE = {
    "states.amazonaws.com": "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
    "scheduler.amazonaws.com": "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
    "elasticmapreduce.amazonaws.com": "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-iam-role.html",
}
_SOURCES = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths")

_Statement = Mapping[str, Any]


def _granted(template: Template) -> Iterator[tuple[str, _Statement]]:
    """Yield every statement that allows something to a role or user, with the resource it is written in."""
    kinds = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    for name, properties in template.resources(*kinds):
        documents = [properties.get("PolicyDocument")]
        documents += [each.get("PolicyDocument") for each in as_list(properties.get("Policies")) if _is(each)]
        yield from ((name, statement) for document in documents for statement in _allowed(document))


def _allowed(document: Any) -> Iterator[_Statement]:
    for statement in as_list(document.get("Statement")) if _is(document) else ():
        if _is(statement) and statement.get("Effect") == "Allow":
            yield statement


def _is(value: Any) -> bool:
    return isinstance(value, Mapping)


def as_list(value: Any) -> list[Any]:
    """Return what a policy may write as one value or as a list; nothing for nothing."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _actions(statement: _Statement) -> list[str]:
    return [action for action in as_list(statement.get("Action")) if isinstance(action, str)]


def _all_actions(template: Template) -> Iterator[tuple[Place, str]]:
    for name, statement in _granted(template):
        wide = [action for action in _actions(statement) if action == "*" or action.endswith(":*")]
        if wide or "NotAction" in statement:
            yield template.at(name), f"{name} allows {', '.join(wide) or 'all but some actions (NotAction)'}"


def _all_resources(template: Template) -> Iterator[tuple[Place, str]]:
    for name, statement in _granted(template):
        if "*" not in as_list(statement.get("Resource")):
            continue
        tagged = "RequestTag/" in str(statement.get("Condition"))
        wide = [action for action in _actions(statement) if not _needs_all(action, tagged=tagged)]
        wide = [action for action in wide if action.lower() != "iam:passrole"]
        if wide:
            yield template.at(name), f"{name} allows {', '.join(wide)} on every resource"


def _needs_all(action: str, *, tagged: bool) -> bool:
    return action.startswith(_WITHOUT_RESOURCE) or (tagged and action in _WITH_REQUEST)


def _passes(template: Template) -> Iterator[tuple[str, _Statement]]:
    for name, statement in _granted(template):
        if any(action.lower() == "iam:passrole" for action in _actions(statement)):
            yield name, statement


def _passes_any_role(template: Template) -> Iterator[tuple[Place, str]]:
    for name, statement in _passes(template):
        if any(isinstance(each, str) and each.endswith("*") for each in as_list(statement.get("Resource"))):
            yield template.at(name), f"{name} may pass any role"


def _passes_to_any_service(template: Template) -> Iterator[tuple[Place, str]]:
    for name, statement in _passes(template):
        if "iam:PassedToService" not in str(statement.get("Condition")):
            yield template.at(name), f"{name} may pass a role to any service"


def _trusts_any_account(template: Template) -> Iterator[tuple[Place, str]]:
    for name, properties in template.resources("AWS::IAM::Role"):
        for statement in _allowed(properties.get("AssumeRolePolicyDocument")):
            services = as_list(statement["Principal"].get("Service")) if _is(statement.get("Principal")) else []
            asking = [each for each in services if isinstance(each, str) and each in _ASKS_FOR_SOURCE]
            if asking and not any(source in str(statement.get("Condition")) for source in _SOURCES):
                yield template.at(name), f"{name} can be taken by {', '.join(asking)} on behalf of any account"


IAM_RULES: tuple[Rule[Template], ...] = (
    Rule(
        id="iam-all-actions",
        severity="warning",
        why="A role that may do everything a service knows can do harm nobody thought of.",
        fix="List the actions that are used.",
        link=_LEAST_PAGE,
        find=_all_actions,
    ),
    Rule(
        id="iam-all-resources",
        severity="warning",
        why="The role reaches what belongs to others in the account.",
        fix="Name the resources, or add a condition on their tags and a resource type, such as cluster/*.",
        link=_LEAST_PAGE,
        find=_all_resources,
    ),
    Rule(
        id="iam-passes-any-role",
        severity="error",
        why="Whoever may pass every role to a service can make that service do whatever any of them may do.",
        fix="Name the roles that are passed.",
        link=_ROLE_PAGE,
        find=_passes_any_role,
    ),
    Rule(
        id="iam-passes-to-any-service",
        severity="warning",
        why="A role meant for one service can be handed to another one.",
        fix="Add the condition iam:PassedToService with the service's name.",
        link=_ROLE_PAGE,
        find=_passes_to_any_service,
    ),
    Rule(
        id="iam-trust-without-source",
        severity="warning",
        why="Somebody in another account may get the service to use the role for them (the confused deputy).",
        fix="Add a condition on aws:SourceAccount, and on aws:SourceArn where the ARN is known, to the trust policy.",
        link="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
        find=_trusts_any_account,
    ),
)
