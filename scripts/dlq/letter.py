"""A rejected event: where it comes from, what it was to start, and where it goes when it is sent again."""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lambdas.clusters.events import SCHEDULED

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# What Scheduler puts in place of this when it calls its target; a rejected call may hold it as it is.
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"

# What of an event lambdas/starts/ reads.
_EVENT_FIELDS = ("id", "time", "source", "detail-type", "resources", "detail", "replay-name")

# The rule that says so itself: infra/starts.yml.
_SLOT_SWEEP_RULE = "slot-sweep"
_SWEEP = {"sweep": True}


class Source(StrEnum):
    """What gave the event up."""

    START_QUEUE = "queue of starts"
    RULE = "rule"
    SCHEDULE = "schedule"
    FUNCTION = "function"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ToStarts:
    """Send a message to the queue of starts."""

    body: str


@dataclass(frozen=True)
class ToFunction:
    """Invoke a function with a payload, without waiting for it."""

    name: str
    payload: str


@dataclass(frozen=True)
class Letter:
    """A message of the queue of rejected events.

    Attributes
    ----------
    id, receipt, body
        As SQS has them.
    sent
        When what it holds was sent first.
    source, origin
        What gave it up, and the name of that rule, schedule, function or queue.
    code, message, condition, attempts
        What EventBridge, Scheduler or Lambda says of the failure; empty where it says nothing. The queue of starts says
        nothing of any.
    again
        How it is sent again; ``None`` when nobody can tell where it belongs.
    """

    id: str
    receipt: str
    body: str
    sent: datetime.datetime
    source: Source
    origin: str
    code: str
    message: str
    condition: str
    attempts: str
    again: ToStarts | ToFunction | None

    @property
    def job(self) -> str | None:
        """The job it was to start, if it was to start one."""
        found = _object(self.again.body).get("job") if isinstance(self.again, ToStarts) else None
        return found if isinstance(found, str) else None

    @property
    def is_sweep(self) -> bool:
        """Whether it was to start what is started again every quarter of an hour."""
        return isinstance(self.again, ToFunction) and _is_sweep(_object(self.again.payload))

    @property
    def purpose(self) -> str:
        """What it was to do, in words."""
        if self.again is None:
            return "unknown"
        if isinstance(self.again, ToFunction):
            return f"{self.again.name}: {_errand(_object(self.again.payload))}"
        return f"start {self.job or 'a job'}: {_occasion(_object(self.again.body))}"


def read_letter(message: "MessageTypeDef", stage: str) -> Letter:
    """Read a message of the queue.

    A rule's and a schedule's have message attributes:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    A function's is a JSON document of its own:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    One of the queue of starts is as it was there.

    Parameters
    ----------
    message
        As ``ReceiveMessage`` answers it, with all attributes.
    stage
        The deployment; its rules and schedules are named after it.
    """
    given = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    body, content = message["Body"], _object(message["Body"])
    context = _part(content, "requestContext")
    said = {
        "code": given.get("ERROR_CODE", ""),
        "message": given.get("ERROR_MESSAGE", ""),
        "condition": given.get("EXHAUSTED_RETRY_CONDITION", ""),
        "attempts": given.get("RETRY_ATTEMPTS", ""),
    }
    again: ToStarts | ToFunction | None
    if "RULE_ARN" in given:
        source, origin = Source.RULE, given["RULE_ARN"].rpartition("/")[2]
        again = _of_rule(given.get("TARGET_ARN", ""), body, content, origin.removeprefix(f"slow-lambda-{stage}-"))
    elif "SCHEDULE_ARN" in given:
        source, origin = Source.SCHEDULE, given["SCHEDULE_ARN"].rpartition("/")[2]
        again = _of_schedule(body, content, origin.removeprefix(f"slow-lambda-{stage}-"), given)
    elif "functionArn" in context:
        source, origin = Source.FUNCTION, _function_name(str(context["functionArn"]))
        again = ToFunction(origin, json.dumps(content.get("requestPayload")))
        said = _said_by_function(content)
    elif _is_start(content):
        source, origin, again = Source.START_QUEUE, f"slow-lambda-{stage}-starts", ToStarts(body)
    else:
        source, origin, again = Source.UNKNOWN, "", None
    sent = datetime.datetime.fromtimestamp(
        int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000, datetime.UTC
    )
    return Letter(message["MessageId"], message["ReceiptHandle"], body, sent, source, origin, **said, again=again)


