"""Events sent again from their archive, on moto's EventBridge."""

import datetime
import json
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from lambdas import aws
from scripts.deployment import Deployment
from scripts.replaying import events
from scripts.replaying.events import (
    EventArchiveMissingError,
    EventPermissionError,
    EventReplay,
    EventReplaysFullError,
    EventWindowError,
    Rule,
    plan_events,
    replay_events,
)

DAY = datetime.timedelta(days=1)
ARCHIVE = "slow-lambda-dev-events"
PATTERN = {"source": ["my.app"]}
ACCOUNT = "us-east-1:123456789012"
BUS = f"arn:aws:events:{ACCOUNT}:event-bus/default"


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with mock_aws():
        aws.forget()
        sqs = aws.sqs()
        starts, other = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("slow-lambda-dev-starts", "other"))
        put_rule("slow-lambda-dev-orders-0", starts)
        put_rule("slow-lambda-dev-orders-0-sweep", starts, schedule="rate(15 minutes)")
        put_rule("slow-lambda-dev-execution-ended", other)
        put_rule("slow-lambda-dev-2-orders-0", other)
        aws.events().create_archive(
            ArchiveName=ARCHIVE, EventSourceArn=BUS, EventPattern=json.dumps(PATTERN), RetentionDays=30
        )
        yield Deployment("dev", {"EventArchive": ARCHIVE, "StartQueue": starts})
    aws.forget()


def put_rule(name: str, queue: str, schedule: str | None = None) -> None:
    when: dict[str, Any] = {"ScheduleExpression": schedule} if schedule else {"EventPattern": json.dumps(PATTERN)}
    aws.events().put_rule(Name=name, **when)
    arn = f"arn:aws:sqs:{ACCOUNT}:{queue.rpartition('/')[2]}"
    aws.events().put_targets(Rule=name, Targets=[{"Id": "starts", "Arn": arn}])


def created() -> datetime.datetime:
    return aws.events().describe_archive(ArchiveName=ARCHIVE)["CreationTime"].replace(microsecond=0)


def refuse(action: str, code: str) -> None:
    client = aws.events()
    kind: type[ClientError] = client.exceptions.from_code(code)  # type: ignore[assignment]

    def raise_error(**_given: Any) -> NoReturn:
        raise kind({"Error": {"Code": code, "Message": "AWS says why"}}, action)

    client.meta.events.register(f"before-call.events.{action}", raise_error)


def test_only_the_rules_that_start_jobs_of_the_stage(deployed: Deployment) -> None:
    begin = created()
    aws.events().put_events(Entries=[{"Source": "my.app", "DetailType": "done", "Detail": "{}"}])
    plan = plan_events(deployed, begin, begin + 2 * DAY, now=begin + DAY)
    arn = f"arn:aws:events:{ACCOUNT}:rule/slow-lambda-dev-orders-0"
    assert plan.rules == (Rule("slow-lambda-dev-orders-0", arn, enabled=True),)
    assert (plan.since, plan.until) == (begin, begin + DAY), "what is still to come cannot be sent again"
    assert (plan.bus, plan.state, plan.events) == (BUS, "ENABLED", 1)


@pytest.mark.parametrize(
    ("age", "asked", "got", "why"),
    [
        (5, 7, 5, "made then"),
        (40, 40, 30, "keeps events for 30 days"),
        (20, 10, 10, None),
    ],
)
def test_what_the_archive_has_of_a_time(age: int, asked: int, got: int, why: str | None, deployed: Deployment) -> None:
    now = created() + age * DAY
    plan = plan_events(deployed, now - asked * DAY, now - DAY, now)
    assert plan.since == now - got * DAY
    assert [why in note for note in plan.notes if why] == ([True] if why else [])
    assert len(plan.notes) == (1 if why else 0)


