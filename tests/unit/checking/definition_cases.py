"""A definition without any finding, and for each rule a change that breaks it."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.checking.definition import Definition, parse_definition

Body = dict[str, Any]
Change = Callable[[Body], None]

TODAY = datetime.date(2026, 11, 26)
DEFINITIONS = Path(__file__).parent / "definitions"
CAREFUL = (DEFINITIONS / "careful.asl.json").read_text(encoding="utf-8")

CREATE, STEP, TERMINATE = "Create cluster", "Run step", "Terminate cluster"


def written(body: Body) -> Definition:
    """Return a definition as somebody writes it into a file."""
    return parse_definition("machine.asl.json", json.dumps(body, indent=2), TODAY)


def changed(change: Change) -> Definition:
    """Return the careful definition after a change."""
    body: Body = json.loads(CAREFUL)
    change(body)
    return written(body)


def put(*path: str | int, to: Any) -> Change:
    """Return what sets something in the definition."""

    def change(body: Body) -> None:
        inner: Any = body
        for part in path[:-1]:
            inner = inner[part]
        inner[path[-1]] = to

    return change


def cut(*path: str | int) -> Change:
    """Return what takes something out of the definition."""

    def change(body: Body) -> None:
        inner: Any = body
        for part in path[:-1]:
            inner = inner[part]
        del inner[path[-1]]

    return change


def both(*changes: Change) -> Change:
    """Return several changes as one."""

    def change(body: Body) -> None:
        for each in changes:
            each(body)

    return change


def in_state(name: str, *path: str | int, to: Any) -> Change:
    """Return what sets something in a state."""
    return put("States", name, *path, to=to)


def without(name: str, *path: str | int) -> Change:
    """Return what takes something out of a state."""
    return cut("States", name, *path)


def in_cluster(*path: str | int, to: Any) -> Change:
    """Return what sets one of the cluster's parameters."""
    return in_state(CREATE, "Parameters", *path, to=to)


def in_step(*path: str | int, to: Any) -> Change:
    """Return what sets one of the step's parameters."""
    return in_state(STEP, "Parameters", *path, to=to)


def in_jsonata(name: str, **fields: Any) -> Change:
    """Return what puts a Pass in JSONata before everything else."""

    def change(body: Body) -> None:
        body["States"][name] = {"Type": "Pass", "QueryLanguage": "JSONata", **fields, "Next": body["StartAt"]}
        body["StartAt"] = name

    return change


def groups(*given: Body, **cluster: Any) -> Change:
    """Return what makes the cluster one of instance groups."""

    def change(body: Body) -> None:
        parameters = body["States"][CREATE]["Parameters"]
        parameters |= cluster
        del parameters["Instances"]["InstanceFleets"]
        parameters["Instances"]["InstanceGroups"] = list(given)

    return change


PRIMARY: Body = {"Name": "primary", "InstanceRole": "MASTER", "InstanceType": "m7g.xlarge", "InstanceCount": 1}
CORE: Body = {"Name": "core", "InstanceRole": "CORE", "InstanceType": "m7g.xlarge", "InstanceCount": 2}
TASK: Body = {"Name": "task", "InstanceRole": "TASK", "InstanceType": "m7g.xlarge", "InstanceCount": 2}


def policy(period: int) -> Body:
    """Return a custom scaling policy with one alarm."""
    alarm = {
        "ComparisonOperator": "LESS_THAN",
        "MetricName": "YARNMemoryAvailablePercentage",
        "Period": period,
        "Threshold": 15,
    }
    action = {"SimpleScalingPolicyConfiguration": {"ScalingAdjustment": 5}}
    rule = {"Name": "more", "Action": action, "Trigger": {"CloudWatchAlarmDefinition": alarm}}
    return {"Constraints": {"MinCapacity": 0, "MaxCapacity": 10}, "Rules": [rule]}


def call(resource: str, parameters: Body) -> Change:
    """Return what puts a Task before the cluster is created."""

    def change(body: Body) -> None:
        body["States"]["Call"] = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": parameters,
            "ResultSelector": {"a.$": "$.a"},
            "TimeoutSeconds": 60,
            "Next": body["StartAt"],
        }
        body["StartAt"] = "Call"

    return change


