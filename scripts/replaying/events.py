"""Send the events that start jobs again, from their archive: for what was lost on its way, not for runs that failed.

What has started a run before starts none again: runs are named after what they read, and batches know their objects.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
"""

import contextlib
import datetime
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas import aws
from lambdas.starts.batch_table import MEMORY
from scripts.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import DescribeArchiveResponseTypeDef, DescribeReplayResponseTypeDef
    from mypy_boto3_sqs import SQSClient

# So long an event may be on its way to the archive.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html#eb-archive-timing
ARRIVES_WITHIN = datetime.timedelta(minutes=10)

# At a time, in an account and region.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
MOST_REPLAYS = 10

# A replay takes some minutes at least.
POLL_SECONDS = 10.0

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html
_NAME_CHARACTERS = 64

# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeReplay.html
_GOING_ON = ("STARTING", "RUNNING", "CANCELLING")
_COMPLETED = "COMPLETED"


class EventReplayError(RuntimeError):
    """Events cannot be sent again; the message says why, and what to do."""


class EventArchiveMissingError(EventReplayError):
    """There is no archive to send from, or no rule to send to."""


class EventWindowError(EventReplayError):
    """The archive has nothing of the time that was asked for."""


class EventReplaysFullError(EventReplayError):
    """As many replays are running as an account may have."""


class EventPermissionError(EventReplayError):
    """Whoever asks may not."""


@dataclass(frozen=True)
class Rule:
    """A rule that starts a job."""

    name: str
    arn: str
    enabled: bool


@dataclass(frozen=True)
class EventPlan:
    """What would be sent again.

    Attributes
    ----------
    archive, archive_arn, bus, state
        The archive, the event bus it belongs to, and whether it is ``ENABLED``.
    events, bytes
        Of the whole archive, not of the time asked for; up to a day old.
    since, until
        The time of the events; ``until`` excluded.
    rules
        To which they are sent: those of this stage that start jobs.
    notes
        Sentences: what is not as was asked for.
    """

    archive: str
    archive_arn: str
    bus: str
    state: str
    events: int
    bytes: int
    since: datetime.datetime
    until: datetime.datetime
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class EventReplay:
    """How far a replay is.

    Attributes
    ----------
    name, state, reason
        EventBridge's; the reason is empty where it gives none.
    reached
        The time of the last event that was sent.
    """

    name: str
    state: str
    reason: str = ""
    reached: datetime.datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it sends nothing more."""
        return self.state not in _GOING_ON

    @property
    def is_complete(self) -> bool:
        """Whether it has sent everything."""
        return self.state == _COMPLETED


def plan_events(
    deployed: Deployment, since: datetime.datetime, until: datetime.datetime, now: datetime.datetime | None = None
) -> EventPlan:
    """Say what would be sent again; nothing is.

    Parameters
    ----------
    deployed
        The deployment.
    since, until
        The time of the events, with time zones.
    now
        With a time zone; the present, if it is not given.

    Raises
    ------
    EventArchiveMissingError, EventWindowError, EventPermissionError
        Nothing can be sent.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    events = aws.events()
    with _permitted():
        archive = _archive(events, deployed)
        begin, end, notes = _window(archive, since, until, now)
        rules = _rules(events, aws.sqs(), deployed)
        running = _running(events, archive["ArchiveArn"])
    if archive["State"] != "ENABLED":
        notes.append(f"the archive is {archive['State']}: {archive.get('StateReason') or 'no reason given'}")
    notes += [f"the rule {rule.name} is disabled, so nothing is sent to it" for rule in rules if not rule.enabled]
    notes += [f"{name} sends from this archive at this moment" for name in running]
    return EventPlan(
        archive=archive["ArchiveName"],
        archive_arn=archive["ArchiveArn"],
        bus=archive["EventSourceArn"],
        state=archive["State"],
        events=archive["EventCount"],
        bytes=archive["SizeBytes"],
        since=begin,
        until=end,
        rules=rules,
        notes=tuple(notes),
    )


def replay_events(
    plan: EventPlan, progress: Callable[[EventReplay], None], sleep: Callable[[float], None] = time.sleep
) -> EventReplay:
    """Send a plan's events again, and wait until they are sent; who stops waiting stops nothing.

    Parameters
    ----------
    plan
        What ``plan_events`` said.
    progress
        Told of the replay at its start and at every look.
    sleep
        Waits so many seconds.

    Raises
    ------
    EventReplaysFullError, EventPermissionError
        It could not be started, or not be looked at.
    """
    events = aws.events()
    name = _unique_name(plan.archive)
    with _permitted():
        try:
            state = events.start_replay(
                ReplayName=name,
                Description="slow-lambda replay --events",
                EventSourceArn=plan.archive_arn,
                EventStartTime=plan.since,
                EventEndTime=plan.until,
                Destination={"Arn": plan.bus, "FilterArns": [rule.arn for rule in plan.rules]},
            )["State"]
        except events.exceptions.LimitExceededException as error:
            raise EventReplaysFullError(
                f"{MOST_REPLAYS} replays are running, as many as an account may have in a region; 'aws events "
                "list-replays --state RUNNING' shows them: try again when one has ended, or cancel one"
            ) from error
        replay = EventReplay(name, state)
        progress(replay)
        while not replay.is_over:
            sleep(POLL_SECONDS)
            replay = _seen(events.describe_replay(ReplayName=name))
            progress(replay)
    return replay


