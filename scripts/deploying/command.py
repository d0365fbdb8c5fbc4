"""Deploy a stage and remove it."""

import os
from typing import Annotated

import typer

from lambdas import aws
from scripts import deployment
from scripts.deploying.empty import empty
from scripts.deploying.errors import NotReadyError
from scripts.deploying.network import Kind, choose_network
from scripts.deploying.osls import osls
from scripts.deploying.ready import caller, check_idle, check_stage
from scripts.node import node_tool
from scripts.preflight.subject import Clients, all_clients, find_deployed
from scripts.rendering.jobs import render_jobs
from scripts.rendering.package import target_at, write_zip

# What stops a bucket's removal: infra/storage.yml has them, and the data bucket, which stays.
EMPTIED = ("CodeBucket", "LogBucket")

STAGE = Annotated[str, typer.Option(help="The deployment's name.")]
REGION = Annotated[str, typer.Option(help="Its region.")]


def deploy(
    stage: STAGE = "dev",
    region: REGION = "us-east-1",
    network: Annotated[
        Kind | None, typer.Option(help="A network of the stage's own, or subnets there are; else as deployed, or new.")
    ] = None,
    subnets: Annotated[str, typer.Option(help="With the network 'own': its subnets, separated by commas.")] = "",
) -> None:
    """Build a stage, or bring it up to date: stack and code of the jobs."""
    check_stage(stage, region)
    clients = _clients(region)
    print(f"stage {stage} in {region}, {caller(clients)}", flush=True)
    deployed = find_deployed(clients, stage)
    chosen = choose_network(clients.ec2, deployed, network, tuple(filter(None, subnets.split(","))))
    node_tool("osls")
    render_jobs()
    write_zip(target_at(clients.s3.meta.endpoint_url))
    code_bucket = deployed and deployed.outputs.get("CodeBucket")
    if code_bucket:
        # First: a run that starts as soon as the stack is new finds its code. That of earlier runs stays.
        deployment.publish(code_bucket)
    osls("deploy", stage, region, chosen.params())
    found = deployment.find(stage)
    if not code_bucket:
        deployment.publish(found.code_bucket)
    print(f"\nstage {stage} is deployed; its data bucket is s3://{found.data_bucket}/")


def remove(stage: STAGE = "dev", region: REGION = "us-east-1") -> None:
    """Take a stage away: all but its data bucket."""
    clients = _clients(region)
    print(f"stage {stage} in {region}, {caller(clients)}", flush=True)
    deployed = find_deployed(clients, stage)
    if deployed is None:
        raise NotReadyError(f"there is no stack {deployment.stack_name(stage)} in {region}: nothing to remove")
    check_idle(clients, stage, deployed)
    node_tool("osls")
    render_jobs()  # serverless.yml includes what this writes
    for name in EMPTIED:
        if name in deployed.resources:
            bucket = deployed.resources[name].name
            print(f"emptied s3://{bucket}/: {empty(clients.s3, bucket)} objects and versions", flush=True)
    osls("remove", stage, region, {})
    print(f"\nstage {stage} is removed; kept: s3://{deployed.outputs.get('DataBucket', '(no data bucket)')}/")


def _clients(region: str) -> Clients:
    """Return the clients of a region, for this process and those it starts."""
    os.environ.update({"AWS_REGION": region, "AWS_DEFAULT_REGION": region})
    aws.forget()
    return all_clients()
