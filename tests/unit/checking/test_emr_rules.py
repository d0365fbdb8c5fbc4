"""The rules about clusters, their configurations and limits: what breaks each, and what is similar and does not."""

import datetime
from pathlib import Path

import pytest

from scripts.checking.releases import has_auto_termination, support
from tests.unit.checking.variants import (
    ELASTIC,
    POLICY,
    PRICES,
    PRICING,
    SHIPPING,
    SPARK,
    Case,
    Edit,
    findings,
    holds,
    variant,
)


def release(label: str, spark: str) -> tuple[Edit, ...]:
    return ((SPARK, "release: emr-7.14.0", f"release: {label}"), (SPARK, "spark: 3.5.8", f"spark: {spark}"))


def configured(classification: str, key: str, value: str) -> Edit:
    return (SPARK, "  spark-defaults:", f'  {classification}:\n    {key}: "{value}"\n  spark-defaults:')


def defaults(key: str, value: str) -> Edit:
    return (SPARK, "  spark-defaults:", f'  spark-defaults:\n    {key}: "{value}"')


def sized(words: str) -> Edit:
    return (PRICING, "class: sql", f"class: sql\nsize: {words}")


# Keeps the other job's specs, too.
OTHER_JOB: Edit = (SHIPPING, "name: shipping-report", "name: shipping-report")

BOOTSTRAP: Edit = (
    SPARK,
    "configurations:",
    "bootstrap_actions:\n  - {name: python, script: s3://a-bucket/python.sh}\nconfigurations:",
)