def _archive(events: "EventBridgeClient", deployed: Deployment) -> "DescribeArchiveResponseTypeDef":
    name = deployed.outputs.get("EventArchive")
    if name is None:
        raise EventArchiveMissingError(
            f"stage {deployed.stage} has no archive of events: no event starts a job of it, or it was deployed by an "
            "older version; deploy it again"
        )
    try:
        return events.describe_archive(ArchiveName=name)
    except events.exceptions.ResourceNotFoundException as error:
        raise EventArchiveMissingError(
            f"somebody has deleted the archive {name}, and with it what it held; 'aws events create-archive "
            f"--archive-name {name} --event-source-arn BUS' makes one for the events to come"
        ) from error


def _window(
    archive: "DescribeArchiveResponseTypeDef",
    since: datetime.datetime,
    until: datetime.datetime,
    now: datetime.datetime,
) -> tuple[datetime.datetime, datetime.datetime, list[str]]:
    """Return the part of a time that the archive has, and what to say of it."""
    end = min(until, now)
    if since >= end:
        raise EventWindowError(f"there is no time between {_said(since)} and {_said(end)}")
    oldest, why = _oldest(archive, now)
    if end <= oldest:
        raise EventWindowError(f"the archive has nothing from before {_said(oldest)}: {why}")
    notes = [f"nothing from before {_said(oldest)} is sent: {why}"] if since < oldest else []
    if now - end < ARRIVES_WITHIN:
        notes.append("events of the last ten minutes may not have arrived in the archive yet")
    # An event's time has whole seconds.
    return max(since, oldest).replace(microsecond=0), end, notes


def _oldest(archive: "DescribeArchiveResponseTypeDef", now: datetime.datetime) -> tuple[datetime.datetime, str]:
    days = archive["RetentionDays"]
    limits = [
        (archive["CreationTime"], "it was made then"),
        (now - MEMORY, f"what they have started is known for {MEMORY.days} days only, so it would start again"),
    ]
    if days:
        limits.append((now - datetime.timedelta(days=days), f"it keeps events for {days} days"))
    return max(limits)


def _rules(events: "EventBridgeClient", sqs: "SQSClient", deployed: Deployment) -> tuple[Rule, ...]:
    """Return the rules that start jobs: those with a pattern that send to the queue of starts."""
    attributes = sqs.get_queue_attributes(QueueUrl=deployed.outputs["StartQueue"], AttributeNames=["QueueArn"])
    names = events.get_paginator("list_rule_names_by_target").paginate(TargetArn=attributes["Attributes"]["QueueArn"])
    ours = {name for page in names for name in page["RuleNames"]}
    pages = events.get_paginator("list_rules").paginate(NamePrefix=f"slow-lambda-{deployed.stage}-")
    found = tuple(
        Rule(rule["Name"], rule["Arn"], rule.get("State") == "ENABLED")
        for page in pages
        for rule in page["Rules"]
        if rule["Name"] in ours and rule.get("EventPattern")
    )
    if not found:
        # Without a rule's name a replay sends to all rules of the bus.
        raise EventArchiveMissingError(f"no rule of stage {deployed.stage} starts a job at an event; deploy it again")
    return found


def _running(events: "EventBridgeClient", archive_arn: str) -> list[str]:
    replays = events.list_replays(EventSourceArn=archive_arn)["Replays"]
    return [replay["ReplayName"] for replay in replays if replay["State"] in _GOING_ON]


def _unique_name(archive: str) -> str:
    """Return a name that no replay of the last 90 days has."""
    rest = f"-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    return archive[: _NAME_CHARACTERS - len(rest)] + rest


def _seen(found: "DescribeReplayResponseTypeDef") -> EventReplay:
    return EventReplay(
        found["ReplayName"], found["State"], found.get("StateReason", ""), found.get("EventLastReplayedTime")
    )


@contextlib.contextmanager
def _permitted() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("AccessDenied"):
            raise
        raise EventPermissionError(
            f"you may not call {error.operation_name}; sending events again needs events:DescribeArchive, "
            "events:DescribeReplay, events:ListReplays, events:ListRules, events:ListRuleNamesByTarget, "
            f"events:StartReplay and sqs:GetQueueAttributes ({error.response['Error'].get('Message', '')})"
        ) from error


def _said(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
