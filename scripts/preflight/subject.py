"""The account that is looked at, and what of a deployment is there already."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.specs.catalogue import Catalogue
from lambdas.specs.job import Job
from scripts.deployment import stack_name
from scripts.preflight.demand import Demand

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient


@dataclass(frozen=True)
class Clients:
    """Everything that is asked."""

    cloudformation: "CloudFormationClient"
    cloudwatch: "CloudWatchClient"
    ec2: "EC2Client"
    emr: "EMRClient"
    events: "EventBridgeClient"
    iam: "IAMClient"
    functions: "LambdaClient"
    quotas: "ServiceQuotasClient"
    s3: "S3Client"
    sns: "SNSClient"
    sqs: "SQSClient"
    stepfunctions: "SFNClient"
    sts: "STSClient"


@dataclass(frozen=True)
class Resource:
    """A resource of the stack: its type, and what AWS calls it."""

    type: str
    name: str


@dataclass(frozen=True)
class Deployed:
    """A deployed stack.

    Attributes
    ----------
    status
        CloudFormation's.
    outputs
        By their names.
    resources
        By their logical ids.
    template
        As CloudFormation has it.
    subnets
        Where its clusters start: what ``plan_run`` is told.
    """

    status: str
    outputs: Mapping[str, str]
    resources: Mapping[str, Resource]
    template: Mapping[str, Any]
    subnets: tuple[str, ...]

    def of_type(self, kind: str) -> dict[str, Resource]:
        """Return the resources of a type, by their logical ids."""
        return {name: each for name, each in self.resources.items() if each.type == kind}


@dataclass(frozen=True)
class Subject:
    """What is looked at.

    Attributes
    ----------
    account, region, partition
        Of the credentials in use.
    jobs, demands
        The jobs that are to run, and what their clusters ask for.
    catalogue
        The region's instance types.
    deployed
        The stage's stack; ``None`` before its first deployment.
    """

    clients: Clients
    stage: str
    account: str
    region: str
    partition: str
    jobs: tuple[Job, ...]
    demands: tuple[Demand, ...]
    catalogue: Catalogue
    deployed: Deployed | None


def all_clients() -> Clients:
    """Return the clients of the standard settings."""
    return Clients(
        cloudformation=aws.cloudformation(),
        cloudwatch=aws.cloudwatch(),
        ec2=aws.ec2(),
        emr=aws.emr(),
        events=aws.events(),
        iam=aws.iam(),
        functions=aws.lambda_(),
        quotas=aws.service_quotas(),
        s3=aws.s3(),
        sns=aws.sns(),
        sqs=aws.sqs(),
        stepfunctions=aws.stepfunctions(),
        sts=aws.sts(),
    )


def find_deployed(clients: Clients, stage: str) -> Deployed | None:
    """Return what is deployed of a stage, or ``None`` if nothing is."""
    name = stack_name(stage)
    try:
        stack = clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    pages = clients.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    body: object = clients.cloudformation.get_template(StackName=name)["TemplateBody"]
    return Deployed(
        status=stack["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        resources={
            each["LogicalResourceId"]: Resource(each["ResourceType"], each.get("PhysicalResourceId", ""))
            for each in found
        },
        template=_template(body),
        subnets=_subnets(clients, f"{name}-plan-run"),
    )


def _subnets(clients: Clients, function: str) -> tuple[str, ...]:
    """Return the subnets a function is told, which CloudFormation may have made; none if there is no such function."""
    try:
        found = clients.functions.get_function_configuration(FunctionName=function)
    except clients.functions.exceptions.ResourceNotFoundException:
        return ()
    told = found.get("Environment", {}).get("Variables", {}).get("SUBNET_IDS", "")
    return tuple(each for each in told.split(",") if each)


def _template(body: object) -> dict[str, Any]:
    """Read a template: JSON, as it is sent by ``osls`` and by ``scripts.deployment``; the SDK may have parsed it."""
    found = json.loads(body) if isinstance(body, str) else body
    return dict(found) if isinstance(found, Mapping) else {}
