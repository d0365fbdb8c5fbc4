"""Buckets, tables, queues and the topic: closed, encrypted, and gone with the stack but for the data."""

import json
from typing import Any

import pytest

from scripts.rendering.jobs import render_jobs
from scripts.rendering.template import CodeLocation, Options, expand

KEPT = {"DataBucket", "DataBucketPolicy"}
WITH_VERSIONS = {"DataBucket", "CodeBucket"}
EXPIRING = {"emr/", "starts/", "runs/"}


@pytest.fixture(scope="module")
def template() -> dict[str, dict[str, Any]]:
    render_jobs()
    found: dict[str, dict[str, Any]] = expand(Options("test"), CodeLocation("b", "k"))["Resources"]
    return found


@pytest.fixture(scope="module")
def buckets(template: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template.items() if each["Type"] == "AWS::S3::Bucket"}


def test_only_the_data_outlives_the_stack(template: dict[str, dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html."""
    policies = {name: each.get("DeletionPolicy", "Delete") for name, each in template.items()}
    assert {name for name, policy in policies.items() if policy != "Delete"} == KEPT
    assert {policies[name] for name in KEPT} == {"RetainExceptOnCreate"}


def test_what_is_kept_is_in_nobodys_way(buckets: dict[str, dict[str, Any]]) -> None:
    assert "BucketName" not in buckets["DataBucket"]


def test_every_bucket_is_closed_and_encrypted(buckets: dict[str, dict[str, Any]]) -> None:
    for bucket in buckets.values():
        blocked = bucket["PublicAccessBlockConfiguration"]
        assert len(blocked) == 4
        assert all(blocked.values())
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_every_bucket_refuses_plain_http(
    template: dict[str, dict[str, Any]], buckets: dict[str, dict[str, Any]]
) -> None:
    for name in buckets:
        properties = template[f"{name}Policy"]["Properties"]
        assert properties["Bucket"] == {"Ref": name}
        (denied,) = properties["PolicyDocument"]["Statement"]
        assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
        assert denied["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_no_bucket_grows_unseen(buckets: dict[str, dict[str, Any]]) -> None:
    for bucket in buckets.values():
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    versioned = {name for name, each in buckets.items() if "VersioningConfiguration" in each}
    assert versioned == WITH_VERSIONS
    for name in versioned:
        rules = buckets[name]["LifecycleConfiguration"]["Rules"]
        assert any("NoncurrentVersionExpiration" in rule for rule in rules)
    logs = buckets["LogBucket"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"] for rule in logs if "ExpirationInDays" in rule} == EXPIRING


def test_only_the_data_bucket_tells_of_new_objects(buckets: dict[str, dict[str, Any]]) -> None:
    telling = {
        name: each["NotificationConfiguration"]
        for name, each in buckets.items()
        if len(each) > 1 and "NotificationConfiguration" in each
    }
    assert telling == {"DataBucket": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}}


def test_every_table_costs_what_is_used_and_can_be_had_back(template: dict[str, dict[str, Any]]) -> None:
    tables = [each["Properties"] for each in template.values() if each["Type"] == "AWS::DynamoDB::Table"]
    assert tables
    for table in tables:
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_queues_and_topic_are_encrypted(template: dict[str, dict[str, Any]]) -> None:
    queues = [each["Properties"] for each in template.values() if each["Type"] == "AWS::SQS::Queue"]
    assert queues
    assert all(queue["SqsManagedSseEnabled"] for queue in queues)
    assert template["RunTopic"]["Properties"]["KmsMasterKeyId"] == {"Ref": "RunTopicKey"}
    assert template["RunTopicKey"]["Properties"]["EnableKeyRotation"]


def test_alarms_and_machines_may_use_the_topics_key(template: dict[str, dict[str, Any]]) -> None:
    """CloudWatch cannot publish to a topic under AWS's own key: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    wanted = ["kms:Decrypt", "kms:GenerateDataKey*"]
    statements = template["RunTopicKey"]["Properties"]["KeyPolicy"]["Statement"]
    assert [each["Action"] for each in statements if "cloudwatch" in json.dumps(each["Principal"])] == [wanted]
    (policy,) = template["MachineRole"]["Properties"]["Policies"]
    used = [each for each in policy["PolicyDocument"]["Statement"] if each["Action"] == wanted]
    assert [each["Resource"] for each in used] == [{"Fn::GetAtt": ["RunTopicKey", "Arn"]}]
