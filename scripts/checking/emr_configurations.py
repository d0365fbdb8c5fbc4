"""The rules about the configurations of cluster specs."""

import difflib
from collections.abc import Callable, Iterator

from lambdas.specs import Cluster
from lambdas.specs.catalogue import release_version
from scripts.checking.releases import S3A_SINCE, is_spark_release
from scripts.checking.rules import Place, Rule
from scripts.checking.specs import Specs

# Those of Spark and of what it runs on.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7140-release.html
CLASSIFICATIONS = (
    "capacity-scheduler",
    "core-site",
    "delta-defaults",
    "emrfs-site",
    "hadoop-env",
    "hdfs-env",
    "hdfs-site",
    "hive-env",
    "hive-site",
    "hudi-defaults",
    "iceberg-defaults",
    "livy-conf",
    "livy-env",
    "mapred-env",
    "mapred-site",
    "spark",
    "spark-defaults",
    "spark-env",
    "spark-hive-site",
    "spark-log4j2",
    "spark-metrics",
    "yarn-env",
    "yarn-site",
)

# How alike two names are when one is the other misspelt: of 1.
_ALIKE = 0.85

# The classifications of exported variables: hadoop-env, spark-env, yarn-env, ...
_ENVIRONMENT = "-env"

_Property = tuple[Cluster, str, str, str]
_SPARK = "https://spark.apache.org/docs/latest"


def _misspelt(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        for classification in cluster.configurations:
            close = difflib.get_close_matches(classification, CLASSIFICATIONS, n=1, cutoff=_ALIKE)
            if close and classification not in CLASSIFICATIONS:
                place = specs.of_cluster(name, "configurations", classification)
                yield place, f"{classification!r}; did you mean {close[0]!r}?"


def _environments(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        for classification, properties in cluster.configurations.items():
            if classification.endswith(_ENVIRONMENT) and properties:
                place = specs.of_cluster(name, "configurations", classification)
                yield place, f"{classification} with {', '.join(properties)}"


def _emrfs(specs: Specs) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        if "emrfs-site" in cluster.configurations and _has_s3a(cluster) and not _is_back_on_emrfs(cluster):
            yield specs.of_cluster(name, "configurations", "emrfs-site"), f"emrfs-site on {cluster.release}"


def _consistent_view(specs: Specs) -> Iterator[tuple[Place, str]]:
    return _found(specs, lambda each: each[1] == "emrfs-site" and each[2].startswith("fs.s3.consistent"))


def _no_shuffle_service(specs: Specs) -> Iterator[tuple[Place, str]]:
    return _found(specs, lambda each: each[2] == "spark.shuffle.service.enabled" and _is_off(each[3]))


def _no_adaptive(specs: Specs) -> Iterator[tuple[Place, str]]:
    return _found(specs, lambda each: each[2] == "spark.sql.adaptive.enabled" and _is_off(each[3]))


def _no_committer(specs: Specs) -> Iterator[tuple[Place, str]]:
    option = "spark.sql.parquet.fs.optimized.committer.optimization-enabled"
    version = "mapreduce.fileoutputcommitter.algorithm.version"
    return _found(
        specs, lambda each: (each[2] == option and _is_off(each[3])) or (version in each[2] and each[3] == "2")
    )


def _event_log(specs: Specs) -> Iterator[tuple[Place, str]]:
    return _found(specs, lambda each: each[2].startswith("spark.eventLog."))


def _python_missing(specs: Specs) -> Iterator[tuple[Place, str]]:
    return _found(specs, lambda each: "PYSPARK_PYTHON" in each[2].upper().replace(".", "_") and _no_such_python(each))


def _no_such_python(each: _Property) -> bool:
    cluster, _, _, value = each
    # https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7140-release.html
    versions = ("3.11", "3.13") if is_spark_release(cluster.release) else ("3.9", "3.11")
    named = value.rpartition("python")[2]
    is_system = value.startswith(("/usr/bin/python", "python"))
    is_known = release_version(cluster.release) >= (7,)
    return is_system and is_known and not cluster.bootstrap_actions and named not in ("", "3", *versions)


def _found(specs: Specs, is_one: Callable[[_Property], bool]) -> Iterator[tuple[Place, str]]:
    for name, cluster in specs.clusters.items():
        for classification, properties in cluster.configurations.items():
            for key, value in properties.items():
                if is_one((cluster, classification, key, value)):
                    yield specs.of_cluster(name, "configurations", classification, key), f"{key}: {value}"


def _is_off(value: str) -> bool:
    return value.strip().lower() == "false"


def _has_s3a(cluster: Cluster) -> bool:
    return release_version(cluster.release) >= S3A_SINCE


def _is_back_on_emrfs(cluster: Cluster) -> bool:
    return cluster.configurations.get("core-site", {}).get("fs.s3.impl", "").endswith("EmrFileSystem")


CONFIGURATION_RULES = (
    Rule(
        id="classification-misspelt",
        severity="error",
        why="EMR refuses to create a cluster with a classification its applications do not have.",
        fix="Write the classification as the page of the release lists it.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7140-release.html",
        find=_misspelt,
    ),
    Rule(
        id="environment-not-exported",
        severity="error",
        why="EMR exports variables only from an 'export' nested in the classification, which a spec cannot have.",
        fix="Set them in spark-defaults, as spark.yarn.appMasterEnv.NAME and spark.executorEnv.NAME.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html",
        find=_environments,
    ),
    Rule(
        id="emrfs-configuration-unused",
        severity="warning",
        why="From emr-7.10.0 on S3A reads and writes s3://, and only some settings of EMRFS are translated for it.",
        fix="Set what S3A has for it in core-site (fs.s3a.*), or leave it out.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-s3a-migrate.html",
        find=_emrfs,
    ),
    Rule(
        id="consistent-view-obsolete",
        severity="warning",
        why="S3 is strongly consistent since 2020; consistent view only adds a DynamoDB table that costs.",
        fix="Leave it out.",
        link="https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-consistent-view.html",
        find=_consistent_view,
    ),
    Rule(
        id="shuffle-service-off",
        severity="error",
        why="The size of a run relies on dynamic allocation, which on YARN needs the external shuffle service.",
        fix="Leave it out: EMR switches it on.",
        link=f"{_SPARK}/job-scheduling.html",
        find=_no_shuffle_service,
    ),
    Rule(
        id="adaptive-execution-off",
        severity="warning",
        why="Without adaptive execution Spark neither joins small shuffle partitions nor splits skewed ones.",
        fix="Leave it out: Spark switches it on.",
        link=f"{_SPARK}/sql-performance-tuning.html",
        find=_no_adaptive,
    ),
    Rule(
        id="committer-not-optimized",
        severity="warning",
        why="Without it tasks rename files in S3, which copies them, and a task that fails can leave its files behind.",
        fix="Leave it out: the EMRFS S3-optimized committer is on, and so is that of S3A.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-s3-optimized-committer.html",
        find=_no_committer,
    ),
    Rule(
        id="event-log-overridden",
        severity="warning",
        why="Every run writes Spark's event log beside its record, because sizes are learnt from it; this is replaced.",
        fix="Leave it out.",
        link=f"{_SPARK}/monitoring.html",
        find=_event_log,
    ),
    Rule(
        id="python-not-on-release",
        severity="error",
        why="The release has no such Python, and no bootstrap action installs one: every step fails when it starts.",
        fix="Name a Python of the release, or install this one in a bootstrap action.",
        link="https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7140-release.html",
        find=_python_missing,
    ),
)
