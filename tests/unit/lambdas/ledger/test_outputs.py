import json
from typing import TYPE_CHECKING

import pytest

from lambdas.inputs.measure import measure_input
from lambdas.inputs.request import parse_request
from lambdas.ledger.outputs import OutputMissingError, Written, freeze_outputs, outputs_manifest
from tests.unit.paging import in_pages_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST = outputs_manifest("the-logs", "count", "run-1", "clean")
OUTPUT = "s3://the-data/clean/run-1/"


def put(s3: "S3Client", *keys: str, body: bytes = b"123") -> None:
    for key in keys:
        s3.put_object(Bucket="the-data", Key=key, Body=body)


def listed(s3: "S3Client") -> list[str]:
    body = s3.get_object(Bucket="the-logs", Key="runs/count/run-1/outputs/clean.json")["Body"].read()
    return sorted(found["key"] for found in json.loads(body)["objects"])


def test_every_object_counts(deployment: "S3Client") -> None:
    in_pages_of(2, deployment, "ListObjectsV2", "MaxKeys")
    keys = [f"clean/run-1/part-{number}" for number in range(5)]
    put(deployment, *keys, "clean/run-10/part-0")
    put(deployment, "clean/run-1/_SUCCESS", body=b"")
    written = freeze_outputs(deployment, [OUTPUT], MANIFEST)
    assert (written.objects, written.bytes) == (6, 15)
    assert listed(deployment) == sorted([*keys, "clean/run-1/_SUCCESS"])


def test_the_version_is_that_of_an_input(deployment: "S3Client") -> None:
    put(deployment, "clean/run-1/part-0", "clean/run-1/part-1")
    written = freeze_outputs(deployment, [OUTPUT], MANIFEST)
    with open("/dev/null", "wb") as nowhere:  # noqa: PTH123 - a device
        _, measured = measure_input(deployment, parse_request({"input": OUTPUT}, OUTPUT), nowhere)
    assert written.version == measured.version
    put(deployment, "clean/run-1/part-1", body=b"321")
    assert freeze_outputs(deployment, [OUTPUT], MANIFEST).version != written.version


def test_several_outputs_are_one_manifest(deployment: "S3Client") -> None:
    put(deployment, "a/x", "b/x", "c/x")
    assert freeze_outputs(deployment, ["s3://the-data/b/", "s3://the-data/a/"], MANIFEST).objects == 2
    assert listed(deployment) == ["a/x", "b/x"]


def test_outputs_within_each_other_count_once(deployment: "S3Client") -> None:
    put(deployment, "a/x", "a/b/x")
    written = freeze_outputs(deployment, ["s3://the-data/a/", "s3://the-data/a/b/"], MANIFEST)
    assert written == Written(written.version, 2, 6)


def test_an_empty_output_proves_nothing(deployment: "S3Client") -> None:
    put(deployment, "a/x")
    with pytest.raises(OutputMissingError, match="nothing lies at s3://the-data/b/"):
        freeze_outputs(deployment, ["s3://the-data/a/", "s3://the-data/b/"], MANIFEST)
    assert "Contents" not in deployment.list_objects_v2(Bucket="the-logs")
