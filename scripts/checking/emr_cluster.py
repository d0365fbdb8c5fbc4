"""The rules about cluster specs: their release, applications and instance types."""

from collections.abc import Iterator

from scripts.checking.instances import is_old
from scripts.checking.releases import (
    SUPPORT_PAGE,
    applications,
    has_auto_termination,
    is_spark_release,
    spark_version,
    support,
)
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs

# A quarter of a year, in which a job can be tried on another release.
SOON_DAYS = 90

_SPARK = "Spark"

# Formats of tables and the shipping of metrics: they help Spark and start no process that takes memory from it.
_BESIDE_SPARK = frozenset({_SPARK, "AmazonCloudWatchAgent", "Delta", "Hudi", "Iceberg", "Hadoop"})

_APPLICATIONS = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-app-versions-7.x.html"


def _unsupported(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        supported = support(cluster.release)
        if supported and supported.until < specs.today:
            yield specs.of_cluster(name, "release"), f"AWS supported {cluster.release} {supported}"


def _soon_unsupported(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        supported = support(cluster.release)
        if supported and 0 <= (supported.until - specs.today).days <= SOON_DAYS:
            yield specs.of_cluster(name, "release"), f"AWS supports {cluster.release} {supported}"


def _without_auto_termination(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if not has_auto_termination(cluster.release):
            yield specs.of_cluster(name, "release"), f"{cluster.release} has no auto-termination and no managed scaling"


def _other_spark(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        brings = spark_version(cluster.release)
        if brings and brings != cluster.spark:
            yield specs.of_cluster(name, "spark"), f"Spark {cluster.spark}; {cluster.release} brings {brings}"


def _unknown_applications(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        known = {each.lower() for each in applications(cluster.release)}
        for number, application in enumerate(cluster.applications):
            if application.lower() not in known:
                series = "emr-spark" if is_spark_release(cluster.release) else "emr"
                yield (
                    specs.of_cluster(name, "applications", number),
                    f"{application!r} is no application of the {series} releases",
                )


def _without_spark(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if _SPARK.lower() not in map(str.lower, cluster.applications):
            yield specs.of_cluster(name, "applications"), f"the applications are {', '.join(cluster.applications)}"


def _unneeded_applications(specs: Specs) -> Iterator[tuple[Place, str]]:
    beside = {each.lower() for each in _BESIDE_SPARK}
    for name, cluster in specs.clusters.items():
        for number, application in enumerate(cluster.applications):
            if application.lower() not in beside and application in applications(cluster.release):
                yield specs.of_cluster(name, "applications", number), f"{application} is installed on every node"


def _old_types(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if is_old(cluster.primary_type):
            yield specs.of_cluster(name, "primary_type"), f"{cluster.primary_type} is of an old generation"
        for number, family in enumerate(cluster.families or ()):
            if is_old(family):
                yield specs.of_cluster(name, "families", number), f"{family} is of an old generation"
    for name, policy in specs.policies.items():
        minimum = policy.minimum
        for role, instance_type in (("primary", minimum.primary.type), ("core", minimum.core.type)):
            if is_old(instance_type):
                yield specs.of_scaling(name, "minimum", role), f"{instance_type} is of an old generation"
        for number, group in enumerate(policy.task_groups):
            for instance_type in filter(is_old, group.types):
                yield specs.of_scaling(name, "task_groups", number), f"{instance_type} is of an old generation"


def _one_spot_family(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        families = cluster.families or ()
        if cluster.capacity == "fleets" and cluster.task_market == "spot" and len(families) == 1:
            yield specs.of_cluster(name, "families"), f"spot task nodes may only be of the family {families[0]}"


CLUSTER_RULES = (
    Rule(
        id="release-support-ended",
        severity="warning",
        why="A release past its end of support gets no more fixes, neither of Spark nor of the operating system.",
        fix="Take a release that is supported, and the Spark version it brings.",
        link=SUPPORT_PAGE,
        find=_unsupported,
    ),
    Rule(
        id="release-support-ends-soon",
        severity="note",
        why="A release past its end of support gets no more fixes, neither of Spark nor of the operating system.",
        fix="Try the jobs on a newer release before that day.",
        link=SUPPORT_PAGE,
        find=_soon_unsupported,
    ),
    Rule(
        id="release-without-auto-termination",
        severity="error",
        why="EMR refuses an AutoTerminationPolicy on this release, the last of the nets under a forgotten cluster.",
        fix="Take emr-5.30.0, emr-6.1.0 or later.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html",
        find=_without_auto_termination,
    ),
    Rule(
        id="spark-of-another-release",
        severity="error",
        why="The local cloud runs the version the spec names, so that what works there need not work on EMR.",
        fix="Write the Spark version of the release, or take the release with this Spark version.",
        link=_APPLICATIONS,
        find=_other_spark,
    ),
    Rule(
        id="application-unknown",
        severity="error",
        why="EMR refuses to create a cluster with an application its release does not have.",
        fix="Leave it out, or take a release that has it.",
        link=_APPLICATIONS,
        find=_unknown_applications,
    ),
    Rule(
        id="application-spark-missing",
        severity="error",
        why="Every step is a spark-submit, which EMR only installs with Spark.",
        fix="Add Spark to the applications.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-submit-step.html",
        find=_without_spark,
    ),
    Rule(
        id="application-unneeded",
        severity="note",
        why="An application makes the cluster start later, and its processes take memory from Spark; HBase half of it.",
        fix="Leave it out, unless a step uses it.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html",
        find=_unneeded_applications,
    ),
    Rule(
        id="instance-generation-old",
        severity="warning",
        why="Types from before the AWS Nitro System do less work for their price, and EC2 has fewer of them.",
        fix="Take a newer family with the same memory per vCPU, such as m7g for m4 or r7g for r4.",
        link="https://aws.amazon.com/ec2/previous-generation/",
        find=_old_types,
    ),
    Rule(
        id="spot-of-one-family",
        severity="warning",
        why="Spot capacity differs by type and zone: of one family there is often none, and all is taken back at once.",
        fix="Name several families, or none, which allows all the release supports.",
        link="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-best-practices.html",
        find=_one_spot_family,
    ),
)