_POLLING: Body = {
    "Poll": {"Type": "Wait", "Seconds": 10, "Next": "Look"},
    "Look": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.status", "StringEquals": "DONE", "Next": "Create cluster"}],
        "Default": "Poll",
    },
}


def polling(body: Body) -> None:
    """Wait for ever before the cluster is created."""
    body["States"] |= json.loads(json.dumps(_POLLING))
    body["StartAt"] = "Poll"
    body["TimeoutSeconds"] = 30 * 24 * 3600


def going_round(body: Body) -> None:
    """Never come to an end."""
    body["States"] = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    body["StartAt"] = "A"


def in_parallel(body: Body) -> None:
    """Run the step in a Parallel that catches nothing."""
    step = body["States"].pop(STEP)
    del step["Next"], step["Catch"]
    step["End"] = True
    branch = {"StartAt": STEP, "States": {STEP: step}}
    body["States"]["Steps"] = {"Type": "Parallel", "Branches": [branch], "ResultPath": None, "Next": TERMINATE}
    body["States"][CREATE]["Next"] = "Steps"


def failing_inside(body: Body) -> None:
    """Run the step in a Parallel whose branch fails by itself."""
    in_parallel(body)
    inside = body["States"]["Steps"]["Branches"][0]["States"]
    inside[STEP]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Give up"}]
    inside["Give up"] = {"Type": "Fail", "Error": "StepFailed"}


def undecided(body: Body) -> None:
    """Choose after the cluster was created, with no way for what is not expected."""
    body["States"]["Which?"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.kind", "StringEquals": "a", "Next": STEP}],
    }
    body["States"][CREATE]["Next"] = "Which?"


FLEETS = (CREATE, "Parameters", "Instances", "InstanceFleets")
_CATCH_ALL = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Terminate after failure"}

