"""What moto does not have, as far as preflight asks for it, and a subject to look at."""

import dataclasses
import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from botocore.exceptions import ClientError

from lambdas.specs import load_catalogue, load_cluster, load_jobs
from scripts.preflight.demand import Demand, Size
from scripts.preflight.items import Check, Item, inspect
from scripts.preflight.subject import Clients, Deployed, Resource, Subject

ACCOUNT = "123456789012"


def refused(operation: str, code: str, message: str = "so") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def demand(**changes: Any) -> Demand:
    """Return what a job asks for that starts with 2 x 4 vCPUs and goes up to 10 x 4, eight of them on spot."""
    made = Demand(
        job="count",
        cluster=load_cluster("spark"),
        smallest=Size("1 x m5.xlarge and 1 x m5.xlarge", 2, 8, 0),
        largest=Size("1 x m5.xlarge and 9 x m5.xlarge", 10, 40, 28),
        nodes=10,
        primary_type="m5.xlarge",
        worker_types=("m5.xlarge", "r5.xlarge"),
    )
    return dataclasses.replace(made, **changes)


def deployed(**changes: Any) -> Deployed:
    made = Deployed("CREATE_COMPLETE", outputs={}, resources={}, template={}, subnets=())
    return dataclasses.replace(made, **changes)


def subject(clients: Clients, **changes: Any) -> Subject:
    made = Subject(
        clients=clients,
        stage="dev",
        account=ACCOUNT,
        region="us-east-1",
        partition="aws",
        jobs=tuple(load_jobs()),
        demands=(demand(),),
        catalogue=load_catalogue("us-east-1"),
        deployed=None,
    )
    return dataclasses.replace(made, **changes)


def found(checks: Iterable[Check]) -> dict[str, Item]:
    """Look at everything; by id."""
    return {item.id: item for item in map(inspect, checks)}


class Pages:
    """A paginator of one-item pages."""

    def __init__(self, name: str, items: Sequence[Mapping[str, Any]]) -> None:
        self._name, self._items = name, items

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        for item in self._items:
            yield {self._name: [item]}


class Quotas:
    """Service Quotas: what the account has of its own, and what AWS gives everybody."""

    def __init__(
        self, own: Mapping[str, float], default: Mapping[str, float] | None = None, clusters: int = 500
    ) -> None:
        self._own, self._default, self._clusters = own, default or {}, clusters

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        return self._answer(self._own, "GetServiceQuota", QuotaCode)

    def get_aws_default_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        return self._answer(self._default, "GetAWSDefaultServiceQuota", QuotaCode)

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_service_quotas"
        names = {"Replenishment rate of RunJobFlow calls": 0.5}
        if self._clusters:
            names["The maximum number of active clusters that can be run at the same time"] = self._clusters
        return Pages("Quotas", [{"QuotaName": name, "Value": value} for name, value in names.items()])

    def _answer(self, quotas: Mapping[str, float], call: str, code: str) -> dict[str, Any]:
        if code not in quotas:
            raise refused(call, "NoSuchResourceException")
        metric = {"MetricNamespace": "AWS/Usage", "MetricName": "ResourceCount", "MetricDimensions": {"Class": code}}
        return {"Quota": {"QuotaCode": code, "Value": quotas[code], "UsageMetric": metric}}


class Emr:
    """EMR's releases, and its active clusters."""

    def __init__(self, releases: Mapping[str, Sequence[str]], types: Sequence[str] = (), active: int = 0) -> None:
        self._releases, self._types, self._active = releases, types, active

    def describe_release_label(self, *, ReleaseLabel: str) -> dict[str, Any]:  # noqa: N803
        if ReleaseLabel not in self._releases:
            raise refused("DescribeReleaseLabel", "InvalidRequestException", f"{ReleaseLabel} is not valid")
        return {"Applications": [{"Name": name, "Version": "3.5.8"} for name in self._releases[ReleaseLabel]]}

    def list_supported_instance_types(self, *, ReleaseLabel: str, Marker: str = "0") -> dict[str, Any]:  # noqa: N803
        place = int(Marker)
        answer: dict[str, Any] = {"SupportedInstanceTypes": [{"Type": each} for each in self._types[place : place + 1]]}
        return {**answer, "Marker": str(place + 1)} if place + 1 < len(self._types) else answer

    def list_clusters(self, **_: object) -> dict[str, Any]:
        return {"Clusters": []}

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_clusters"
        return Pages("Clusters", [{"Id": f"j-{number}"} for number in range(self._active)])


