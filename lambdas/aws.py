"""Every boto3 client, of the Lambdas and of the command, made once per process.

Credentials, region and endpoint come from the SDK's standard settings; ``AWS_ENDPOINT_URL`` points all elsewhere.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from lambdas.inputs.listing import WORKERS
from lambdas.settings import region_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

# EMR refills some calls at one per two seconds, so throttling is normal; adaptive mode slows down instead of failing.
# https://docs.aws.amazon.com/general/latest/gr/emr.html
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})
_STANDARD = Config(retries={"mode": "standard", "total_max_attempts": 5})

# Listing asks for pages from as many threads; standard mode repeats what S3 refuses with SlowDown.
_PARALLEL = _STANDARD.merge(Config(max_pool_connections=WORKERS))


@cache
def s3() -> "S3Client":
    """Return the client of S3."""
    return boto3.client("s3", region_name=region_name(), config=_PARALLEL)


@cache
def dynamodb() -> "DynamoDBClient":
    """Return the client of DynamoDB."""
    return boto3.client("dynamodb", region_name=region_name(), config=_STANDARD)


@cache
def emr() -> "EMRClient":
    """Return the client of EMR."""
    return boto3.client("emr", region_name=region_name(), config=_PATIENT)


@cache
def stepfunctions() -> "SFNClient":
    """Return the client of Step Functions."""
    return boto3.client("stepfunctions", region_name=region_name(), config=_STANDARD)


@cache
def cloudformation() -> "CloudFormationClient":
    """Return the client of CloudFormation."""
    return boto3.client("cloudformation", region_name=region_name(), config=_STANDARD)


@cache
def sns() -> "SNSClient":
    """Return the client of SNS."""
    return boto3.client("sns", region_name=region_name(), config=_STANDARD)


@cache
def sqs() -> "SQSClient":
    """Return the client of SQS."""
    return boto3.client("sqs", region_name=region_name(), config=_STANDARD)


@cache
def ec2() -> "EC2Client":
    """Return the client of EC2."""
    return boto3.client("ec2", region_name=region_name(), config=_STANDARD)


@cache
def iam() -> "IAMClient":
    """Return the client of IAM."""
    return boto3.client("iam", region_name=region_name(), config=_STANDARD)


@cache
def sts() -> "STSClient":
    """Return the client of STS."""
    return boto3.client("sts", region_name=region_name(), config=_STANDARD)


@cache
def service_quotas() -> "ServiceQuotasClient":
    """Return the client of Service Quotas."""
    return boto3.client("service-quotas", region_name=region_name(), config=_STANDARD)


@cache
def events() -> "EventBridgeClient":
    """Return the client of EventBridge."""
    return boto3.client("events", region_name=region_name(), config=_STANDARD)


@cache
def lambda_() -> "LambdaClient":
    """Return the client of Lambda."""
    return boto3.client("lambda", region_name=region_name(), config=_STANDARD)


@cache
def cloudwatch() -> "CloudWatchClient":
    """Return the client of CloudWatch."""
    return boto3.client("cloudwatch", region_name=region_name(), config=_STANDARD)


def forget() -> None:
    """Drop the clients made so far, after the settings they were made from have changed."""
    for make in (
        *(s3, dynamodb, emr, stepfunctions, cloudformation, sns, sqs),
        *(ec2, iam, sts, service_quotas, events, lambda_, cloudwatch),
    ):
        make.cache_clear()
