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
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

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


def forget() -> None:
    """Drop the clients made so far, after the settings they were made from have changed."""
    for make in (s3, dynamodb, emr, stepfunctions, cloudformation, sns, sqs):
        make.cache_clear()