BREAKS: dict[str, list[Change]] = {
    "asl-statelint": [in_state(STEP, "Timeout", to=5), in_state(TERMINATE, "TimeoutSeconds", to="x")],
    "state-unreachable": [put("States", "Lost", to={"Type": "Succeed"})],
    "machine-never-ends": [going_round],
    "polling-without-end": [polling],
    "step-not-awaited": [in_state(STEP, "Resource", to="arn:aws:states:::elasticmapreduce:addStep")],
    "cluster-not-awaited": [in_state(CREATE, "Resource", to="arn:aws:states:::elasticmapreduce:createCluster")],
    "cluster-left-running": [both(without(STEP, "Next"), in_state(STEP, "End", to=True))],
    "cluster-created-again": [in_state(STEP, "Next", to=CREATE)],
    "task-without-catch": [
        without(STEP, "Catch"),
        in_parallel,
        in_state(STEP, "Catch", 0, "ErrorEquals", to=["States.Timeout"]),
    ],
    "container-without-catch": [failing_inside],
    "choice-without-default": [undecided],
    "catch-all-not-alone": [in_state(STEP, "Catch", to=[_CATCH_ALL, _CATCH_ALL])],
    "task-without-timeout": [without(STEP, "TimeoutSeconds")],
    "machine-without-timeout": [cut("TimeoutSeconds")],
    "terminate-without-retry": [without(TERMINATE, "Retry")],
    "terminate-without-catch": [without(TERMINATE, "Catch")],
    "terminate-without-timeout": [without(TERMINATE, "TimeoutSeconds")],
    "terminate-by-unseen-id": [in_state(CREATE, "Catch", 0, "Next", to="Terminate after failure")],
    "retry-not-idempotent": [in_state(CREATE, "Retry", to=[{"ErrorEquals": ["States.ALL"]}])],
    "step-without-action-on-failure": [
        without(STEP, "Parameters", "Step", "ActionOnFailure"),
        in_step("Step", "ActionOnFailure", to="CONTINUE"),
    ],
    "cluster-without-auto-termination": [without(CREATE, "Parameters", "AutoTerminationPolicy")],
    "cluster-id-lost": [in_state(CREATE, "ResultPath", to=None)],
    "cluster-id-overwritten": [without(STEP, "ResultPath"), without(STEP, "Catch", 0, "ResultPath")],
    "result-kept-whole": [without(CREATE, "ResultSelector"), in_state(STEP, "ResultPath", to="$.step")],
    "literal-too-large": [in_step("Step", "Name", to="n" * 263_000)],
    "definition-too-large": [put("Comment", to="c" * 1_050_000)],
    "state-name-too-long": [put("States", "n" * 81, to={"Type": "Succeed"})],
    "expression-syntax": [in_jsonata("Sum", Output="{% 1 + %}")],
    "expression-not-evaluated": [
        in_cluster("Name", to="$.name"),
        in_cluster("Name", to="States.Format('{}', $.name)"),
        in_cluster("Name", to="{% $name %}"),
        in_step("Step", "HadoopJarStep", to={"Jar": "command-runner.jar", "Args": ["spark-submit", "$.script"]}),
        in_jsonata("Name", Output={"name": "$states.input.name"}),
        in_jsonata("Name", Output={"folder": "s3://bucket/{% $states.input.name %}/"}),
    ],
    "variable-unassigned": [
        in_jsonata("Name", Output="{% $name & '!' %}"),
        both(cut("States", CREATE, "Parameters", "Name"), in_cluster("Name.$", to="$name")),
    ],
    "error-name-unknown": [in_state(STEP, "Catch", 0, "ErrorEquals", to=["States.TaskFail"])],
    "error-never-caught": [in_state(STEP, "Catch", 0, "ErrorEquals", to=["States.Runtime"])],
    "emr-error-never-raised": [
        in_state(TERMINATE, "Retry", 0, "ErrorEquals", to=["ElasticMapReduce.ThrottlingException"])
    ],
    "cause-unbounded": [
        in_jsonata("Text", Catch=[], Output="{% 'failed: ' & $states.errorOutput.Cause %}"),
        in_jsonata("Text", Output="{% $string($states.errorOutput.Cause) & '!' %}"),
    ],
    "emr-action-unknown": [
        in_state(STEP, "Resource", to="arn:aws:states:::elasticmapreduce:addSteps.sync"),
        in_state(STEP, "Resource", to="arn:aws:states:::elasticmapreduce:addStep.waitForTaskToken"),
        in_state(STEP, "Resource", to="arn:aws:states:::elasticmapreduce:cancelStep.sync"),
    ],
    "emr-parameter-unknown": [
        in_cluster("Tag", to=[]),
        in_step("Step", "Arguments", to=[]),
        in_state(TERMINATE, "Parameters", to={"JobFlowIds.$": "$.cluster.ClusterId"}),
    ],
    "emr-parameter-missing": [
        without(CREATE, "Parameters", "Name"),
        without(STEP, "Parameters", "Step", "HadoopJarStep", "Jar"),
        in_state(TERMINATE, "Parameters", to={}),
    ],
    "emr-parameter-mistyped": [
        in_cluster("Applications", to=["Spark"]),
        in_cluster("StepConcurrencyLevel", to="2"),
        in_step("Step", "HadoopJarStep", to={"Jar": "command-runner.jar", "Args": "spark-submit x.py"}),
        in_cluster("Instances", "TerminationProtected", to="false"),
    ],
    "emr-value-unknown": [in_step("Step", "ActionOnFailure", to="TERMINATE")],
    "emr-keep-alive": [
        without(CREATE, "Parameters", "Instances", "KeepJobFlowAliveWhenNoSteps"),
        in_cluster("Instances", "KeepJobFlowAliveWhenNoSteps", to=False),
    ],
    "emr-steps-in-create": [in_cluster("Steps", to=[])],
    "sdk-service-unknown": [call("aws-sdk:elasticmapreduce2:describeCluster", {})],
    "sdk-action-unknown": [call("aws-sdk:emr:describeJob", {}), call("aws-sdk:emr:DescribeCluster", {})],
    "sdk-arguments-wrong": [
        call("aws-sdk:emr:describeCluster", {"Cluster": "j-1"}),
        call("aws-sdk:emr:describeCluster", {}),
        call("aws-sdk:sfn:startExecution", {"stateMachineArn": "arn:aws:states:..."}),
    ],
    "emr-logs-missing": [without(CREATE, "Parameters", "LogUri")],
    "emr-roles-missing": [without(CREATE, "Parameters", "ServiceRole"), without(CREATE, "Parameters", "JobFlowRole")],
    "emr-release-missing": [without(CREATE, "Parameters", "ReleaseLabel")],
    "emr-release-unsupported": [in_cluster("ReleaseLabel", to="emr-6.2.0")],
    "cluster-not-findable": [
        without(CREATE, "Parameters", "Tags"),
        in_cluster("Tags", to=[{"Key": "a", "Value": "b"}]),
    ],
    "emr-termination-protected": [in_cluster("Instances", "TerminationProtected", to=True)],
    "emr-value-out-of-range": [
        in_cluster("AutoTerminationPolicy", "IdleTimeout", to=30),
        in_cluster("StepConcurrencyLevel", to=257),
        in_cluster("BootstrapActions", to=[{"Name": "b", "ScriptBootstrapAction": {"Path": "s3://b/b.sh"}}] * 17),
    ],
    "emr-name-forbidden": [in_cluster("Name", to="nightly <test>")],
    "emr-step-ends-others": [in_cluster("StepConcurrencyLevel", to=4)],
    "emr-step-too-long": [
        in_step("Step", "HadoopJarStep", to={"Jar": "command-runner.jar", "Args": ["spark-submit", "a" * 10_300]})
    ],
    "secret-in-definition": [
        in_step("Step", "HadoopJarStep", to={"Jar": "j", "Args": ["AKIAIOSFODNN7EXAMPLE"]}),
        in_step("Step", "HadoopJarStep", to={"Jar": "j", "Args": ["--conf", "spark.my.password=hunter2"]}),
    ],
    "emr-fleets-and-groups": [in_cluster("Instances", "InstanceGroups", to=[PRIMARY])],
    "emr-roles-of-nodes": [
        groups(CORE),
        groups(PRIMARY, TASK),
        groups(PRIMARY | {"InstanceCount": 2}, CORE),
        in_state(*FLEETS, 0, "TargetOnDemandCapacity", to=0),
    ],
    "emr-fleet-types": [
        in_state(*FLEETS, 1, "InstanceTypeConfigs", to=[{"InstanceType": f"r{n}g.xlarge"} for n in range(5, 11)])
    ],
    "emr-spot-timeout": [
        in_state(
            *FLEETS,
            1,
            "LaunchSpecifications",
            to={"SpotSpecification": {"TimeoutDurationMinutes": 2, "TimeoutAction": "SWITCH_TO_ON_DEMAND"}},
        )
    ],
    "emr-primary-on-spot": [
        groups(PRIMARY | {"Market": "SPOT"}, CORE),
        both(without(*FLEETS, 0, "TargetOnDemandCapacity"), in_state(*FLEETS, 0, "TargetSpotCapacity", to=1)),
    ],
    "emr-core-on-spot": [groups(PRIMARY, CORE | {"Market": "SPOT"})],
    "emr-instance-generation-old": [in_state(*FLEETS, 0, "InstanceTypeConfigs", to=[{"InstanceType": "m4.xlarge"}])],
    "emr-names-of-nodes": [
        in_state(*FLEETS, 1, "Name", to="primary"),
        call(
            "elasticmapreduce:modifyInstanceFleetByName",
            {"ClusterId": "j-1", "InstanceFleetName": "tasks", "InstanceFleet": {"TargetSpotCapacity": 4}},
        ),
    ],
    "emr-two-scalings": [
        groups(
            PRIMARY,
            CORE | {"AutoScalingPolicy": policy(300)},
            AutoScalingRole="role",
            ManagedScalingPolicy={
                "ComputeLimits": {"UnitType": "Instances", "MinimumCapacityUnits": 1, "MaximumCapacityUnits": 9}
            },
        )
    ],
    "emr-scaling-role-missing": [groups(PRIMARY, CORE | {"AutoScalingPolicy": policy(300)})],
    "emr-scaling-role-unused": [in_cluster("AutoScalingRole", to="role")],
    "emr-alarm-period": [
        groups(PRIMARY, CORE | {"AutoScalingPolicy": policy(180)}, AutoScalingRole="role"),
        call(
            "aws-sdk:emr:putAutoScalingPolicy",
            {"ClusterId": "j-1", "InstanceGroupId": "ig-1", "AutoScalingPolicy": policy(60)},
        ),
    ],
}
