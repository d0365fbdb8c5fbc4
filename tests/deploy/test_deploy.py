"""The project deployed by osls, used, changed and removed: the local cloud with real Spark. The tests go in order."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from lambdas import aws
from lambdas.specs import code_prefix
from scripts import deployment
from scripts.demo import data
from scripts.deployment import Deployment
from scripts.local.cloud import LocalCloud, local_cloud
from scripts.rendering.paths import BUILD
from tests.deploy.census import LISTS, PARTS, census
from tests.deploy.project import Project, copy_project
from tests.local.support import begin, clusters, ended, wait_for

pytestmark = pytest.mark.spark

STAGE = "proof"
JOB = "pricing-summary"
FAILING = "exits"
SPEC = f"emr_specs/jobs/{JOB}/job.yml"

FAILING_JOB = """\
name: exits
description: Fails in its script.
cluster: spark
input: s3://${data_bucket}/landing/exits/
triggers:
  - object_created: {suffix: _SUCCESS}
steps:
  - name: exit
    script: exit.py
    args: [--input, << input >>]
    timeout: 1h
limits: {max_nodes: 5}
"""


@dataclass
class World:
    """The local cloud, and the project that is deployed to it."""

    cloud: LocalCloud
    project: Project
    before: set[tuple[str, str]]
    resources: dict[str, str] = field(default_factory=dict)

    @property
    def deployed(self) -> Deployment:
        return deployment.find(STAGE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    before = dict(os.environ)
    project = copy_project(tmp_path_factory.mktemp("deploy") / "project")
    failing = project.folder / "emr_specs" / "jobs" / FAILING
    failing.mkdir()
    (failing / "job.yml").write_text(FAILING_JOB)
    (failing / "exit.py").write_text("raise RuntimeError('nothing can be done with this')\n")
    with local_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        cloud.use()
        yield World(cloud, project, census())
    os.environ.clear()
    os.environ.update(before)
    aws.forget()


def test_osls_deploys_it(world: World) -> None:
    done = world.project.module("scripts.deploying", "deploy", "--stage", STAGE)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = aws.cloudformation().get_paginator("list_stack_resources").paginate(StackName=f"slow-lambda-{STAGE}")
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    assert {each["ResourceStatus"] for each in found} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    world.resources |= {each["LogicalResourceId"]: each["ResourceType"] for each in found}
    assert {"Vpc", "PricingSummaryStateMachine", "ExitsStateMachine"} <= world.resources.keys()


def test_data_start_a_run_that_succeeds(world: World) -> None:
    """An object, its event, the rule, the queue, start_runs, the machine, EMR and Spark."""
    files = data.generate(BUILD / "data", 0.001, 1)
    data.upload(aws.s3(), files[0].parents[1], world.deployed.data_bucket, "landing/tpch")

    run = ended(the_run(world, JOB))

    assert (run["status"], run.get("cause")) == ("SUCCEEDED", None)
    (result,) = [key for key in keys(world.deployed.data_bucket, "results/") if "/pricing_summary/part-" in key]
    body = aws.s3().get_object(Bucket=world.deployed.data_bucket, Key=result)["Body"].read().decode()
    assert body.startswith("l_returnflag,l_linestatus,")
    assert set(clusters().values()) == {"TERMINATED"}


def test_a_job_that_fails_says_why_and_leaves_no_cluster(world: World) -> None:
    put(world, f"landing/{FAILING}/a.csv", b"1\n")
    put(world, f"landing/{FAILING}/_SUCCESS", b"")

    run = ended(the_run(world, FAILING))

    assert (run["status"], run["error"]) == ("FAILED", "ApplicationError")
    assert "nothing can be done with this" in run["cause"]
    assert set(clusters().values()) <= {"TERMINATED", "TERMINATED_WITH_ERRORS"}


def test_a_stage_at_work_is_not_removed_and_the_cluster_of_a_stopped_run_ends(world: World) -> None:
    earlier = clusters().keys()
    arn = begin(world.deployed, JOB, {"input": f"s3://{world.deployed.data_bucket}/landing/tpch/"})
    wait_for(lambda: "RUNNING" in clusters().values())
    (cluster,) = clusters().keys() - earlier

    refused = world.project.module("scripts.deploying", "remove", "--stage", STAGE)
    assert refused.returncode == 2
    assert f"stage {STAGE} is at work: " in refused.stderr
    assert cluster in refused.stderr

    aws.stepfunctions().stop_execution(executionArn=arn)
    assert ended(arn)["status"] == "ABORTED"
    wait_for(lambda: clusters()[cluster] == "TERMINATED")
    reason = aws.emr().describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["StateChangeReason"]
    assert reason["Code"] == "USER_REQUEST"
    wait_for(lambda: cluster in reaped())


def test_a_changed_job_is_deployed(world: World) -> None:
    machine = world.deployed.machine_arn(JOB)
    code = code_prefix(JOB)
    assert f"{code}summarise.py" in keys(world.deployed.code_bucket, "jobs/")
    assert step_timeout(machine) == 2 * 3600 + 1 * 3600
    world.project.edit(SPEC, "    timeout: 1h\n", "    timeout: 90m\n")
    world.project.edit(f"emr_specs/jobs/{JOB}/summarise.py", "TOP = 20\n", "TOP = 10\n")

    done = world.project.module("scripts.deploying", "deploy", "--stage", STAGE)

    assert done.returncode == 0, done.stdout + done.stderr
    assert world.deployed.machine_arn(JOB) == machine
    assert step_timeout(machine) == 2 * 3600 + 90 * 60
    published = {key for key in keys(world.deployed.code_bucket, "jobs/") if key.endswith("summarise.py")}
    assert len(published) == 2, "earlier runs find the code they began with"
    assert {key for key in published if not key.startswith(code)} == {
        f"{code_prefix(JOB, world.project.folder / 'emr_specs')}summarise.py"
    }


def test_removal_leaves_the_data_and_nothing_else(world: World) -> None:
    bucket = world.deployed.data_bucket
    kept = keys(bucket)
    assert set(world.resources.values()) <= LISTS.keys() | PARTS

    done = world.project.module("scripts.deploying", "remove", "--stage", STAGE)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"kept: s3://{bucket}/" in done.stdout
    left = census() - world.before
    assert left == {("AWS::S3::Bucket", bucket), ("AWS::S3::BucketPolicy", bucket)}
    assert world.before <= census()
    assert keys(bucket) == kept
    assert any(key.startswith("landing/tpch/lineitem/") for key in kept)


def the_run(world: World, job: str) -> str:
    """Wait for the run that a job's data start; give its ARN."""
    machine = world.deployed.machine_arn(job)
    found: list[Any] = []

    def started() -> bool:
        found[:] = aws.stepfunctions().list_executions(stateMachineArn=machine)["executions"]
        return bool(found)

    wait_for(started)
    return str(found[0]["executionArn"])


def put(world: World, key: str, body: bytes) -> None:
    aws.s3().put_object(Bucket=world.deployed.data_bucket, Key=key, Body=body)


def keys(bucket: str, prefix: str = "") -> set[str]:
    pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def step_timeout(machine: str) -> int:
    """Return the timeout of the machine's last step, which counts from the first one's beginning."""
    definition = json.loads(aws.stepfunctions().describe_state_machine(stateMachineArn=machine)["definition"])
    found = [int(each) for each in timeouts(definition, "addStep.sync")]
    return max(found)


def timeouts(value: Any, resource: str) -> Iterator[int]:
    if isinstance(value, list):
        for each in value:
            yield from timeouts(each, resource)
    if isinstance(value, dict):
        if str(value.get("Resource", "")).endswith(resource):
            yield value["TimeoutSeconds"]
        for each in value.values():
            yield from timeouts(each, resource)


def reaped() -> str:
    """Return what the reaper logged."""
    logs: Any = boto3.client("logs")
    group = f"/aws/lambda/slow-lambda-{STAGE}-reap-clusters"
    events = logs.filter_log_events(logGroupName=group)["events"]
    return "\n".join(each["message"] for each in events if "cluster ended" in each["message"])
