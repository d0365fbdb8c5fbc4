"""The role by which EMR scales groups: who may assume it, who passes it, and which machines name it."""

import json
from typing import Any

import pytest

from lambdas.specs import load_cluster, load_job
from scripts.rendering.jobs import job_resources, render_jobs
from scripts.rendering.machine import RenderError, refuse_policy, render_machine
from scripts.rendering.template import CodeLocation, Options, expand

ROLE = {"Fn::GetAtt": ["EmrAutoScalingRole", "Arn"]}
JOB = load_job("pricing-summary")
SCALED = JOB.model_copy(update={"cluster": "elastic", "scaling": "yarn-memory"})
ELASTIC = load_cluster("elastic")


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    render_jobs()
    expanded = expand(Options("test", params={"subnetIds": "subnet-1"}), CodeLocation("bucket-name", "key.zip"))
    found: dict[str, Any] = expanded["Resources"]
    return found


def test_who_passes_the_role(resources: dict[str, Any]) -> None:
    passed = {
        name: statement["Condition"]["StringEquals"]["iam:PassedToService"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "iam:PassRole" and statement["Resource"] == ROLE
    }
    assert passed == {
        "MachineRole": ["elasticmapreduce.amazonaws.com", "application-autoscaling.amazonaws.com"],
        "EmrServiceRole": "application-autoscaling.amazonaws.com",
    }


def test_who_assumes_the_role(resources: dict[str, Any]) -> None:
    (statement,) = resources["EmrAutoScalingRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["Service"] == [
        "elasticmapreduce.amazonaws.com",
        "application-autoscaling.amazonaws.com",
    ]


def substitutions(job: Any, cluster: Any) -> dict[str, Any]:
    found: dict[str, Any] = job_resources(job, cluster)["Resources"]["PricingSummaryStateMachine"]["Properties"]
    substituted: dict[str, Any] = found["DefinitionSubstitutions"]
    return substituted


def test_only_a_policy_needs_the_role() -> None:
    assert substitutions(SCALED, ELASTIC)["EmrAutoScalingRole"] == ROLE
    assert "EmrAutoScalingRole" not in substitutions(JOB, load_cluster("spark"))
    for job, cluster, named in ((SCALED, ELASTIC, True), (JOB, load_cluster("spark"), False)):
        arguments = json.loads(render_machine(job, cluster))["States"]["Create cluster"]["Arguments"]
        assert (arguments.get("AutoScalingRole") == "${EmrAutoScalingRole}") is named
        assert ("ManagedScalingPolicy" in arguments) is not named


def test_a_policy_that_cannot_be_followed_is_not_rendered() -> None:
    refuse_policy(SCALED, ELASTIC)
    refuse_policy(JOB, ELASTIC)
    too_few = SCALED.model_copy(update={"limits": JOB.limits.model_copy(update={"max_nodes": 2})})
    with pytest.raises(RenderError, match=r"cannot be scaled by the policy 'yarn-memory': .* limits\.max_nodes is 2"):
        refuse_policy(too_few, ELASTIC)
