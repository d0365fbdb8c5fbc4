"""What there is in the account, by the public APIs, for every type of resource the stack has."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3

# Types that are part of another resource: they cannot outlive it, and there is no list of them.
PARTS = {
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EMR::SecurityConfiguration",  # on the local cloud a name and nothing else: its EMR keeps none
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}


def _all(service: str, call: str, key: str) -> Iterator[Any]:
    client: Any = boto3.client(service)  # type: ignore[call-overload]
    if client.can_paginate(call):
        for page in client.get_paginator(call).paginate():
            yield from page.get(key, [])
    else:
        yield from getattr(client, call)().get(key, [])


def _bucket_policies() -> Iterator[str]:
    s3 = boto3.client("s3")
    for bucket in _all("s3", "list_buckets", "Buckets"):
        try:
            s3.get_bucket_policy(Bucket=bucket["Name"])
        except s3.exceptions.ClientError:
            continue
        yield bucket["Name"]


def _keys() -> Iterator[str]:
    """Yield the keys that can be used: one that is deleted is pending for days, and costs nothing meanwhile."""
    kms: Any = boto3.client("kms")
    for key in _all("kms", "list_keys", "Keys"):
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion":
            yield key["KeyId"]


def _listed(service: str, call: str, key: str, name: str) -> Callable[[], Iterator[str]]:
    return lambda: (str(each[name]) if name else str(each) for each in _all(service, call, key))


LISTS: dict[str, Callable[[], Iterator[str]]] = {
    "AWS::CloudFormation::Stack": _listed("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "AWS::CloudWatch::Alarm": _listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "AWS::CloudWatch::Dashboard": _listed("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "AWS::DynamoDB::Table": _listed("dynamodb", "list_tables", "TableNames", ""),
    "AWS::EC2::RouteTable": _listed("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    "AWS::EC2::SecurityGroup": _listed("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    "AWS::EC2::Subnet": _listed("ec2", "describe_subnets", "Subnets", "SubnetId"),
    "AWS::EC2::VPC": _listed("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    "AWS::EC2::VPCEndpoint": _listed("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "AWS::Events::Archive": _listed("events", "list_archives", "Archives", "ArchiveName"),
    "AWS::Events::Rule": _listed("events", "list_rules", "Rules", "Arn"),
    "AWS::IAM::InstanceProfile": _listed("iam", "list_instance_profiles", "InstanceProfiles", "Arn"),
    "AWS::IAM::Role": _listed("iam", "list_roles", "Roles", "Arn"),
    "AWS::KMS::Key": _keys,
    "AWS::Lambda::EventSourceMapping": _listed("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    "AWS::Lambda::Function": _listed("lambda", "list_functions", "Functions", "FunctionArn"),
    "AWS::Logs::LogGroup": _listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::Logs::MetricFilter": _listed("logs", "describe_metric_filters", "metricFilters", "filterName"),
    "AWS::S3::Bucket": _listed("s3", "list_buckets", "Buckets", "Name"),
    "AWS::S3::BucketPolicy": _bucket_policies,
    "AWS::SNS::Topic": _listed("sns", "list_topics", "Topics", "TopicArn"),
    "AWS::SQS::Queue": _listed("sqs", "list_queues", "QueueUrls", ""),
    "AWS::Scheduler::Schedule": _listed("scheduler", "list_schedules", "Schedules", "Arn"),
    "AWS::StepFunctions::StateMachine": _listed(
        "stepfunctions", "list_state_machines", "stateMachines", "stateMachineArn"
    ),
}


def census() -> set[tuple[str, str]]:
    """Return type and name of everything there is."""
    return {(kind, name) for kind, names in LISTS.items() for name in names()}
