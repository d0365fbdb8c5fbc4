"""Deploy the project through CloudFormation, without Node, and say what a deployment holds.

``osls deploy`` does the same on AWS from the same files; this is for endpoints whose stack is built here, the local
cloud above all.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError, WaiterError

from lambdas import aws
from lambdas.specs import SPECS, code_files, code_prefix, load_jobs
from lambdas.specs.paths import job_folder
from scripts.rendering.jobs import logical_id, render_jobs
from scripts.rendering.package import package, this_machine
from scripts.rendering.template import CodeLocation, Options, expand

# From S3, because what is sent along with the call may have 51,200 bytes, and two jobs have more.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE = "template.json"

# The local cloud has no network; security groups want a VPC's name all the same.
VPC = "vpc-00000000000000000"


class DeploymentError(RuntimeError):
    """The stack is missing or could not be built; the message names the resource and the reason."""


@dataclass(frozen=True)
class Deployment:
    """The outputs of a deployed stack."""

    stage: str
    outputs: dict[str, str]

    def machine_arn(self, job: str) -> str:
        """Return the ARN of a job's state machine.

        Raises
        ------
        DeploymentError
            No such job is deployed.
        """
        found = self.outputs.get(f"{logical_id(job)}StateMachine")
        if found is None:
            names = sorted(name.removesuffix("StateMachine") for name in self.outputs if name.endswith("StateMachine"))
            raise DeploymentError(f"stage {self.stage} has no job {job!r}; it has: {', '.join(names) or 'none'}")
        return found

    def machines(self) -> dict[str, str]:
        """Return the ARNs of all state machines, by the name of their job."""
        jobs = {job.name: self.outputs.get(f"{logical_id(job.name)}StateMachine") for job in load_jobs()}
        return {name: arn for name, arn in jobs.items() if arn}

    @property
    def data_bucket(self) -> str:
        """The bucket of input and output."""
        return self.outputs["DataBucket"]

    @property
    def code_bucket(self) -> str:
        """The bucket of the jobs' scripts."""
        return self.outputs["CodeBucket"]


def stack_name(stage: str) -> str:
    """Return the stack's name, as osls builds it from service and stage."""
    return f"slow-lambda-{stage}"


def find(stage: str) -> Deployment:
    """Look a deployment up.

    Raises
    ------
    DeploymentError
        There is no such stack at the endpoint in use.
    """
    try:
        stacks = aws.cloudformation().describe_stacks(StackName=stack_name(stage))["Stacks"]
    except ClientError as error:
        raise DeploymentError(
            f"no stack {stack_name(stage)} at this endpoint ({error}); "
            "deploy it, or start the local cloud with 'slow-lambda local up'"
        ) from error
    return Deployment(stage, {item["OutputKey"]: item["OutputValue"] for item in stacks[0].get("Outputs", [])})


def deploy(stage: str, subnet_ids: str, progress: Callable[[str], None]) -> Deployment:
    """Build the stack and publish the jobs' code.

    Parameters
    ----------
    stage
        The deployment's name.
    subnet_ids
        Where clusters start, comma-separated.
    progress
        Told what is being done.

    Raises
    ------
    DeploymentError
        CloudFormation failed; the message holds the failed resources' reasons.
    """
    progress("rendering definitions")
    render_jobs()
    progress("packaging Lambdas")
    target = this_machine()
    archive = package(target)
    code = CodeLocation(f"{stack_name(stage)}-deployment", archive.name)
    s3 = aws.s3()
    s3.create_bucket(Bucket=code.bucket)
    s3.upload_file(str(archive), code.bucket, code.key)
    progress("creating the stack")
    network = {"network": "own", "subnetIds": subnet_ids, "vpcId": VPC}
    template = expand(Options(stage, params=network), code, target.architecture)
    s3.put_object(Bucket=code.bucket, Key=TEMPLATE, Body=json.dumps(template).encode())
    _create_stack(stack_name(stage), f"{s3.meta.endpoint_url}/{code.bucket}/{TEMPLATE}")
    deployment = find(stage)
    progress("publishing job code")
    publish(deployment.code_bucket)
    return deployment


def _create_stack(name: str, template_url: str) -> None:
    cloudformation = aws.cloudformation()
    cloudformation.create_stack(StackName=name, TemplateURL=template_url, Capabilities=["CAPABILITY_NAMED_IAM"])
    try:
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        ]
        raise DeploymentError(f"stack {name} could not be created: {'; '.join(failed) or error}") from error


def publish(code_bucket: str) -> None:
    """Upload every job's scripts to where its plan looks for them."""
    s3 = aws.s3()
    for job in load_jobs():
        prefix = code_prefix(job.name)
        for path in code_files(job.name):
            name = path.relative_to(job_folder(job.name, SPECS)).as_posix()
            s3.upload_file(str(path), code_bucket, f"{prefix}{name}")
