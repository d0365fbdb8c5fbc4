import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lambdas import aws
from scripts.local.in_process import DATA_BUCKET, LOG_BUCKET, Ended, InProcessCloud, in_process_cloud

JOB = "pricing-summary"
CloudMaker = Callable[..., InProcessCloud]

# Less than the idle timeout of the cluster spec, so that EMR's own auto-termination cannot help.
CLEAN_UP_SECONDS = 300.0


@pytest.fixture
def make_cloud() -> Iterator[CloudMaker]:
    """Return a function that deploys the demo's job, with its input in place unless told otherwise."""
    with ExitStack() as stack:

        def make(*, with_input: bool = True, **options: Any) -> InProcessCloud:
            cloud = stack.enter_context(in_process_cloud(JOB, **options))
            if with_input:
                key = "landing/tpch/lineitem/lineitem.1.csv"
                aws.s3().put_object(Bucket=DATA_BUCKET, Key=key, Body=b"1,2\n" * 1000)
            return cloud

        yield make


def cluster_states(cloud: InProcessCloud) -> list[str]:
    """Return the states of all clusters, newest first."""
    return [cluster["Status"]["State"] for cluster in cloud.engine.call("ListClusters", {})["Clusters"]]


def record_of(ended: Ended) -> dict[str, Any]:
    """Return the record of a run."""
    key = f"runs/{JOB}/{ended.arn.rpartition(':')[2]}/record.json"
    body: dict[str, Any] = json.loads(aws.s3().get_object(Bucket=LOG_BUCKET, Key=key)["Body"].read())
    return body


def assert_no_orphan(cloud: InProcessCloud) -> None:
    """Assert that no cluster is left; EMR ends one asynchronously, and a machine that asked for it need not wait."""
    cloud.clock.sleep(CLEAN_UP_SECONDS)
    assert cloud.engine.live_clusters() == []


def assert_failed_without_orphan(cloud: InProcessCloud, ended: Ended, error: str) -> None:
    """Assert that a run failed with an Error, said so once, and left nothing."""
    assert (ended.status, ended.error) == ("FAILED", error), ended.cause
    assert ended.cause
    assert_no_orphan(cloud)
    assert ended.states[-2:] == ["Notify failure", "Run failed"]
    (message,) = cloud.messages()
    assert error in message
    assert ended.cause in message
