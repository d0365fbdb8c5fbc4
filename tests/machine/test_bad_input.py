"""Input that must be refused with a sentence that helps, before anything is created."""

import json
from typing import Any

import pytest

from lambdas import aws
from scripts.local.in_process import DATA_BUCKET, LOG_BUCKET
from tests.machine.conftest import CloudMaker


def put(key: str, body: bytes = b"1,2\n", **options: Any) -> None:
    aws.s3().put_object(Bucket=DATA_BUCKET, Key=key, Body=body, **options)


def object_created(key: str) -> dict[str, Any]:
    """Return an event as the rule delivers it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-22T00:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{DATA_BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": DATA_BUCKET},
            "object": {"key": key, "size": 0, "etag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "00"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "1.2.3.4",
            "reason": "PutObject",
        },
    }


REFUSED = {
    "empty prefix": ({"input": f"s3://{DATA_BUCKET}/nothing/"}, "InputEmpty", "nothing"),
    "missing bucket": ({"input": "s3://no-such-bucket/x/"}, "InputBucketMissing", "no-such-bucket"),
    "only a marker": ({"input": f"s3://{DATA_BUCKET}/marker/"}, "InputEmpty", "1 empty or hidden"),
    "archived": ({"input": f"s3://{DATA_BUCKET}/archive/"}, "InputArchived", "old.csv"),
    "other scheme": ({"input": "https://example.com/x"}, "InputInvalid", "s3://"),
    "300 KB": ({"input": f"s3://{DATA_BUCKET}/{'x' * 300_000}"}, "InputTooLarge", "262,144"),
    "a pattern that does not end": ({"input": f"s3://{DATA_BUCKET}/[a/"}, "InputInvalid", "pattern"),
    "a pattern like JSONata": ({"input": f"s3://{DATA_BUCKET}/{{% x %}}/"}, "InputEmpty", "{% x %}"),
    "inputs that overlap": (
        {"input": [f"s3://{DATA_BUCKET}/marker/", f"s3://{DATA_BUCKET}/marker/x.csv"]},
        "InputOverlap",
        "marker/x.csv",
    ),
    "no manifest": ({"manifest": f"s3://{DATA_BUCKET}/nothing.txt"}, "InputMissing", "nothing.txt"),
    "unknown key": ({"inptu": f"s3://{DATA_BUCKET}/x/"}, "InputInvalid", "inptu"),
    "a list": ([1, 2], "InputInvalid", "list"),
    "a number": ({"input": 7}, "InputInvalid", "input"),
    "an event of another kind": (
        {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {}},
        "InputInvalid",
        "aws.ec2",
    ),
}


@pytest.mark.parametrize(("document", "error", "mention"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_before_anything_is_created(
    make_cloud: CloudMaker, document: Any, error: str, mention: str
) -> None:
    cloud = make_cloud()
    put("marker/_SUCCESS", b"")
    put("archive/old.csv", StorageClass="GLACIER")

    ended = cloud.execute(document)

    assert (ended.status, ended.error) == ("FAILED", error)
    assert mention in str(ended.cause)
    assert len(str(ended.cause)) < 2_000
    assert "Create cluster" not in ended.states
    assert cloud.engine.call("ListClusters", {})["Clusters"] == []
    assert len(cloud.messages()) == 1


def test_a_job_without_input_says_where_it_looked(make_cloud: CloudMaker) -> None:
    cloud = make_cloud(with_input=False)

    ended = cloud.execute({})

    assert ended.error == "InputEmpty"
    assert f"s3://{DATA_BUCKET}/landing/tpch/" in str(ended.cause)


@pytest.mark.parametrize("folder", ["with space", 'quo"te', "apo'strophe", "äöü/日本", "100%", "a=1/b=2"])
def test_any_key_s3_takes_is_read(make_cloud: CloudMaker, folder: str) -> None:
    cloud = make_cloud(with_input=False)
    put(f"landing/{folder}/part 1.csv")

    ended = cloud.execute(object_created(f"landing/{folder}/_SUCCESS"))

    assert ended.status == "SUCCEEDED", ended.cause
    name = ended.arn.rpartition(":")[2]
    body = aws.s3().get_object(Bucket=LOG_BUCKET, Key=f"runs/pricing-summary/{name}/record.json")["Body"].read()
    plan = json.loads(body)["plan"]
    assert plan["input"] == f"s3://{DATA_BUCKET}/landing/{folder}/"
    (cluster,) = cloud.engine.call("ListClusters", {})["Clusters"]
    steps = cloud.engine.call("ListSteps", {"ClusterId": cluster["Id"]})["Steps"][::-1]
    assert plan["input"] in steps[0]["Config"]["Args"]
