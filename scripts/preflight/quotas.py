"""What the account may have at a time, against what the largest cluster of a job asks for."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from scripts.preflight.demand import Demand, Size
from scripts.preflight.items import Check, Found, code_of, failed, ok, unknown, warning
from scripts.preflight.subject import Subject

if TYPE_CHECKING:
    from mypy_boto3_emr.literals import ClusterStateType
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

# vCPUs of running instances of the families A, C, D, H, I, M, R, T and Z, on demand and on spot.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
ON_DEMAND = "L-1216C47A"
SPOT = "L-34B43A08"

# By its name: the page does not have its code.
# https://docs.aws.amazon.com/general/latest/gr/emr.html
_ACTIVE_CLUSTERS = "active clusters"

# The figures of use come every five minutes.
_PERIOD_SECONDS = 300
_LATELY = datetime.timedelta(minutes=20)

_SMALLER = "lower limits.max_nodes, or name smaller families"

_ACTIVE: "list[ClusterStateType]" = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]


@dataclass(frozen=True)
class Quota:
    """What there may be at a time, and what of it is in use, where that is known."""

    value: int
    used: int | None

    @property
    def free(self) -> int:
        """What is not in use."""
        return self.value - (self.used or 0)

    def __str__(self) -> str:
        return f"quota {self.value:,}" + ("" if self.used is None else f", {self.used:,} in use")


def quota_checks(subject: Subject) -> Iterator[Check]:
    """Compare the quotas with the clusters the jobs may plan."""
    yield Check("quota-clusters", "Active EMR clusters", partial(_clusters, subject))
    if subject.demands:
        yield Check("quota-on-demand", "vCPUs on demand", partial(_on_demand, subject))
    if any(demand.takes_spot for demand in subject.demands):
        yield Check("quota-spot", "vCPUs on spot", partial(_spot, subject))


def _on_demand(subject: Subject) -> Found:
    """Compare with whole clusters: without spot capacity, task nodes start on demand."""
    quota = _vcpus(subject, ON_DEMAND)
    small = max(subject.demands, key=lambda demand: demand.smallest.vcpus - demand.smallest.spot_vcpus)
    large = max(subject.demands, key=lambda demand: demand.largest.vcpus)
    least, most = small.smallest.vcpus - small.smallest.spot_vcpus, large.largest.vcpus
    fix = _raise(subject, ON_DEMAND, most)
    if quota.value < least:
        return failed(f"{quota}; even {_asked('on demand', small, small.smallest, least)}", fix)
    if quota.free < least:
        return warning(
            f"{quota}; even {_asked('on demand', small, small.smallest, least)}, so nothing starts now",
            f"wait until others have ended; or {fix}",
        )
    asked = _asked("all on demand", large, large.largest, most)
    if quota.value < most:
        return warning(f"{quota}; {asked}; EC2 refuses what is above the quota", f"{fix}; or {_SMALLER}")
    return ok(f"{quota}; {asked}")


def _spot(subject: Subject) -> Found:
    quota = _vcpus(subject, SPOT)
    largest = max(subject.demands, key=lambda demand: demand.largest.spot_vcpus)
    vcpus = largest.largest.spot_vcpus
    asked = _asked("task nodes on spot", largest, largest.largest, vcpus)
    if quota.value < vcpus:
        return warning(
            f"{quota}; {asked}; fleets start on demand what spot does not give, groups wait for it",
            f"{_raise(subject, SPOT, vcpus)}; or {_SMALLER}",
        )
    return ok(f"{quota}; {asked}")


def _asked(what: str, demand: Demand, size: Size, vcpus: int) -> str:
    return f"{demand.job} may ask for {vcpus:,} ({what}: {size.words})"


def _raise(subject: Subject, code: str, value: int) -> str:
    return (
        "ask for more: aws service-quotas request-service-quota-increase --service-code ec2 "
        f"--quota-code {code} --desired-value {value} --region {subject.region}"
    )


def _vcpus(subject: Subject, code: str) -> Quota:
    """Return the account's value of a quota of EC2, or AWS's default where the account has none of its own."""
    quotas = subject.clients.quotas
    try:
        quota = quotas.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]
    except ClientError as error:
        if code_of(error) != "NoSuchResourceException":
            raise
        quota = quotas.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]
    return Quota(int(quota["Value"]), _used(subject, quota))


def _used(subject: Subject, quota: "ServiceQuotaTypeDef") -> int | None:
    """Return the latest figure of a quota's use; ``None`` where there is none, or it may not be read.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Quotas-Visualize-Alarms.html
    """
    metric = quota.get("UsageMetric")
    if not metric:
        return None
    now = datetime.datetime.now(datetime.UTC)
    try:
        points = subject.clients.cloudwatch.get_metric_statistics(
            Namespace=metric["MetricNamespace"],
            MetricName=metric["MetricName"],
            Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
            StartTime=now - _LATELY,
            EndTime=now,
            Period=_PERIOD_SECONDS,
            Statistics=["Maximum"],
        )["Datapoints"]
    except (BotoCoreError, ClientError):
        return None
    # Nothing is written while nothing runs.
    latest = max(points, key=lambda point: point["Timestamp"], default=None)
    return int(latest["Maximum"]) if latest else 0


def _clusters(subject: Subject) -> Found:
    pages = subject.clients.emr.get_paginator("list_clusters").paginate(ClusterStates=_ACTIVE)
    active = sum(len(page["Clusters"]) for page in pages)
    quota = _active_clusters(subject)
    if quota is None:
        return unknown(
            f"{active:,} active; Service Quotas lists no quota of EMR named '{_ACTIVE_CLUSTERS}'",
            "look at the quotas of EMR in the console of Service Quotas",
        )
    if active >= quota:
        return failed(
            f"{active:,} active of {quota:,}: not one more can start",
            "end clusters that nobody needs ('slow-lambda reap --dry-run' shows this stage's), or ask for more",
        )
    return ok(f"{active:,} active of {quota:,}")


def _active_clusters(subject: Subject) -> int | None:
    pages = subject.clients.quotas.get_paginator("list_service_quotas").paginate(ServiceCode="elasticmapreduce")
    quotas = [quota for page in pages for quota in page["Quotas"]]
    return next((int(each["Value"]) for each in quotas if _ACTIVE_CLUSTERS in each["QuotaName"].lower()), None)
