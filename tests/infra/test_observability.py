"""Logs, traces, alarms and the dashboard: that they are there, and look at what there is."""

import json
import re
from typing import Any

import pytest

from lambdas import close_run, record_run
from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

STAGE = "test"
TOPIC = {"Ref": "RunTopic"}


@pytest.fixture(scope="module")
def template() -> dict[str, dict[str, Any]]:
    render_jobs()
    found: dict[str, dict[str, Any]] = expand(Options(STAGE), CodeLocation("b", "k"))["Resources"]
    return found


def of_type(template: dict[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template.items() if each["Type"] == f"AWS::{kind}"}


def alarms(template: dict[str, dict[str, Any]], namespace: str, metric: str) -> dict[str, Any]:
    """Return the alarms on a metric, by the value of their (last) dimension."""
    return {
        json.dumps(alarm["Dimensions"][-1]["Value"]): alarm
        for alarm in of_type(template, "CloudWatch::Alarm").values()
        if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric)
    }


def test_every_alarm_is_announced(template: dict[str, dict[str, Any]]) -> None:
    found = of_type(template, "CloudWatch::Alarm")
    assert found
    for alarm in found.values():
        assert alarm["AlarmActions"] == [TOPIC]
        assert alarm["AlarmName"].startswith(f"slow-lambda-{STAGE}-")
        assert alarm["TreatMissingData"] == "notBreaching"


def test_every_function_that_fails_is_an_alarm(template: dict[str, dict[str, Any]]) -> None:
    functions = {json.dumps(each["FunctionName"]) for each in of_type(template, "Lambda::Function").values()}
    assert set(alarms(template, "AWS/Lambda", "Errors")) == functions


def test_what_was_rejected_is_an_alarm(template: dict[str, dict[str, Any]]) -> None:
    queue = json.dumps({"Fn::GetAtt": ["RejectedEvents", "QueueName"]})
    assert set(alarms(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible")) == {queue}


def test_a_start_that_waits_too_long_is_an_alarm(template: dict[str, dict[str, Any]]) -> None:
    (queue,) = alarms(template, "AWS/SQS", "ApproximateAgeOfOldestMessage")
    assert json.loads(queue) == {"Fn::GetAtt": ["StartQueue", "QueueName"]}


def test_a_run_that_ends_badly_is_an_alarm(template: dict[str, dict[str, Any]]) -> None:
    """The rule that starts the reaper hears of all of them."""
    (rule,) = alarms(template, "AWS/Events", "TriggeredRules")
    assert json.loads(rule) == {"Ref": "ExecutionEndedRule"}
    assert template["ExecutionEndedRule"]["Properties"]["EventPattern"]["detail"]["status"] == [
        "FAILED",
        "TIMED_OUT",
        "ABORTED",
    ]


def test_a_cluster_the_nets_ended_is_an_alarm(template: dict[str, dict[str, Any]]) -> None:
    (alarm,) = alarms(template, "SlowLambda", "ClustersReaped").values()
    (metric,) = template["ClustersReaped"]["Properties"]["MetricTransformations"]
    assert [each["Name"] for each in alarm["Dimensions"]] == [each["Key"] for each in metric["Dimensions"]]


def test_the_figures_of_runs_are_taken_from_what_is_logged(template: dict[str, dict[str, Any]]) -> None:
    """tests/unit/lambdas/test_record_run.py holds the line itself against these names."""
    for name, function, message, value in (
        ("RunCost", "RecordRun", record_run.RECORDED, "$.usd"),
        ("ClosedRunCost", "CloseRun", close_run.CLOSED, "$.usd"),
        ("RunIdle", "RecordRun", record_run.RECORDED, "$.idle_seconds"),
    ):
        metric_filter = template[name]["Properties"]
        assert metric_filter["LogGroupName"] == {"Ref": f"{function}LogGroup"}
        assert metric_filter["FilterPattern"] == f'{{ $.message = "{message}" }}'
        (metric,) = metric_filter["MetricTransformations"]
        assert metric["MetricValue"] == value
        assert {each["Key"]: each["Value"] for each in metric["Dimensions"]} == {"stage": "$.stage", "job": "$.job"}


def test_every_machine_is_logged_and_traced(template: dict[str, dict[str, Any]]) -> None:
    machines = of_type(template, "StepFunctions::StateMachine")
    assert machines
    for machine in machines.values():
        logging = machine["LoggingConfiguration"]
        assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", True)
        (destination,) = logging["Destinations"]
        assert destination["CloudWatchLogsLogGroup"]["LogGroupArn"] == {"Fn::GetAtt": ["MachineLogGroup", "Arn"]}
        assert machine["TracingConfiguration"] == {"Enabled": True}
        assert {tag["Key"]: tag["Value"] for tag in machine["Tags"]}["stage"] == STAGE
    assert template["MachineLogGroup"]["Properties"]["LogGroupName"].startswith("/aws/vendedlogs/states/")


def test_every_function_is_traced_and_tagged(template: dict[str, dict[str, Any]]) -> None:
    for function in of_type(template, "Lambda::Function").values():
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert {tag["Key"]: tag["Value"] for tag in function["Tags"]} == {"project": "slow-lambda", "stage": STAGE}


def test_every_log_ends_some_day(template: dict[str, dict[str, Any]]) -> None:
    groups = of_type(template, "Logs::LogGroup")
    assert len(groups) > len(of_type(template, "Lambda::Function"))
    assert all(group["RetentionInDays"] for group in groups.values())


def test_the_dashboard_shows_what_there_is(template: dict[str, dict[str, Any]]) -> None:
    dashboard = template["Dashboard"]["Properties"]
    text = dashboard["DashboardBody"]["Fn::Sub"]
    for name in re.findall(r"\$\{(\w+)\.QueueName\}", text):
        assert template[name]["Type"] == "AWS::SQS::Queue"
    widgets = json.loads(text)["widgets"]
    titles = " ".join(widget["properties"]["title"] for widget in widgets)
    assert all(word in titles for word in ("Runs", "Dollars", "Idle", "Queues"))
    places = {(widget["x"], widget["y"]) for widget in widgets}
    assert len(places) == len(widgets)
    shown = set(re.findall(r'MetricName=\\?"(\w+)', text))
    assert {"CostUsd", "IdleSeconds", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"} <= shown
    assert f"slow-lambda-{STAGE}-" in text
    assert dashboard["DashboardName"] == {"Fn::Sub": f"slow-lambda-{STAGE}-${{AWS::Region}}"}
