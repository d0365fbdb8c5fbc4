"""Where EMR puts the logs of a cluster.

https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-view-web-log-files.html
"""

import re

from lambdas.inputs.uri import S3Uri, UriError

# The client's side of spark-submit, then what the script printed; `controller` has EMR's own remarks.
STEP_FILES = ("stderr.gz", "stdout.gz", "controller.gz")

_APPLICATION = re.compile(r"application_\d{10,}_\d{4,}")
_DRIVER_CONTAINER = re.compile(r"/container_(?:e\d+_)?\d+_\d+_\d+_000001/")


def cluster_logs(log_uri: str, cluster_id: str) -> S3Uri | None:
    """Return the folder of a cluster's logs; ``None`` for an address nothing can be read from."""
    try:
        return S3Uri.parse(f"{log_uri.rstrip('/').replace('s3n://', 's3://', 1)}/{cluster_id}/")
    except UriError:
        return None


def step_folder(cluster: S3Uri, step_id: str) -> S3Uri:
    """Return the folder of one step's logs."""
    return S3Uri(cluster.bucket, f"{cluster.key}steps/{step_id}/")


def container_folder(cluster: S3Uri, application_id: str) -> S3Uri:
    """Return the folder of the containers of one YARN application: driver and executors in cluster mode."""
    return S3Uri(cluster.bucket, f"{cluster.key}containers/{application_id}/")


def bootstrap_folder(cluster: S3Uri) -> S3Uri:
    """Return the folder of the nodes' own logs, below which the bootstrap actions' lie."""
    return S3Uri(cluster.bucket, f"{cluster.key}node/")


def application_in(log: str) -> str | None:
    """Return the id of the last YARN application a log mentions."""
    found = _APPLICATION.findall(log)
    return found[-1] if found else None


def is_driver(key: str) -> bool:
    """Say whether a container's log is that of the application master, which in cluster mode holds the driver."""
    return _DRIVER_CONTAINER.search(key) is not None
