"""What EMR releases bring, and until when AWS supports them."""

import datetime
from dataclasses import dataclass

from lambdas.specs.catalogue import release_version

# Standard support lasts 24 months for emr-7; only the dates read on the releases' own pages are given here.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-standard-support.html
SUPPORT_PAGE = "https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-standard-support.html"
SUPPORTED_UNTIL = {
    "emr-7.3.0": datetime.date(2026, 10, 15),
    "emr-7.4.0": datetime.date(2026, 11, 12),
    "emr-7.5.0": datetime.date(2026, 11, 20),
    "emr-7.9.0": datetime.date(2027, 5, 19),
    "emr-7.10.0": datetime.date(2027, 8, 15),
    "emr-7.13.0": datetime.date(2028, 4, 21),
    "emr-7.14.0": datetime.date(2028, 9, 8),
    "emr-spark-8.0.0": datetime.date(2027, 5, 20),
    "emr-spark-8.1.0": datetime.date(2029, 9, 7),
}

# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-release-app-versions-7.x.html
SPARK_VERSIONS: dict[tuple[int, ...], str] = {
    (7, 0): "3.5.0",
    (7, 1): "3.5.0",
    (7, 2): "3.5.1",
    (7, 3): "3.5.1",
    (7, 4): "3.5.2",
    (7, 5): "3.5.2",
    (7, 6): "3.5.3",
    (7, 7): "3.5.3",
    (7, 8): "3.5.4",
    (7, 9): "3.5.5",
    (7, 10): "3.5.5",
    (7, 11): "3.5.6",
    (7, 12): "3.5.6",
    (7, 13): "3.5.6",
    (7, 14): "3.5.8",
    (8, 0): "4.0.2",
    (8, 1): "4.1.1",
}

# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark810-release.html
SPARK_8_APPLICATIONS = frozenset(
    {"AmazonCloudWatchAgent", "Delta", "Hudi", "Iceberg", "JupyterEnterpriseGateway", "Livy", "Spark"}
)

# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-7140-release.html
APPLICATIONS = SPARK_8_APPLICATIONS | {
    "Flink",
    "HBase",
    "HCatalog",
    "Hadoop",
    "Hive",
    "Hue",
    "JupyterHub",
    "Oozie",
    "Phoenix",
    "Pig",
    "Presto",
    "TensorFlow",
    "Tez",
    "Trino",
    "Zeppelin",
    "ZooKeeper",
}

# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-auto-termination-policy.html
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-managed-scaling.html
AUTO_TERMINATION_SINCE = ((5, 30, 0), (6, 1, 0))

# From here on s3:// is read and written by S3A instead of EMRFS.
# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-s3a-migrate.html
S3A_SINCE = (7, 10, 0)


@dataclass(frozen=True)
class Support:
    """Until when AWS supports a release; a release without a date of its own ended no later than the next one known."""

    until: datetime.date
    is_exact: bool

    def __str__(self) -> str:
        return f"until {self.until}" if self.is_exact else f"no longer than until {self.until}"


def is_spark_release(label: str) -> bool:
    """Whether a release is of the series named ``emr-spark-8.1.0``."""
    return label.startswith("emr-spark-")


def support(label: str) -> Support | None:
    """Return until when a release is supported, or was at the latest; ``None`` for one newer than all that are known.

    Releases of a series end in the order in which they came out.
    """
    if label in SUPPORTED_UNTIL:
        return Support(SUPPORTED_UNTIL[label], is_exact=True)
    later = [
        until
        for known, until in SUPPORTED_UNTIL.items()
        if is_spark_release(known) is is_spark_release(label) and release_version(known) > release_version(label)
    ]
    return Support(min(later), is_exact=False) if later else None


def spark_version(label: str) -> str | None:
    """Return the Apache Spark a release brings, as far as it is known."""
    return SPARK_VERSIONS.get(release_version(label)[:2])


def python_version(label: str) -> tuple[int, int]:
    """Return the Python that runs PySpark unless a configuration names another one.

    https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-configure.html
    """
    if is_spark_release(label):
        return (3, 11)
    return (3, 9) if release_version(label) >= (7, 0, 0) else (3, 7)


def applications(label: str) -> frozenset[str]:
    """Return the applications a release can install."""
    return SPARK_8_APPLICATIONS if is_spark_release(label) else APPLICATIONS


def has_auto_termination(label: str) -> bool:
    """Whether EMR can end an idle cluster of a release by itself, and scale it."""
    version = release_version(label)
    return any(version[:1] == since[:1] and version >= since for since in AUTO_TERMINATION_SINCE) or version >= (7,)
