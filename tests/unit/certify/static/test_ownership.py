import copy
import json
from typing import Any

import pytest

from lambdas.specs import load_cluster, load_jobs
from scripts.certify.static import certify_definition
from scripts.rendering.machine import render_machine
from tests.unit.certify.static.builders import (
    FAIL,
    NATIVE,
    RETRY,
    SUCCEED,
    Body,
    catch,
    create,
    found,
    machine,
    reap,
    step,
    task,
    terminate,
    warned,
    work,
)


def correct() -> Body:
    return machine(
        Create=create("Step", Catch=catch("Reap")),
        Step=step("End", Catch=catch("End after failure")),
        **{
            "End": terminate("Done", Catch=catch("Reap")),
            "Done": SUCCEED,
            "End after failure": terminate("Broken", Catch=catch("Reap")),
            "Reap": reap("Broken", Catch=catch("Broken")),
            "Broken": FAIL,
        },
    )


def test_a_correct_machine_has_neither_findings_nor_warnings() -> None:
    report = certify_definition(correct())
    assert report.passed
    assert not report.warnings
    assert report.creates == ("Create",)
    assert report.terminates == ("End", "End after failure", "Reap")


def test_awss_sample_leaks_at_every_task() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/sample-emr-job.html, shortened."""
    sample = {
        "StartAt": "Create an EMR cluster",
        "States": {
            "Create an EMR cluster": {
                "Type": "Task",
                "Resource": "arn:aws:states:::elasticmapreduce:createCluster.sync",
                "Parameters": {"Name": "ExampleCluster", "Instances": {"KeepJobFlowAliveWhenNoSteps": True}},
                "ResultPath": "$.CreateClusterResult",
                "Next": "Run first step",
            },
            "Run first step": {
                "Type": "Task",
                "Resource": "arn:aws:states:::elasticmapreduce:addStep.sync",
                "Parameters": {"ClusterId.$": "$.CreateClusterResult.ClusterId", "Step": {"Name": "My first EMR step"}},
                "Next": "Terminate Cluster",
            },
            "Terminate Cluster": {
                "Type": "Task",
                "Resource": "arn:aws:states:::elasticmapreduce:terminateCluster",
                "Parameters": {"ClusterId.$": "$.CreateClusterResult.ClusterId"},
                "End": True,
            },
        },
    }
    report = certify_definition(sample)
    assert found(report) == {
        ("task-without-catch", "Create an EMR cluster"),
        ("task-without-timeout", "Create an EMR cluster"),
        ("task-without-catch", "Run first step"),
        ("task-without-timeout", "Run first step"),
        ("terminate-without-retry", "Terminate Cluster"),
    }
    paths = {finding.state: finding.path for finding in report.findings if finding.rule == "task-without-catch"}
    assert paths["Run first step"] == ("Create an EMR cluster", "Run first step")


@pytest.mark.parametrize("job", load_jobs(), ids=lambda job: job.name)
def test_this_projects_machines_pass(job: Any) -> None:
    report = certify_definition(json.loads(render_machine(job, load_cluster(job.cluster))), strict=True)
    assert report.passed, report.findings
    assert report.creates
    assert report.exits


@pytest.mark.parametrize(
    ("state", "changes", "expected"),
    [
        ("Create", {"Catch": None}, ("task-without-catch", "Create")),
        ("Create", {"Catch": catch("Broken")}, ("end-while-owning", "Broken")),
        ("Create", {"TimeoutSeconds": None}, ("task-without-timeout", "Create")),
        ("Step", {"Catch": None}, ("task-without-catch", "Step")),
        ("Step", {"Catch": []}, ("task-without-catch", "Step")),
        ("Step", {"Catch": catch("Reap", "States.TaskFailed")}, ("task-without-catch", "Step")),
        ("Step", {"Catch": catch("Reap", "States.TaskFailed", "States.Timeout")}, ("task-without-catch", "Step")),
        ("Step", {"Catch": catch("Reap", "States.ALL", "Other")}, ("catch-all-not-alone", "Step")),
        ("Step", {"Catch": catch("Reap") + catch("Reap", "Other")}, ("catch-all-not-alone", "Step")),
        ("Step", {"Catch": catch("Broken")}, ("end-while-owning", "Broken")),
        ("Step", {"Catch": catch("Create")}, ("create-while-owning", "Create")),
        ("Step", {"Next": "Done"}, ("end-while-owning", "Done")),
        ("Step", {"Next": None, "End": True}, ("end-while-owning", "Step")),
        ("Step", {"Next": "Broken"}, ("end-while-owning", "Broken")),
        ("Step", {"TimeoutSeconds": None, "HeartbeatSeconds": 60}, ("task-without-timeout", "Step")),
        ("Step", {"TimeoutSeconds": 99_999_999}, ("task-without-timeout", "Step")),
        ("End", {"Retry": None}, ("terminate-without-retry", "End")),
        ("End", {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]}, ("terminate-without-retry", "End")),
        ("End", {"Retry": [{"ErrorEquals": ["States.Timeout"]}]}, ("terminate-without-retry", "End")),
        ("End", {"Retry": [{"ErrorEquals": ["Lambda.ServiceException"]}]}, ("terminate-without-retry", "End")),
        ("Reap", {"Retry": []}, ("terminate-without-retry", "Reap")),
        ("Reap", {"Parameters": {"FunctionName": "dont_reap_clusters_yet"}}, ("end-while-owning", "Broken")),
        ("End", {"Resource": f"{NATIVE}setClusterTerminationProtection"}, ("end-while-owning", "Done")),
    ],
)
def test_one_change_is_found(state: str, changes: Body, expected: tuple[str, str]) -> None:
    definition = correct()
    definition["States"][state] |= changes
    definition["States"][state] = {
        name: value for name, value in definition["States"][state].items() if value is not None
    }
    report = certify_definition(definition)
    assert expected in found(report)
    assert not report.passed


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        ("Step", {"TimeoutSeconds": None, "TimeoutSecondsPath": "$.timeout"}),
        ("Step", {"Catch": catch("End after failure", "States.TaskFailed") + catch("Reap")}),
        ("End", {"Resource": "arn:aws-cn:states:::elasticmapreduce:terminateCluster"}),
        ("End", {"Resource": "arn:${AWS::Partition}:states:::aws-sdk:emr:terminateJobFlows"}),
        ("End", {"Retry": [{"ErrorEquals": ["EMR.AmazonElasticMapReduceException"]}]}),
        ("End", {"Retry": [{"ErrorEquals": ["Other"], "MaxAttempts": 0}, {"ErrorEquals": ["States.TaskFailed"]}]}),
        ("Reap", {"Retry": [{"ErrorEquals": ["Lambda.ServiceException", "Lambda.TooManyRequestsException"]}]}),
        ("Reap", {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:dev-reap-clusters:live"}),
    ],
)
def test_one_change_that_is_as_good(state: str, changes: Body) -> None:
    definition = correct()
    definition["States"][state] |= changes
    definition["States"][state] = {
        name: value for name, value in definition["States"][state].items() if value is not None
    }
    assert certify_definition(definition).passed


def test_a_terminate_that_cannot_be_waited_for_is_only_warned_of() -> None:
    definition = correct()
    for field in ("Catch", "TimeoutSeconds"):
        del definition["States"]["End"][field]
    report = certify_definition(definition)
    assert report.passed
    assert warned(report) == {("terminate-without-catch", "End"), ("terminate-without-timeout", "End")}


def test_an_id_that_no_result_told_is_warned_of() -> None:
    definition = correct()
    definition["States"]["Create"]["Catch"] = catch("End after failure")
    report = certify_definition(definition)
    assert report.passed
    assert warned(report) == {("terminate-by-unseen-id", "End after failure")}
    assert ("terminate-by-unseen-id", "End after failure") in found(certify_definition(definition, strict=True))


def test_an_sdk_create_and_a_create_that_does_not_wait() -> None:
    for resource in ("arn:aws-us-gov:states:::aws-sdk:emr:runJobFlow", f"{NATIVE}createCluster"):
        leaking = machine(Create=create(None, Resource=resource, Catch=catch("Reap")), Reap=reap(None))
        assert found(certify_definition(leaking)) == {("end-while-owning", "Create")}


def test_a_choice_without_default_is_an_exit() -> None:
    rule = {"Variable": "$.x", "BooleanEquals": True, "Next": "Reap"}
    choice: Body = {"Type": "Choice", "Choices": [rule]}
    definition = machine(Create=create("Which", Catch=catch("Reap")), Which=choice, Reap=reap(None))
    report = certify_definition(definition)
    assert found(report) == {("choice-without-default", "Which")}
    assert report.findings[0].path == ("Create", "Which")
    choice["Default"] = "Reap"
    assert certify_definition(definition).passed


def test_without_a_cluster_nothing_is_asked() -> None:
    definition = machine(First=work("Done", TimeoutSeconds=None), Done=SUCCEED)
    report = certify_definition(definition)
    assert report.passed
    assert not report.warnings
    assert not report.exits


def test_what_is_not_reached_does_not_count() -> None:
    definition = correct()
    definition["States"]["Island"] = create(None)
    assert certify_definition(definition).passed


def test_a_loop_while_owning_ends_and_one_through_a_terminate_is_fine() -> None:
    poll: Body = {"Type": "Wait", "Seconds": 60, "Next": "Describe"}
    describe = task("arn:aws:states:::aws-sdk:emr:describeStep", "Poll", Catch=catch("Reap"))
    again = reap("Create", Catch=catch("Broken"))
    definition = machine(
        Create=create("Poll", Catch=catch("Reap")), Poll=poll, Describe=describe, Reap=again, Broken=FAIL
    )
    assert certify_definition(definition).passed
    definition["States"]["Describe"]["Catch"] = catch("Create")
    report = certify_definition(definition)
    assert found(report) == {("create-while-owning", "Create")}
    assert report.findings[0].path == ("Create", "Poll", "Describe", "Create")


def test_a_create_that_catches_into_itself() -> None:
    report = certify_definition(machine(Create=create("Reap", Catch=catch("Create")), Reap=reap(None)))
    assert found(report) == {("create-while-owning", "Create")}
    assert report.findings[0].path == ("Create", "Create")


def test_names_of_terminates_can_be_added() -> None:
    definition = correct()
    definition["States"]["Reap"]["Parameters"]["FunctionName"] = "${CleanUpEmrFunction.Arn}"
    assert not certify_definition(definition).passed
    assert certify_definition(definition, terminates=["clean-up-emr"]).passed


def jsonata() -> Body:
    """Return the JSONata twin of the correct machine."""
    catching = [{"ErrorEquals": ["States.ALL"], "Next": "Reap"}]
    tags = [{"Key": "slow-lambda:execution", "Value": "{% $states.context.Execution.Id %}"}]
    states = {
        "Create": {
            "Type": "Task",
            "Resource": f"{NATIVE}createCluster.sync",
            "Arguments": {"Name": "c", "Tags": tags, "AutoTerminationPolicy": {}},
            "Assign": {"clusterId": "{% $states.result.ClusterId %}"},
            "TimeoutSeconds": "{% $timeout %}",
            "Catch": catching,
            "Next": "Note",
        },
        "Note": {"Type": "Pass", "Output": "{% $states.input.x %}", "Next": "End"},
        "End": {
            "Type": "Task",
            "Resource": f"{NATIVE}terminateCluster.sync",
            "Arguments": {"ClusterId": "{% $clusterId %}"},
            "TimeoutSeconds": 600,
            "Retry": RETRY,
            "Catch": catching,
            "End": True,
        },
        "Reap": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "${ReapClustersArn}"},
            "TimeoutSeconds": 60,
            "Retry": RETRY,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Broken"}],
            "Next": "Broken",
        },
        "Broken": FAIL,
    }
    return {"QueryLanguage": "JSONata", "StartAt": "Create", "TimeoutSeconds": 86_400, "States": states}


def test_jsonata_alike() -> None:
    assert certify_definition(jsonata()).passed
    for state, field, rule in (
        ("Create", "Catch", "task-without-catch"),
        ("Create", "TimeoutSeconds", "task-without-timeout"),
        ("End", "Retry", "terminate-without-retry"),
        ("Reap", "Retry", "terminate-without-retry"),
    ):
        broken = copy.deepcopy(jsonata())
        del broken["States"][state][field]
        assert (rule, state) in found(certify_definition(broken))
