import pytest

from scripts.certify.static.actions import Action, Kind, action, is_named
from scripts.certify.static.graph import build
from tests.unit.certify.static.builders import machine, task


def kind(resource: str, **fields: object) -> Kind:
    definition = machine(Only=task(resource, None, **fields))
    found: Action = action(build(definition).start, {"reap_clusters"})
    return found.kind


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:states:::elasticmapreduce:createCluster", Kind.CREATE),
        ("arn:aws:states:::elasticmapreduce:createCluster.sync", Kind.CREATE),
        ("arn:${AWS::Partition}:states:::elasticmapreduce:createCluster.sync", Kind.CREATE),
        ("arn:aws-cn:states:::aws-sdk:emr:runJobFlow", Kind.CREATE),
        ("arn:aws-us-gov:states:::elasticmapreduce:terminateCluster", Kind.TERMINATE),
        ("arn:aws:states:::aws-sdk:emr:terminateJobFlows", Kind.TERMINATE),
        ("arn:aws:states:::elasticmapreduce:addStep.sync", Kind.STEP),
        ("arn:aws:states:::aws-sdk:emr:addJobFlowSteps", Kind.STEP),
        ("arn:aws:states:::elasticmapreduce:cancelStep", Kind.OTHER),
        ("arn:aws:states:::elasticmapreduce:setClusterTerminationProtection", Kind.OTHER),
        ("arn:aws:states:::elasticmapreduce:modifyInstanceFleetByName", Kind.OTHER),
        ("arn:aws:states:::aws-sdk:emr:setTerminationProtection", Kind.OTHER),
        ("arn:aws:states:::aws-sdk:emr:setKeepJobFlowAliveWhenNoSteps", Kind.OTHER),
        ("arn:aws:states:::aws-sdk:emr:listSteps", Kind.OTHER),
        ("arn:aws:states:::emr-containers:createVirtualCluster", Kind.OTHER),
        ("arn:aws:states:::states:startExecution.sync:2", Kind.OTHER),
        ("arn:aws:states:us-east-1:123456789012:activity:reap_clusters", Kind.OTHER),
        ("arn:aws:lambda:us-east-1:123456789012:function:reap_clusters", Kind.REAP),
        ("${ReapClustersLambdaFunction.Arn}", Kind.REAP),
    ],
)
def test_what_a_resource_means(resource: str, expected: Kind) -> None:
    assert kind(resource) is expected


@pytest.mark.parametrize("resource", ["lambda:invoke", "lambda:invoke.waitForTaskToken", "aws-sdk:lambda:invoke"])
def test_an_invoked_function_is_known_by_its_name(resource: str) -> None:
    arn = f"arn:aws:states:::{resource}"
    assert kind(arn, Parameters={"FunctionName": "reap_clusters"}) is Kind.REAP
    assert kind(arn, Parameters={"FunctionName.$": "$.functions.reapClusters"}) is Kind.REAP
    assert kind(arn, Arguments={"FunctionName": "${ReapClustersArn}"}) is Kind.REAP
    assert kind(arn, Arguments={"FunctionName": "record_run"}) is Kind.OTHER
    assert kind(arn, Arguments="{% $reap_clusters %}") is Kind.OTHER


@pytest.mark.parametrize(
    ("function", "named"),
    [
        ("reap_clusters", True),
        ("reap-clusters", True),
        ("ReapClusters", True),
        ("REAP_CLUSTERS", True),
        ("reapclusters", True),
        ("slow-lambda-dev-reap-clusters", True),
        ("reap_clusters:3", True),
        ("${ReapClustersArn}", True),
        ("${ReapClustersLambdaFunction.Arn}", True),
        ("${ReapClustersArn}:live", True),
        ("{% $reapClustersArn %}", True),
        ("arn:aws:lambda:us-east-1:123456789012:function:dev-reap-clusters:live", True),
        (
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-reap-clusters",
            True,
        ),
        ("dont_reap_clusters_yet", False),
        ("dont-reap-clusters", False),
        ("reap_clusters_report", False),
        ("reap", False),
        ("creap_clusters", False),
        ("arn:aws:lambda:us-east-1:123456789012:function:other:reap_clusters", False),
        ("", False),
        (None, False),
    ],
)
def test_names_are_compared_by_words(function: str | None, named: bool) -> None:
    assert is_named(function, {"reap_clusters"}) is named
