"""The clients the prices of a region come from; ``lambdas/aws.py`` has those of the process's own region only."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_pricing import PricingClient

# The Price List API answers for all regions, but only in us-east-1, eu-central-1 and ap-south-1.
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
PRICING_REGION = "us-east-1"

_PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})


@dataclass(frozen=True)
class Clients:
    """EMR and EC2 of the region, and the Price List API."""

    emr: "EMRClient"
    ec2: "EC2Client"
    pricing: "PricingClient"


def clients_of(region: str) -> Clients:
    """Return the clients for a region."""
    return Clients(
        boto3.client("emr", region_name=region, config=_PATIENT),
        boto3.client("ec2", region_name=region, config=_PATIENT),
        boto3.client("pricing", region_name=PRICING_REGION, config=_PATIENT),
    )