CASES = [
    Case(
        "release-support-ended",
        release("emr-7.5.0", "3.5.2"),
        "release: emr-7.5.0",
        "until 2026-11-20",
        release("emr-7.9.0", "3.5.5"),
    ),
    Case(
        "release-support-ended",
        release("emr-7.2.0", "3.5.1"),
        "release: emr-7.2.0",
        "no longer than until 2026-10-15",
        release("emr-7.6.0", "3.5.3"),
    ),
    Case(
        "release-without-auto-termination",
        ((ELASTIC, "release: emr-7.14.0", "release: emr-6.0.0"),),
        "release: emr-6.0.0",
        "emr-6.0.0 has no auto-termination",
        ((ELASTIC, "release: emr-7.14.0", "release: emr-6.1.0"),),
    ),
    Case(
        "spark-of-another-release",
        ((SPARK, "spark: 3.5.8", "spark: 3.5.6"),),
        "spark: 3.5.6",
        "emr-7.14.0 brings 3.5.8",
        release("emr-7.13.0", "3.5.6"),
    ),
    Case(
        "application-unknown",
        (*release("emr-spark-8.1.0", "4.1.1"), (SPARK, "[Spark]", "[Spark, Hive]")),
        "applications:",
        "'Hive' is no application of the emr-spark releases",
        ((SPARK, "[Spark]", "[Spark, Hive]"),),
    ),
    Case(
        "application-spark-missing",
        ((SPARK, "[Spark]", "[Hive]"),),
        "applications:",
        "the applications are Hive",
        ((SPARK, "[Spark]", "[spark]"),),
    ),
    Case(
        "application-unneeded",
        ((SPARK, "[Spark]", "[Spark, HBase]"),),
        "applications:",
        "HBase is installed on every node",
        ((SPARK, "[Spark]", "[Spark, Iceberg]"),),
    ),
    Case(
        "instance-generation-old",
        ((ELASTIC, "primary_type: m5.xlarge", "primary_type: m5.xlarge\nfamilies: [m5, i3]"),),
        "families:",
        "i3 is of an old generation",
        ((ELASTIC, "primary_type: m5.xlarge", "primary_type: m5.xlarge\nfamilies: [m5, i4i]"),),
    ),
    Case(
        "instance-generation-old",
        ((ELASTIC, "primary_type: m5.xlarge", "primary_type: i3.xlarge"),),
        "primary_type:",
        "i3.xlarge is of an old generation",
        ((ELASTIC, "primary_type: m5.xlarge", "primary_type: r5.xlarge"),),
    ),
    Case(
        "instance-generation-old",
        ((POLICY, "r5.2xlarge, r5.4xlarge", "r5.2xlarge, i3.2xlarge"),),
        "types: [r5.2xlarge, i3.2xlarge]",
        "i3.2xlarge is of an old generation",
        ((POLICY, "r5.2xlarge, r5.4xlarge", "r5.2xlarge, r6i.2xlarge"),),
    ),
    Case(
        "spot-of-one-family",
        ((SPARK, "task_market: spot", "families: [m7g]\ntask_market: spot"),),
        "families:",
        "of the family m7g",
        ((SPARK, "task_market: spot", "families: [m7g]\ntask_market: on_demand"),),
    ),
    Case(
        "classification-misspelt",
        (configured("spark-default", "spark.ui.enabled", "false"),),
        "spark-default:",
        "did you mean 'spark-defaults'?",
        (configured("trino-config", "query.max-memory", "1GB"),),
    ),
    Case(
        "environment-not-exported",
        (configured("spark-env", "PYSPARK_PYTHON", "/usr/bin/python3.11"),),
        "spark-env:",
        "spark-env with PYSPARK_PYTHON",
        (defaults("spark.yarn.appMasterEnv.PYSPARK_PYTHON", "/usr/bin/python3.11"),),
    ),
    Case(
        "emrfs-configuration-unused",
        (configured("emrfs-site", "fs.s3.maxRetries", "20"),),
        "emrfs-site:",
        "emrfs-site on emr-7.14.0",
        (configured("emrfs-site", "fs.s3.maxRetries", "20"), *release("emr-7.9.0", "3.5.5")),
    ),
    Case(
        "emrfs-configuration-unused",
        (configured("emrfs-site", "fs.s3.maxRetries", "20"),),
        "emrfs-site:",
        "emrfs-site on emr-7.14.0",
        (
            configured("emrfs-site", "fs.s3.maxRetries", "20"),
            configured("core-site", "fs.s3.impl", "com.amazon.ws.emr.hadoop.fs.EmrFileSystem"),
        ),
    ),
    Case(
        "consistent-view-obsolete",
        (configured("emrfs-site", "fs.s3.consistent", "true"), *release("emr-7.9.0", "3.5.5")),
        "fs.s3.consistent",
        "fs.s3.consistent: true",
        (configured("emrfs-site", "fs.s3.maxRetries", "20"), *release("emr-7.9.0", "3.5.5")),
    ),
    Case(
        "shuffle-service-off",
        (defaults("spark.shuffle.service.enabled", "false"),),
        "spark.shuffle.service.enabled",
        "false",
        (defaults("spark.shuffle.service.enabled", "true"),),
    ),
    Case(
        "adaptive-execution-off",
        ((SPARK, 'spark.sql.adaptive.enabled: "true"', 'spark.sql.adaptive.enabled: "false"'),),
        "spark.sql.adaptive.enabled",
        "false",
        ((SPARK, 'spark.sql.adaptive.enabled: "true"', 'spark.sql.adaptive.skewJoin.enabled: "false"'),),
    ),
    Case(
        "committer-not-optimized",
        (defaults("spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version", "2"),),
        "algorithm.version",
        "algorithm.version: 2",
        (defaults("spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version", "1"),),
    ),
    Case(
        "committer-not-optimized",
        (defaults("spark.sql.parquet.fs.optimized.committer.optimization-enabled", "false"),),
        "optimization-enabled",
        "false",
        (defaults("spark.sql.parquet.fs.optimized.committer.optimization-enabled", "true"),),
    ),
    Case(
        "event-log-overridden",
        (defaults("spark.eventLog.enabled", "false"),),
        "spark.eventLog.enabled",
        "false",
        (defaults("spark.history.fs.cleaner.enabled", "true"),),
    ),
    Case(
        "python-not-on-release",
        (defaults("spark.pyspark.python", "/usr/bin/python3.12"),),
        "spark.pyspark.python",
        "python3.12",
        (defaults("spark.pyspark.python", "/usr/bin/python3.11"),),
    ),
    Case(
        "python-not-on-release",
        (defaults("spark.yarn.appMasterEnv.PYSPARK_PYTHON", "python3.12"),),
        "PYSPARK_PYTHON",
        "python3.12",
        (defaults("spark.yarn.appMasterEnv.PYSPARK_PYTHON", "python3.12"), BOOTSTRAP),
    ),
    Case(
        "lifetime-below-timeouts",
        ((PRICING, "{max_nodes: 40}", "{max_nodes: 40, max_lifetime: 3h}"),),
        "max_lifetime",
        "180 minutes; start_timeout and the timeouts of the steps are 220 minutes",
        ((PRICING, "{max_nodes: 40}", "{max_nodes: 40, max_lifetime: 4h}"),),
    ),
    Case(
        "deadline-before-start",
        (sized("{deadline: 8m}"),),
        "deadline: 8m",
        "8 minutes; a cluster alone takes about 8.5 minutes",
        (sized("{deadline: 30m}"),),
    ),
    Case(
        "deadline-after-timeouts",
        (sized("{deadline: 4h}"),),
        "deadline: 4h",
        "a run is over after 220 minutes",
        (sized("{deadline: 3h}"),),
    ),
    Case(
        "budget-below-cheapest",
        (sized("{budget_usd: 0.02}"),),
        "budget_usd: 0.02",
        "the smallest cluster costs $0.0",
        (sized("{budget_usd: 2}"),),
    ),
    Case(
        "idle-timeout-short",
        ((ELASTIC, "idle_timeout: 20m", "idle_timeout: 5m"),),
        "idle_timeout: 5m",
        "between two steps of 'shipping-report'",
        ((SPARK, "idle_timeout: 20m", "idle_timeout: 5m"),),
    ),
    Case(
        "idle-timeout-long",
        ((SPARK, "idle_timeout: 20m", "idle_timeout: 2h"),),
        "idle_timeout: 2h",
        "120 minutes; EMR's own is 60 minutes",
        ((SPARK, "idle_timeout: 20m", "idle_timeout: 1h"),),
    ),
    Case(
        "start-timeout-short",
        ((SPARK, "start_timeout: 40m", "start_timeout: 10m"),),
        "start_timeout: 10m",
        "10 minutes",
        ((SPARK, "start_timeout: 40m", "start_timeout: 15m"),),
    ),
    Case(
        "spot-timeout-long",
        ((SPARK, "spot_timeout: 10m", "spot_timeout: 35m"),),
        "spot_timeout: 35m",
        "35 minutes of start_timeout's 40 minutes",
        ((ELASTIC, "spot_timeout: 10m", "spot_timeout: 35m"),),
    ),
    Case(
        "terminate-timeout-short",
        ((SPARK, "terminate_timeout: 20m", "terminate_timeout: 5m"),),
        "terminate_timeout: 5m",
        "5 minutes",
        ((SPARK, "terminate_timeout: 20m", "terminate_timeout: 10m"),),
    ),
    Case(
        "primary-small",
        ((PRICING, "max_nodes: 40", "max_nodes: 60"),),
        "primary_type: m7g.xlarge",
        "m7g.xlarge has 16 GiB; job 'pricing-summary' may have 60 nodes",
        ((PRICING, "max_nodes: 40", "max_nodes: 60"), (SPARK, "m7g.xlarge", "m7g.2xlarge")),
    ),
    Case(
        "cluster-spec-unused",
        ((PRICING, "cluster: spark", "cluster: elastic"), OTHER_JOB),
        "name: spark",
        "no job runs on 'spark'",
        (),
    ),
    Case(
        "scaling-spec-unused",
        ((SHIPPING, "scaling: yarn-memory\n", ""), (PRICING, "class: sql", "class: sql\nscaling: calm")),
        "name: yarn-memory",
        "no job is scaled by 'yarn-memory'",
        ((PRICING, "class: sql", "class: sql\nscaling: calm"), OTHER_JOB),
    ),
    Case(
        "prices-old",
        ((PRICES, '"2026-02-09"', '"2025-11-25"'),),
        "prices_as_of",
        "366 days old",
        ((PRICES, '"2026-02-09"', '"2025-11-26"'),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_mistake_is_found_and_what_is_right_is_not(case: Case, tmp_path: Path) -> None:
    holds(case, tmp_path)


def test_the_end_of_support_is_announced(tmp_path: Path) -> None:
    root = variant(tmp_path, ())
    (first, _) = findings(root, "release-support-ends-soon", datetime.date(2028, 7, 1))
    assert first.what == "AWS supports emr-7.14.0 until 2028-09-08"
    assert not findings(root, "release-support-ends-soon", datetime.date(2028, 6, 1))
    assert not findings(root, "release-support-ends-soon", datetime.date(2028, 9, 9))


def test_a_release_without_a_date_ended_no_later_than_the_next_one() -> None:
    last = support("emr-7.7.0")
    assert last is not None
    assert (last.until, last.is_exact) == (datetime.date(2027, 5, 19), False)
    assert support("emr-7.15.0") is None
    assert support("emr-spark-8.2.0") is None


@pytest.mark.parametrize(
    ("label", "has"),
    [("emr-5.29.0", False), ("emr-5.30.0", True), ("emr-6.0.1", False), ("emr-6.1.0", True), ("emr-spark-8.0.0", True)],
)
def test_which_releases_end_idle_clusters(label: str, has: bool) -> None:
    assert has_auto_termination(label) is has