class Ec2:
    """moto's EC2, with few offers: it reads megabytes for all there are."""

    def __init__(self, real: Any, types: Sequence[str], zones: Sequence[str] = ("us-east-1a", "us-east-1b")) -> None:
        self._real = real
        self._offers = [{"Location": zone, "InstanceType": name} for zone in zones for name in types]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_paginator(self, name: str) -> Any:
        is_offers = name == "describe_instance_type_offerings"
        return Pages("InstanceTypeOfferings", self._offers) if is_offers else self._real.get_paginator(name)


class Stacks:
    """CloudFormation with one stack, or none: moto's wants packages that nothing else here needs."""

    def __init__(self, there: Deployed | None = None) -> None:
        self._there = there

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self._there is None:
            raise refused("DescribeStacks", "ValidationError", f"Stack with id {StackName} does not exist")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self._there.outputs.items()]
        return {"Stacks": [{"StackStatus": self._there.status, "Outputs": outputs}]}

    def get_template(self, **_: object) -> dict[str, Any]:
        assert self._there is not None
        return {"TemplateBody": json.dumps(self._there.template)}

    def get_paginator(self, name: str) -> Pages:
        assert name == "list_stack_resources"
        assert self._there is not None
        return Pages(
            "StackResourceSummaries",
            [
                {"LogicalResourceId": name, "ResourceType": each.type, "PhysicalResourceId": each.name}
                for name, each in self._there.resources.items()
            ],
        )


class Iam:
    """moto's IAM, and the simulation it lacks: over the roles' own policies, with conditions.

    ``denied`` are actions a policy of the organisation denies, ``outside`` those a permissions boundary leaves out.
    """

    def __init__(self, real: Any, *, conditions: bool = True) -> None:
        self._real = real
        self._conditions = conditions
        self.denied: set[str] = set()
        self.outside: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_paginator(self, name: str) -> Any:
        return self if name == "simulate_principal_policy" else self._real.get_paginator(name)

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        role = asked["PolicySourceArn"].rpartition("/")[2]
        names = self._real.list_role_policies(RoleName=role)["PolicyNames"]
        policies = [self._real.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        for action in asked["ActionNames"]:
            results = [self._result(policies, action, resource, asked) for resource in asked["ResourceArns"]]
            yield {"EvaluationResults": results, "IsTruncated": True}

    def simulate_custom_policy(self, **asked: Any) -> dict[str, Any]:
        policies = [json.loads(policy) for policy in asked["PolicyInputList"]]
        return {"EvaluationResults": [self._result(policies, action, "*", asked) for action in asked["ActionNames"]]}

    def _result(self, policies: list[Any], action: str, resource: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        given = {each["ContextKeyName"]: each["ContextKeyValues"] for each in asked.get("ContextEntries", [])}
        context = given if self._conditions else {}
        allowed = any(
            _matches(statement, action, resource, context)
            for policy in policies
            for statement in _listed(policy["Statement"])
        )
        decision = "allowed" if allowed and not {action} & (self.denied | self.outside) else "implicitDeny"
        return {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "explicitDeny" if action in self.denied else decision,
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": action not in self.denied},
            "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": action not in self.outside},
        }


def _matches(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, list[str]]) -> bool:
    return (
        any(fnmatch.fnmatchcase(action, each) for each in _listed(statement["Action"]))
        and any(fnmatch.fnmatchcase(resource, each) for each in _listed(statement["Resource"]))
        and all(
            any(fnmatch.fnmatchcase(value, each) for value in context.get(key, []) for each in _listed(wanted))
            for operator in statement.get("Condition", {}).values()
            for key, wanted in operator.items()
        )
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def with_fakes(clients: Clients, **fakes: object) -> Clients:
    return dataclasses.replace(clients, **cast("Any", fakes))


def resources(**named: tuple[str, str]) -> dict[str, Resource]:
    return {name: Resource(*each) for name, each in named.items()}
