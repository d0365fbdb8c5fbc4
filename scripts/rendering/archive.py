"""The archive of the events that start jobs, in CloudFormation: what ``slow-lambda replay --events`` sends again."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.specs import Job
from scripts.rendering.machine import RenderError
from scripts.rendering.triggers import rule_patterns

ARCHIVE = "EventArchive"

# In characters; an archive's pattern is that of a rule, which EventBridge makes for it.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
MAX_PATTERN = 2048

# Of the name that stands in a pattern for a bucket of this stack.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET_CHARACTERS = 63

Pattern = Mapping[str, Any]


class ArchivePatternError(RenderError):
    """The jobs' patterns are too long for one archive, even without their details."""


def archive_resources(jobs: Iterable[Job]) -> dict[str, Any]:
    """Return the resources and outputs of the archive; none where no event starts a job.

    Parameters
    ----------
    jobs
        All of a deployment.

    Raises
    ------
    ArchivePatternError
        Too many patterns.
    """
    patterns = [pattern for job in jobs for pattern in rule_patterns(job)]
    if not patterns:
        return {"Resources": {}, "Outputs": {}}
    archive = {
        "Type": "AWS::Events::Archive",
        "Properties": {
            "ArchiveName": "slow-lambda-${sls:stage}-events",
            "Description": "The events that start jobs, so that they can be sent again.",
            "SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"},
            "EventPattern": archive_pattern(patterns),
            "RetentionDays": "${param:archiveDays}",
        },
    }
    return {"Resources": {ARCHIVE: archive}, "Outputs": {ARCHIVE: {"Value": {"Ref": ARCHIVE}}}}


def archive_pattern(patterns: Iterable[Pattern]) -> dict[str, Any]:
    """Return one pattern of what any of some patterns matches: exactly that while it is short enough, else more.

    Parameters
    ----------
    patterns
        At least one, as rules have them.

    Raises
    ------
    ArchivePatternError
        Without details it is still too long.
    """
    exact = list(patterns)
    for candidate in (_any_of(exact), _any_of(map(_without_details, exact))):
        if _characters(candidate) <= MAX_PATTERN:
            return candidate
    raise ArchivePatternError(
        f"the {len(exact)} patterns of the events that start jobs have, even without their details, more than the "
        f"{MAX_PATTERN} characters that an archive takes; make those of 'event' triggers shorter"
    )


def _any_of(patterns: Iterable[Pattern]) -> dict[str, Any]:
    """Join patterns; ``$or`` wants two of them.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-complex-example-or
    """
    different = {json.dumps(pattern, sort_keys=True): dict(pattern) for pattern in patterns}
    if len(different) == 1:
        return next(iter(different.values()))
    return {"$or": list(different.values())}


def _without_details(pattern: Pattern) -> dict[str, Any]:
    """Widen a pattern: of objects to all of their bucket, of other events to all of their source and type."""
    bucket = pattern.get("detail", {}).get("bucket", {}).get("name")
    if pattern.get("source") == ["aws.s3"] and bucket:
        return {**pattern, "detail": {"bucket": {"name": bucket}}}
    return {name: value for name, value in pattern.items() if name != "detail"} or dict(pattern)


def _characters(pattern: Pattern) -> int:
    text = json.dumps(pattern, separators=(",", ":"), ensure_ascii=False)
    return len(text.replace('{"Ref":"DataBucket"}', "b" * (_BUCKET_CHARACTERS + 2)))
