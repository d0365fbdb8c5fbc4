"""Whether the roles of a deployment may do what the template gives them, by IAM's own simulation.

Policies changed by hand, permissions boundaries and policies of the organisation show here; policies of buckets, queues
and keys do not.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from scripts.preflight.items import Check, Found, code_of, failed, ok, unknown
from scripts.preflight.statements import ROLE, Meant, Names, Statement, meant_of
from scripts.preflight.subject import Resource, Subject

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

_ALLOWED = "allowed"

# So many denied actions are named.
_NAMED = 6

# What IAM allows if, and only if, it takes what is said of the request into account; not every endpoint does.
_PROBE = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "*",
        "Condition": {"StringEquals": {"s3:prefix": "preflight"}},
    },
}


def role_checks(subject: Subject) -> Iterator[Check]:
    """Look at every role of the stack."""
    deployed = subject.deployed
    if deployed is None:
        return
    names = Names(deployed, subject.partition, subject.region, subject.account)
    knows_conditions = cache(partial(_knows_conditions, subject))
    for logical, resource in sorted(deployed.of_type(ROLE).items()):
        properties = deployed.template.get("Resources", {}).get(logical, {}).get("Properties", {})
        look = partial(_role, subject, resource, meant_of(resource, properties, names), knows_conditions)
        yield Check(f"role-{logical}", f"Permissions of {logical}", look)


def _role(subject: Subject, resource: Resource, meant: Meant, knows_conditions: Callable[[], bool]) -> Found:
    fix = "deploy the stage again; what stays denied, a permissions boundary or a policy of the organisation denies"
    try:
        lacking = _lacking(subject, resource.name, meant.managed)
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return failed(f"the role {resource.name} does not exist", "deploy the stage again")
    if lacking:
        return failed(f"{resource.name} has lost {', '.join(lacking)}", fix)
    asked = [each for each in meant.statements if not each.context or knows_conditions()]
    denied = [each for statement in asked for each in _denied(subject, meant.arn, statement)]
    actions = sum(len(statement.actions) for statement in asked)
    if denied:
        more = f"; and {len(denied) - _NAMED} more" if len(denied) > _NAMED else ""
        return failed(f"{resource.name}: denied are {'; '.join(denied[:_NAMED])}{more}", fix)
    if left_out := sum(len(each.actions) for each in meant.statements) - actions:
        return unknown(
            f"{resource.name}: {actions} actions allowed; {left_out} with conditions were left out, because this "
            "endpoint's SimulatePrincipalPolicy does not look at ContextEntries",
            "look at it on AWS",
        )
    return ok(f"{resource.name}: all {actions} actions allowed")


def _knows_conditions(subject: Subject) -> bool:
    """Ask about a policy whose answer is known; who may not ask is taken to be on AWS."""
    try:
        answer = subject.clients.iam.simulate_custom_policy(
            PolicyInputList=[json.dumps(_PROBE)],
            ActionNames=["s3:ListBucket"],
            ContextEntries=[
                {"ContextKeyName": "s3:prefix", "ContextKeyValues": ["preflight"], "ContextKeyType": "string"}
            ],
        )
    except ClientError:
        return True
    return all(result["EvalDecision"] == _ALLOWED for result in answer["EvaluationResults"])


def _lacking(subject: Subject, role: str, meant: tuple[str, ...]) -> list[str]:
    pages = subject.clients.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    attached = {each.get("PolicyArn") for page in pages for each in page["AttachedPolicies"]}
    return [policy for policy in meant if policy not in attached]


def _denied(subject: Subject, role: str, statement: Statement) -> Iterator[str]:
    context: list[ContextEntryTypeDef] = [
        {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": "string"}
        for key, values in statement.context.items()
    ]
    pages = subject.clients.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role,
        ActionNames=statement.actions,
        ResourceArns=statement.resources or ["*"],
        ContextEntries=context,
    )
    for page in pages:
        for result in page["EvaluationResults"]:
            if result["EvalDecision"] != _ALLOWED:
                yield _why(result)


def _why(result: "EvaluationResultTypeDef") -> str:
    place = result.get("EvalResourceName", "*")
    reason = "explicitly" if result["EvalDecision"] == "explicitDeny" else "no policy allows it"
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        reason = "by a policy of the organisation"
    elif not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
        reason = "by the permissions boundary"
    return f"{result['EvalActionName']} on {place} ({reason})"
