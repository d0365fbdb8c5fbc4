"""Buckets in moto's S3."""

from typing import Any

from lambdas import aws
from lambdas.specs import code_prefix, load_jobs
from scripts.preflight.items import Item, Status
from scripts.preflight.storage import storage_checks
from scripts.preflight.subject import Clients
from tests.unit.preflight.support import deployed, found, refused, subject, with_fakes

OUTPUTS = {"DataBucket": "data", "CodeBucket": "code", "LogBucket": "log-bucket"}


def make(*names: str) -> None:
    for name in names:
        aws.s3().create_bucket(Bucket=name)


class Announcing:
    """moto's S3, which does not tell of EventBridge what it was told."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_bucket_notification_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "data"
        return {"EventBridgeConfiguration": {}, "ResponseMetadata": {}}


def look(clients: Clients, inputs: str | None = None) -> dict[str, Item]:
    jobs = load_jobs()
    if inputs:
        jobs[0] = jobs[0].model_copy(update={"input": inputs})
    return found(storage_checks(subject(clients, deployed=deployed(outputs=OUTPUTS), jobs=tuple(jobs))))


def test_a_published_stage_is_fine(clients: Clients) -> None:
    make("data", "code", "log-bucket")
    for job in load_jobs():
        aws.s3().put_object(Bucket="code", Key=f"{code_prefix(job.name)}x.py", Body=b"")
    items = look(with_fakes(clients, s3=Announcing(clients.s3)))
    assert {item.status for item in items.values()} == {Status.OK}
    assert items["bucket-data"].detail.startswith("data")
    assert items["bucket-events"].detail == "to EventBridge, for pricing-summary"


def test_what_is_missing_is_said_with_what_mends_it(clients: Clients) -> None:
    make("data", "code")
    items = look(clients)
    assert items["bucket-log"].status is Status.FAILED
    assert items["bucket-log"].detail == "there is no bucket 'log-bucket'"
    assert items["bucket-events"].status is Status.FAILED
    assert "no object starts pricing-summary" in items["bucket-events"].detail
    assert "put-bucket-notification-configuration --bucket data" in items["bucket-events"].fix
    assert items["code"].status is Status.FAILED
    for job in load_jobs():
        assert code_prefix(job.name) in items["code"].detail


def test_the_bucket_of_somebody_else_is_looked_at_before_a_deployment_too(clients: Clients) -> None:
    job = load_jobs()[0].model_copy(update={"input": "s3://theirs/landing/"})
    items = found(storage_checks(subject(clients, jobs=(job,))))
    assert set(items) == {"bucket-theirs"}
    assert items["bucket-theirs"].status is Status.FAILED
    aws.s3().create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    item = look(clients, "s3://theirs/landing/")["bucket-theirs"]
    assert item.status is Status.WARNING
    assert "theirs is in eu-west-1, the clusters in us-east-1" in item.detail
    assert item.title == "Input of pricing-summary"


def test_a_bucket_that_may_not_be_read_fails(clients: Clients) -> None:
    class Denied:
        def head_bucket(self, **_: object) -> None:
            raise refused("HeadBucket", "403")

    job = load_jobs()[0].model_copy(update={"input": "s3://theirs/landing/"})
    item = found(storage_checks(subject(with_fakes(clients, s3=Denied()), jobs=(job,))))["bucket-theirs"]
    assert item.status is Status.FAILED
    assert "s3:ListBucket" in item.fix
