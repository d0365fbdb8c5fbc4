"""What the roles of a stack are meant to be allowed, from its own template, with the names AWS gave its resources."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.preflight.subject import Deployed, Resource

ROLE = "AWS::IAM::Role"

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")

# ARNs of resources whose name in the stack is not their ARN.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_ARNS = {
    "AWS::S3::Bucket": "arn:{partition}:s3:::{name}",
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{name}",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{name}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{name}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{name}:*",
    "AWS::KMS::Key": "arn:{partition}:kms:{region}:{account}:key/{name}",
}

# In place of a star of a pattern, so that what is asked about could be a real name.
_EXAMPLE = "preflight"


@dataclass(frozen=True)
class Names:
    """What the references of a template stand for."""

    deployed: Deployed
    partition: str
    region: str
    account: str

    def text(self, value: object) -> str:
        """Return a text of the template with all references filled in; ``*`` for one nobody can fill in."""
        if isinstance(value, str):
            return value
        if not isinstance(value, Mapping):
            return "*"
        if "Ref" in value:
            return self._reference(str(value["Ref"]))
        if "Fn::GetAtt" in value:
            found = value["Fn::GetAtt"]
            return self._reference(found if isinstance(found, str) else ".".join(found))
        if isinstance(value.get("Fn::Sub"), str):
            return _REFERENCE.sub(lambda match: self._reference(match[1]), value["Fn::Sub"])
        return "*"

    def _reference(self, name: str) -> str:
        pseudo = {"AWS::Partition": self.partition, "AWS::Region": self.region, "AWS::AccountId": self.account}
        if name in pseudo:
            return pseudo[name]
        logical, _, attribute = name.partition(".")
        resource = self.deployed.resources.get(logical)
        if resource is None:
            return "*"
        return self.arn(resource) if attribute == "Arn" else resource.name

    def arn(self, resource: Resource) -> str:
        """Return the ARN of a resource of the stack."""
        if resource.name.startswith("arn:") or resource.type not in _ARNS:
            return resource.name
        # The stack names a queue by its URL.
        name = resource.name.rpartition("/")[2] if resource.type == "AWS::SQS::Queue" else resource.name
        return _ARNS[resource.type].format(
            partition=self.partition, region=self.region, account=self.account, name=name
        )


@dataclass(frozen=True)
class Statement:
    """Actions that a role is meant to be allowed, on what, and with what in the request."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Meant:
    """What a role is meant to have: its ARN, the managed policies attached to it, and what its own policies allow."""

    arn: str
    managed: tuple[str, ...]
    statements: tuple[Statement, ...]


def meant_of(resource: Resource, properties: Mapping[str, Any], names: Names) -> Meant:
    """Read what a role is meant to have.

    Parameters
    ----------
    resource
        The role.
    properties
        Its properties in the template.
    names
        Of the stack.
    """
    managed = tuple(names.text(each) for each in properties.get("ManagedPolicyArns", []))
    return Meant(names.arn(resource), managed, tuple(_statements(properties, names)))


def _statements(role: Mapping[str, Any], names: Names) -> Iterator[Statement]:
    for policy in role.get("Policies", []):
        for statement in _listed(policy["PolicyDocument"]["Statement"]):
            if statement["Effect"] != "Allow":
                continue
            resources = [names.text(each) for each in _listed(statement["Resource"])]
            yield Statement(
                actions=tuple(str(action).rstrip("*") for action in _listed(statement["Action"])),
                # Without any, IAM takes all resources.
                resources=tuple(each.replace("*", _EXAMPLE) for each in resources if each != "*"),
                context={
                    key: tuple(names.text(each).replace("*", _EXAMPLE) for each in _listed(values))[:1]
                    for operator in statement.get("Condition", {}).values()
                    for key, values in operator.items()
                },
            )


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
