"""The nets outside the machine, as they are deployed."""

import json
from typing import Any

import pytest

from lambdas import reap_clusters
from lambdas.clusters.events import STATUS_CHANGE
from scripts.local.emr.events import STEP_EVENT
from scripts.local.emr.model import StepState
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

STAGE = "test"
TARGETS = {
    ("ExecutionEndedRule", "ReapClusters"): "ExecutionEndedPermission",
    ("ExecutionEndedRule", "CloseRun"): "ExecutionEndedClosePermission",
    ("SweepRule", "ReapClusters"): "SweepPermission",
    ("StepEndedRule", "RecordStep"): "StepEndedPermission",
}
FUNCTIONS = sorted({function for _, function in TARGETS})
PATTERN_MAX_CHARACTERS = 2048
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html."""


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    render_jobs()
    found: dict[str, Any] = expand(Options(STAGE, params={"subnetIds": "subnet-1"}), CodeLocation("b", "k"))[
        "Resources"
    ]
    return {name: resource["Properties"] for name, resource in found.items()}


def allowed(resources: dict[str, Any], action: str, function: str = "ReapClusters") -> list[dict[str, Any]]:
    """The statements of the function's role that allow an action."""
    statements = resources[f"{function}Role"]["Policies"][0]["PolicyDocument"]["Statement"]
    return [
        each
        for each in statements
        if action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    ]


def test_executions_that_end_badly_start_the_reaper(resources: dict[str, Any]) -> None:
    pattern = resources["ExecutionEndedRule"]["EventPattern"]
    (machines,) = pattern["detail"].pop("stateMachineArn")
    assert pattern == {
        "source": ["aws.states"],
        "detail-type": [STATUS_CHANGE],
        "detail": {"status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }
    assert machines["prefix"]["Fn::Sub"].endswith(f":stateMachine:slow-lambda-{STAGE}-")
    assert len(json.dumps(pattern)) + 200 < PATTERN_MAX_CHARACTERS
    names = [each["StateMachineName"] for each in resources.values() if "StateMachineName" in each]
    assert names
    assert all(name.startswith(f"slow-lambda-{STAGE}-") for name in names)


def test_the_clock_starts_the_sweep(resources: dict[str, Any]) -> None:
    assert resources["SweepRule"]["ScheduleExpression"] == "rate(15 minutes)"


def test_steps_that_are_over_are_recorded(resources: dict[str, Any]) -> None:
    over = [StepState.COMPLETED.value, StepState.FAILED.value, StepState.CANCELLED.value]
    pattern = resources["StepEndedRule"]["EventPattern"]
    assert pattern == {"source": ["aws.emr"], "detail-type": [STEP_EVENT], "detail": {"state": over}}


@pytest.mark.parametrize(("rule", "function"), TARGETS)
def test_a_rule_may_start_its_functions_and_keeps_what_it_cannot_deliver(
    resources: dict[str, Any], rule: str, function: str
) -> None:
    arn = {"Fn::GetAtt": [f"{function}LambdaFunction", "Arn"]}
    (target,) = [each for each in resources[rule]["Targets"] if each["Arn"] == arn]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}}
    assert resources[TARGETS[rule, function]] == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": resources[f"{function}LambdaFunction"]["FunctionName"],
        "Principal": "events.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": [rule, "Arn"]},
    }
    queue = resources["RejectedEventsPolicy"]["PolicyDocument"]["Statement"][0]["Condition"]["ArnLike"]
    assert queue["aws:SourceArn"]["Fn::Sub"].endswith(f":rule/slow-lambda-{STAGE}-*")
    assert resources[rule]["Name"].startswith(f"slow-lambda-{STAGE}-")


def test_a_rule_starts_nothing_else(resources: dict[str, Any]) -> None:
    for rule in {rule for rule, _ in TARGETS}:
        assert len(resources[rule]["Targets"]) == len([each for each in TARGETS if each[0] == rule])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_event_a_function_fails_on_is_tried_again_and_kept(resources: dict[str, Any], function: str) -> None:
    retries = resources[f"{function}Retries"]
    queue = {"Fn::GetAtt": ["RejectedEvents", "Arn"]}
    assert retries["FunctionName"] == resources[f"{function}LambdaFunction"]["FunctionName"]
    assert retries["MaximumRetryAttempts"] == 2
    assert retries["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert [each["Resource"] for each in allowed(resources, "sqs:SendMessage", function)] == [queue]


@pytest.mark.parametrize("action", ["TerminateJobFlows", "SetTerminationProtection"])
def test_only_the_stages_clusters_may_be_ended(resources: dict[str, Any], action: str) -> None:
    (statement,) = allowed(resources, f"elasticmapreduce:{action}")
    assert statement["Condition"] == {"StringEquals": {"elasticmapreduce:ResourceTag/slow-lambda:stage": STAGE}}


@pytest.mark.parametrize("function", ["ReapClusters", "CloseRun", "RecordRun"])
def test_only_the_stages_executions_may_be_looked_up(resources: dict[str, Any], function: str) -> None:
    (statement,) = allowed(resources, "states:DescribeExecution", function)
    assert statement["Resource"]["Fn::Sub"].endswith(f":execution:slow-lambda-{STAGE}-*:*")


def test_the_metric_counts_the_lines_the_function_logs(resources: dict[str, Any]) -> None:
    assert resources["ClustersReaped"]["FilterPattern"] == f'{{ $.message = "{reap_clusters.ENDED}" }}'
