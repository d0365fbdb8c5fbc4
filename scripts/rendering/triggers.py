"""What starts a job, in CloudFormation: for each trigger a rule or a schedule that sends to the queue of starts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.specs import Job, ObjectCreated, Schedule, Trigger
from lambdas.specs.placeholders import DATA_BUCKET

# What cannot be delivered is tried again this long and this often, then kept in the queue of rejected events.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
RETRY_POLICY = {"MaximumEventAgeInSeconds": 24 * 3600, "MaximumRetryAttempts": 185}

# The event as it is: one that is sent again from an archive has its replay's name, and others have no such field.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
_EVENT = "<aws.events.event.json>"

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
_SCHEDULED = "<aws.scheduler.scheduled-time>"

_ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


def trigger_resources(job: Job, logical: str) -> dict[str, Any]:
    """Return the resources of a job's triggers, and of what hears that a run gave its slot back.

    Parameters
    ----------
    job
        The job's spec.
    logical
        CloudFormation's name for it.
    """
    resources = {}
    for number, trigger in enumerate(job.triggers):
        kind, resource = _resource(job, number, trigger)
        resources[f"{logical}{kind}{number or ''}"] = resource
        if trigger.object_created is not None and trigger.object_created.batch is not None:
            resources[f"{logical}BatchSweep{number or ''}"] = _batch_sweep(job, number)
    if job.limits.concurrent_runs is not None:
        resources |= _slot_freed(job, logical)
    return resources


def rule_patterns(job: Job) -> list[dict[str, Any]]:
    """Return the patterns of a job's rules, those of what starts it; schedules have none."""
    return [_pattern(job, trigger) for trigger in job.triggers if trigger.schedule is None]


def _pattern(job: Job, trigger: Trigger) -> dict[str, Any]:
    if trigger.object_created is not None:
        return object_pattern(job, trigger.object_created)
    return dict(trigger.event or {})


def _resource(job: Job, number: int, trigger: Trigger) -> tuple[str, dict[str, Any]]:
    if trigger.schedule is not None:
        return "Schedule", _schedule(job, number, trigger.schedule)
    pattern = _pattern(job, trigger)
    if trigger.object_created is not None:
        what = f"Starts {job.name} when an object is created below its input."
        return "ObjectCreated", _rule(job, number, pattern, what)
    return "Event", _rule(job, number, pattern, f"Starts {job.name} at an event.")


def _rule(job: Job, number: int, pattern: Mapping[str, Any], description: str) -> dict[str, Any]:
    target = {
        "Id": "starts",
        "Arn": {"Fn::GetAtt": ["StartQueue", "Arn"]},
        "InputTransformer": {
            "InputTemplate": f'{{"job": {json.dumps(job.name)}, "trigger": {number}, "event": {_EVENT}}}',
        },
        "RetryPolicy": RETRY_POLICY,
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}},
    }
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": _name(job, number),
            "Description": description,
            "EventPattern": dict(pattern),
            "Targets": [target],
        },
    }


def _name(job: Job, number: int) -> str:
    return f"slow-lambda-${{sls:stage}}-{job.name}-{number}"


def object_pattern(job: Job, trigger: ObjectCreated) -> dict[str, Any]:
    """Return the narrowest pattern of the events of a trigger's objects."""
    bucket, prefix = job.input.removeprefix("s3://").split("/", 1)
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "DataBucket"} if bucket == f"${{{DATA_BUCKET}}}" else bucket]},
            "object": {"key": list(_keys(f"{prefix}{trigger.prefix}", trigger.suffix))},
        },
    }


def _keys(prefix: str, suffix: str) -> Iterator[dict[str, str]]:
    if prefix and suffix:
        yield {"wildcard": f"{_escape(prefix)}*{_escape(suffix)}"}
    else:
        yield {"prefix": prefix} if prefix else {"suffix": suffix}


def _escape(text: str) -> str:
    """Take a literal text into a wildcard pattern.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
    """
    return text.replace("\\", "\\\\").replace("*", "\\*")


def _schedule(job: Job, number: int, schedule: Schedule) -> dict[str, Any]:
    window = schedule.flexible_window
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": _name(job, number),
            "Description": f"Starts {job.name} at its times.",
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.timezone,
            "FlexibleTimeWindow": (
                {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": window // 60} if window else {"Mode": "OFF"}
            ),
            "State": "DISABLED" if schedule.paused else "ENABLED",
            "Target": {
                "Arn": {"Fn::GetAtt": ["StartQueue", "Arn"]},
                "RoleArn": {"Fn::GetAtt": ["ScheduleRole", "Arn"]},
                "Input": json.dumps({"job": job.name, "trigger": number, "scheduled": _SCHEDULED}),
                "RetryPolicy": RETRY_POLICY,
                "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}},
            },
        },
    }


def _batch_sweep(job: Job, number: int) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": f"{_name(job, number)}-sweep",
            "Description": f"Closes batches of {job.name} that whoever should have closed them left open.",
            "ScheduleExpression": "rate(15 minutes)",
            "Targets": [
                {
                    "Id": "starts",
                    "Arn": {"Fn::GetAtt": ["StartQueue", "Arn"]},
                    "Input": json.dumps({"job": job.name, "trigger": number, "close": True}),
                    "RetryPolicy": RETRY_POLICY,
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}},
                }
            ],
        },
    }


def _slot_freed(job: Job, logical: str) -> dict[str, Any]:
    rule = f"{logical}SlotFreed"
    return {
        rule: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": f"slow-lambda-${{sls:stage}}-{job.name}-slot-freed",
                "Description": f"Lets the next run of {job.name} go when one has ended.",
                "EventPattern": {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {"status": list(_ENDED), "stateMachineArn": [{"Ref": f"{logical}StateMachine"}]},
                },
                "Targets": [
                    {
                        "Id": "grant-slots",
                        "Arn": {"Fn::GetAtt": ["GrantSlotsLambdaFunction", "Arn"]},
                        "RetryPolicy": RETRY_POLICY,
                        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["RejectedEvents", "Arn"]}},
                    }
                ],
            },
        },
        f"{rule}Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Fn::GetAtt": ["GrantSlotsLambdaFunction", "Arn"]},
                "Principal": "events.amazonaws.com",
                "SourceArn": {"Fn::GetAtt": [rule, "Arn"]},
            },
        },
    }
