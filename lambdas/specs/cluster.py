"""A cluster spec: what does not depend on a run's size."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lambdas.inputs.uri import S3Uri, UriError
from lambdas.specs.types import (
    Duration,
    IdleTimeout,
    Line,
    Name,
    ReleaseLabel,
    Spec,
    SpotTimeout,
    Version,
    expected,
    not_empty,
)

Architecture = Literal["arm64", "x86_64"]
Capacity = Literal["fleets", "groups"]
Market = Literal["spot", "on_demand"]

# The size of a run sets these, so that the plan and its receipt say what really runs.
SIZED_PROPERTIES = {
    "capacity-scheduler": frozenset({"yarn.scheduler.capacity.resource-calculator"}),
    "spark": frozenset({"maximizeResourceAllocation"}),
    "spark-defaults": frozenset(
        {
            "spark.driver.cores",
            "spark.driver.memory",
            "spark.driver.memoryOverhead",
            "spark.dynamicAllocation.enabled",
            "spark.dynamicAllocation.initialExecutors",
            "spark.dynamicAllocation.maxExecutors",
            "spark.dynamicAllocation.minExecutors",
            "spark.executor.cores",
            "spark.executor.memory",
            "spark.executor.memoryOverhead",
            "spark.sql.shuffle.partitions",
        }
    ),
    "yarn-site": frozenset(
        {
            "yarn.node-labels.am.default-node-label-expression",
            "yarn.node-labels.enabled",
            "yarn.nodemanager.resource.cpu-vcores",
            "yarn.nodemanager.resource.memory-mb",
            "yarn.scheduler.maximum-allocation-mb",
            "yarn.scheduler.minimum-allocation-mb",
        }
    ),
}


def _script(text: str) -> str:
    try:
        uri = S3Uri.parse(text)
    except UriError as error:
        raise expected(f"a script in S3, such as s3://bucket/bootstrap.sh ({error})") from error
    if not uri.key or uri.key.endswith("/"):
        raise expected("a script in S3, such as s3://bucket/bootstrap.sh")
    return text


class BootstrapAction(Spec):
    """A script every node runs before it joins the cluster."""

    name: Line
    script: Annotated[str, AfterValidator(_script)]
    args: tuple[str, ...] = ()


class Cluster(Spec):
    """A cluster spec.

    Attributes
    ----------
    spark, hadoop
        Versions the release brings, for running the same ones locally.
    families
        Instance families core and task nodes may come from, such as ``m7g``; without it, all of the catalogue that the
        release supports.
    capacity
        Instance fleets, of several types and subnets; or uniform instance groups, of one type each in one subnet, which
        custom automatic scaling needs.
    task_market, spot_timeout
        Where task nodes come from; without spot capacity for ``spot_timeout`` seconds they start on demand.
    start_timeout, terminate_timeout, idle_timeout
        Seconds until the cluster must be ready, must be gone, and is ended by EMR when nobody uses it.
    configurations
        Classification to properties, on top of which the size of a run puts its own.
    """

    name: Name
    description: Line
    release: ReleaseLabel
    spark: Version
    hadoop: Version | None = None
    applications: Annotated[tuple[Line, ...], AfterValidator(not_empty)]
    architecture: Architecture
    primary_type: Line
    families: Annotated[tuple[Line, ...], AfterValidator(not_empty)] | None = None
    capacity: Capacity = "fleets"
    task_market: Market
    spot_timeout: SpotTimeout
    start_timeout: Duration
    terminate_timeout: Duration
    idle_timeout: IdleTimeout
    bootstrap_actions: tuple[BootstrapAction, ...] = ()
    configurations: dict[str, dict[str, str]] = Field(default_factory=dict)