def test_what_may_start_again_is_not_sent(deployed: Deployment) -> None:
    aws.events().update_archive(ArchiveName=ARCHIVE, RetentionDays=365)
    now = created() + 200 * DAY
    plan = plan_events(deployed, now - 100 * DAY, now - DAY, now)
    assert plan.since == now - 90 * DAY
    assert "known for 90 days only" in plan.notes[0]


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [(-3, -2, "nothing from before .* made then"), (2, 1, "no time between"), (5, 9, "no time between")],
)
def test_a_time_of_which_there_is_nothing(since: int, until: int, says: str, deployed: Deployment) -> None:
    begin = created()
    with pytest.raises(EventWindowError, match=says):
        plan_events(deployed, begin + since * DAY, begin + until * DAY, now=begin + 4 * DAY)


def test_what_a_plan_notes(deployed: Deployment) -> None:
    aws.events().disable_rule(Name="slow-lambda-dev-orders-0")
    now = created() + DAY
    plan = plan_events(deployed, now - DAY / 2, now, now)
    assert plan.notes == (
        "events of the last ten minutes may not have arrived in the archive yet",
        "the rule slow-lambda-dev-orders-0 is disabled, so nothing is sent to it",
    )


def test_without_an_archive(deployed: Deployment) -> None:
    begin = created()
    with pytest.raises(EventArchiveMissingError, match="stage dev has no archive"):
        plan_events(Deployment("dev", {}), begin, begin + DAY)
    aws.events().delete_archive(ArchiveName=ARCHIVE)
    with pytest.raises(EventArchiveMissingError, match=f"deleted the archive {ARCHIVE}"):
        plan_events(deployed, begin, begin + DAY)


def test_without_a_rule_nothing_is_sent_to_all_of_them(deployed: Deployment) -> None:
    begin = created()
    aws.events().remove_targets(Rule="slow-lambda-dev-orders-0", Ids=["starts"])
    with pytest.raises(EventArchiveMissingError, match="no rule of stage dev"):
        plan_events(deployed, begin, begin + DAY, now=begin + DAY)


def test_a_replay_is_started_and_followed_to_its_end(deployed: Deployment) -> None:
    begin = created()
    plan = plan_events(deployed, begin, begin + DAY, now=begin + DAY)
    seen: list[EventReplay] = []
    waited: list[float] = []
    done = replay_events(plan, seen.append, waited.append)
    assert [each.state for each in seen] == ["STARTING", "COMPLETED"]
    assert done == seen[-1]
    assert done.is_complete
    assert waited == [events.POLL_SECONDS]
    destination = aws.events().describe_replay(ReplayName=done.name)["Destination"]
    assert destination == {"Arn": BUS, "FilterArns": [plan.rules[0].arn]}
    assert replay_events(plan, seen.append, waited.append).name != done.name


def test_names_are_as_long_as_they_may_be() -> None:
    name = events._unique_name("x" * 48)
    assert len(name) == 64
    assert events._unique_name("x" * 48) != name


@pytest.mark.parametrize(
    ("action", "code", "error", "says"),
    [
        ("StartReplay", "LimitExceededException", EventReplaysFullError, "10 replays are running"),
        ("StartReplay", "AccessDeniedException", EventPermissionError, "may not call StartReplay.*AWS says why"),
        ("DescribeReplay", "AccessDeniedException", EventPermissionError, "may not call DescribeReplay"),
        ("StartReplay", "ValidationException", ClientError, "AWS says why"),
    ],
)
def test_what_is_refused(action: str, code: str, error: type[Exception], says: str, deployed: Deployment) -> None:
    begin = created()
    plan = plan_events(deployed, begin, begin + DAY, now=begin + DAY)
    refuse(action, code)
    with pytest.raises(error, match=says):
        replay_events(plan, lambda _: None, lambda _: None)


def test_who_may_not_look(deployed: Deployment) -> None:
    begin = created()
    refuse("ListRules", "AccessDeniedException")
    with pytest.raises(EventPermissionError, match="may not call ListRules"):
        plan_events(deployed, begin, begin + DAY, now=begin + DAY)