def _of_rule(target: str, body: str, content: Mapping[str, Any], rule: str) -> ToStarts | ToFunction | None:
    if ":lambda:" in target:
        is_clock = rule == _SLOT_SWEEP_RULE and content.get("detail-type") == SCHEDULED
        return ToFunction(_function_name(target), json.dumps(_SWEEP) if is_clock else body)
    if _is_start(content):
        return ToStarts(body)
    job, _, number = rule.rpartition("-")
    if not number.isdecimal() or "detail-type" not in content:
        return None
    event = {name: content[name] for name in _EVENT_FIELDS if name in content}
    return ToStarts(json.dumps({"job": job, "trigger": int(number), "event": event}))


def _of_schedule(body: str, content: Mapping[str, Any], schedule: str, given: Mapping[str, str]) -> ToStarts | None:
    """Take the message out of the call to SQS, or say it anew from the schedule's name and time."""
    inner = content.get("MessageBody", body)
    message = _object(inner) if isinstance(inner, str) else {}
    when = given.get("SCHEDULED_TIME", "")
    job, _, number = schedule.rpartition("-")
    if not _is_start(message) and number.isdecimal() and when:
        message = {"job": job, "trigger": int(number), "scheduled": when}
    if message.get("scheduled") == _SCHEDULED_TIME:
        message = {**message, "scheduled": when} if when else {}
    return ToStarts(json.dumps(message)) if _is_start(message) else None


def _said_by_function(content: Mapping[str, Any]) -> dict[str, str]:
    context, answer = _part(content, "requestContext"), _part(content, "responsePayload")
    return {
        "code": str(answer.get("errorType", "")),
        "message": str(answer.get("errorMessage", "")),
        "condition": str(context.get("condition", "")),
        "attempts": str(context.get("approximateInvokeCount", "")),
    }


def _function_name(arn: str) -> str:
    """Return ``name`` of ``arn:aws:lambda:region:account:function:name:qualifier``."""
    return arn.partition(":function:")[2].partition(":")[0]


def _is_start(content: Mapping[str, Any]) -> bool:
    return isinstance(content.get("job"), str)


def _errand(payload: Mapping[str, Any]) -> str:
    detail = _part(payload, "detail")
    if "executionArn" in detail:
        return f"{detail.get('name', detail['executionArn'])} {str(detail.get('status', 'ended')).lower()}"
    if "stepId" in detail:
        ended = str(detail.get("state", "ended")).lower()
        return f"step {detail.get('name', detail['stepId'])} of {detail.get('clusterId', 'a cluster')} {ended}"
    return "sweep" if _is_sweep(payload) else "an event of another kind"


def _is_sweep(payload: Mapping[str, Any]) -> bool:
    return payload.get("sweep") is True or payload.get("detail-type") == SCHEDULED


def _occasion(message: Mapping[str, Any]) -> str:
    detail = _part(_part(message, "event"), "detail")
    key = _part(detail, "object").get("key")
    if key is not None:
        return f"s3://{_part(detail, 'bucket').get('name', '?')}/{key}"
    if "scheduled" in message:
        return f"schedule of {message['scheduled']}"
    if "changed" in message:
        return "its input has changed"
    if message.get("close") is True:
        return "its batch is due"
    event = _part(message, "event")
    return f"event {event.get('detail-type')} of {event.get('source')}" if event else "without an event"


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}
