"""The three ways to run a job: the machine people write by hand, and ours, stepwise and pipelined."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lambdas import record_run
from lambdas.specs import load_cluster
from lambdas.specs.job import Job, Submission
from scripts.bench.idle.jobs import CLUSTER
from scripts.local.adapters.moto import Handler
from scripts.local.in_process import filled_in
from scripts.rendering.machine import render_machine

CHAIN = "chain"
STEPWISE: Submission = "stepwise"
PIPELINED: Submission = "pipelined"
WAYS = (CHAIN, STEPWISE, PIPELINED)

STEP_FAILED = "StepFailed"

_EMR = "arn:aws:states:::elasticmapreduce"


def definition(job: Job, way: str) -> str:
    """Return the machine that runs a job in one of ``WAYS``."""
    if way == CHAIN:
        return json.dumps(chain([step.name for step in job.steps]))
    spec = job.model_copy(update={"submission": way})
    return filled_in(render_machine(spec, load_cluster(spec.cluster)))


def chain(steps: Sequence[str]) -> dict[str, Any]:
    """Return a plain machine: create, one step after the other, terminate, each waited for.

    As in AWS's sample project and by the CDK's default a step that fails leaves the cluster to the machine:
    https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_stepfunctions_tasks.EmrAddStep.html. Unlike many a
    machine this one ends the cluster then, too.

    Parameters
    ----------
    steps
        Their names, in order.
    """
    states: dict[str, Any] = {"Create cluster": _create(f"Run step {steps[0]}")}
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        states[f"Run step {step}"] = _run(step, f"Run step {following}" if following else "Terminate cluster")
    states["Terminate cluster"] = {**_terminate(), "End": True}
    states["Terminate after failure"] = {**_terminate(), "Next": "Run failed"}
    states["Run failed"] = {"Type": "Fail", "Error": STEP_FAILED}
    return {"QueryLanguage": "JSONata", "StartAt": "Create cluster", "States": states}


def _create(following: str) -> dict[str, Any]:
    instances = {name: CLUSTER[name] for name in ("Ec2SubnetIds", "InstanceFleets")}
    return {
        "Type": "Task",
        "Resource": f"{_EMR}:createCluster.sync",
        "Arguments": {
            "Name": CLUSTER["Name"],
            "ReleaseLabel": load_cluster("spark").release,
            "Applications": [{"Name": "Spark"}],
            "Configurations": CLUSTER["Configurations"],
            "Instances": {**instances, "KeepJobFlowAliveWhenNoSteps": True},
        },
        "Assign": {"clusterId": "{% $states.result.ClusterId %}"},
        "Next": following,
    }


def _run(step: str, following: str) -> dict[str, Any]:
    jar = {"Jar": "command-runner.jar", "Args": _args(step)}
    return {
        "Type": "Task",
        "Resource": f"{_EMR}:addStep.sync",
        "Arguments": {
            "ClusterId": "{% $clusterId %}",
            "Step": {"Name": step, "ActionOnFailure": "CONTINUE", "HadoopJarStep": jar},
        },
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Terminate after failure"}],
        "Next": following,
    }


def _terminate() -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"{_EMR}:terminateCluster.sync",
        "Arguments": {"ClusterId": "{% $clusterId %}"},
    }


def _args(step: str) -> list[str]:
    return ["spark-submit", "--deploy-mode", "cluster", f"s3://code-bucket/{step}.py"]


def handlers(steps: Sequence[str]) -> Mapping[str, Handler]:
    """Return the Lambdas of a job's machine that are not as deployed.

    What these runs cost is asked of the cluster, not of its size: the plan is fixed, and has only what the machine
    reads. A run that failed is not tried again, which would be a second cluster.
    """
    planned = [{"name": step, "args": _args(step)} for step in steps]
    plan = {"cluster": CLUSTER, "steps": planned, "done": []}

    def plan_fixed(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return {"outcome": "planned", "plan": plan}

    def fail(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        return {"outcome": "failed", "failure": {**event["failure"], "error": STEP_FAILED}}

    def record(event: dict[str, Any], context: Any) -> dict[str, Any]:
        return record_run.handler({**event, "plan": None}, context)

    return {"plan-run": plan_fixed, "diagnose-failure": fail, "record-run": record}
