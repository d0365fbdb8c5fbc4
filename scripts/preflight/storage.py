"""The buckets of a deployment, what they announce, and the jobs' code in them."""

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import ClientError

from lambdas.specs import code_prefix
from lambdas.specs.placeholders import DATA_BUCKET
from scripts.preflight.items import Check, Found, code_of, failed, ok, warning
from scripts.preflight.subject import Subject

_MISSING = ("404", "NoSuchBucket")
_FORBIDDEN = ("403", "AccessDenied")


def storage_checks(subject: Subject) -> Iterator[Check]:
    """Look at the buckets of the deployment and at those of others that jobs read."""
    deployed = subject.deployed
    if deployed is not None:
        for word in ("data", "code", "log"):
            bucket = deployed.outputs.get(f"{word.capitalize()}Bucket", "")
            yield Check(f"bucket-{word}", f"{word.capitalize()} bucket", partial(_bucket, subject, bucket))
        data, code = deployed.outputs.get("DataBucket", ""), deployed.outputs.get("CodeBucket", "")
        yield Check("bucket-events", "Events of the data bucket", partial(_announces, subject, data))
        yield Check("code", "Code of the jobs", partial(_code, subject, code))
    for bucket, jobs in _foreign(subject).items():
        yield Check(f"bucket-{bucket}", f"Input of {', '.join(jobs)}", partial(_bucket, subject, bucket))


def _foreign(subject: Subject) -> dict[str, list[str]]:
    own = f"s3://${{{DATA_BUCKET}}}/"
    found: dict[str, list[str]] = {}
    for job in subject.jobs:
        if not job.input.startswith(own):
            found.setdefault(job.input.removeprefix("s3://").partition("/")[0], []).append(job.name)
    return found


def _bucket(subject: Subject, bucket: str) -> Found:
    try:
        found = subject.clients.s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) in _MISSING:
            return failed(f"there is no bucket {bucket!r}", "deploy the stage again, or correct 'input' of the job")
        if code_of(error) in _FORBIDDEN:
            return failed(
                f"the bucket {bucket} may not be read with these credentials",
                "let them call s3:ListBucket on it; what the roles may is looked at on its own",
            )
        raise
    region = found.get("BucketRegion") or found["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "")
    if region and region != subject.region:
        return warning(
            f"{bucket} is in {region}, the clusters in {subject.region}: what is read costs transfer between regions",
            f"deploy to {region}, or copy the data to {subject.region}",
        )
    return ok(f"{bucket}, {region}" if region else bucket)


def _announces(subject: Subject, bucket: str) -> Found:
    found = subject.clients.s3.get_bucket_notification_configuration(Bucket=bucket)
    waiting = [job.name for job in subject.jobs if any(trigger.object_created for trigger in job.triggers)]
    if "EventBridgeConfiguration" in found:
        return ok(f"to EventBridge, for {', '.join(waiting) or 'no job'}")
    said = f"{bucket} announces nothing to EventBridge"
    fix = (
        f"aws s3api put-bucket-notification-configuration --bucket {bucket} "
        "--notification-configuration '{\"EventBridgeConfiguration\": {}}', or deploy again"
    )
    return failed(f"{said}: no object starts {', '.join(waiting)}", fix) if waiting else warning(said, fix)


def _code(subject: Subject, bucket: str) -> Found:
    missing = [
        prefix
        for prefix in (code_prefix(job.name) for job in subject.jobs)
        if not subject.clients.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount", 0)
    ]
    if missing:
        return failed(
            f"{bucket} has no {', '.join(missing)}: not published, or other specs than these are deployed",
            "make deploy",
        )
    return ok(f"{bucket} has that of {len(subject.jobs)} jobs")
