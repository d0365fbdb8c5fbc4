"""Archives and replays of ministack's EventBridge, in this process."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import eventbridge

from scripts.local.adapters import ministack, ministack_archives
from scripts.local.adapters.hooks import HookMissingError
from scripts.local.adapters.ministack_archives import RESOURCE, ArchiveError

BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
PATTERN = {"source": ["aws.s3"]}
ARCHIVE = {"ArchiveName": "kept", "SourceArn": BUS, "EventPattern": PATTERN, "RetentionDays": "3"}
EVENT = {"EventId": "1", "Source": "aws.s3", "DetailType": "Object Created", "Detail": "{}", "EventBusName": "default"}
GIVE_UP_SECONDS = 10.0


@pytest.fixture
def delivered(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """Return what was delivered: the rule, and the replay if it was one."""
    found: list[tuple[str, Any]] = []
    for name in ministack_archives.HOOKS:
        monkeypatch.setattr(eventbridge, name, getattr(eventbridge, name))

    def deliver(_target: Any, event: dict[str, Any], rule: dict[str, Any], _view: Any = None) -> None:
        found.append((rule["Name"], event.get("ReplayName")))

    monkeypatch.setattr(eventbridge, "_invoke_target", deliver)
    ministack_archives.install(ministack.PINNED)
    eventbridge._ensure_default_bus()
    for name in ("ours", "other"):
        eventbridge._put_rule({"Name": name, "EventPattern": json.dumps(PATTERN)})
        eventbridge._put_targets(
            {"Rule": name, "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}]}
        )
    yield found
    for name in ("ours", "other"):
        eventbridge._remove_targets({"Rule": name, "Ids": ["1"]})
        eventbridge._delete_rule({"Name": name})
    RESOURCE["delete"]("kept", {})


def described() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(eventbridge._describe_archive({"ArchiveName": "kept"})[2])
    return answer


def test_what_s3_sends_is_kept_and_goes_again_to_the_rules_that_were_named(delivered: list[tuple[str, Any]]) -> None:
    name, attributes = RESOURCE["create"]("Archive", ARCHIVE, "stack")
    eventbridge._dispatch_event({**EVENT, "Time": "2026-11-27T03:00:00Z"})
    eventbridge._put_events({"Entries": [{"Source": "my.app", "DetailType": "x", "Detail": "{}"}]})
    assert (name, described()["EventCount"]) == ("kept", 1)
    assert delivered == [("ours", None), ("other", None)]
    ours = json.loads(eventbridge._describe_rule({"Name": "ours"})[2])["Arn"]
    replay = {
        "ReplayName": "again",
        "EventSourceArn": attributes["Arn"],
        "EventStartTime": "2026-11-27T02:00:00Z",
        "EventEndTime": "2026-11-27T04:00:00Z",
        "Destination": {"Arn": BUS, "FilterArns": [ours]},
    }
    assert eventbridge._start_replay(replay)[0] == 200
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while json.loads(eventbridge._describe_replay({"ReplayName": "again"})[2])["State"] != "COMPLETED":
        assert time.monotonic() < give_up
        time.sleep(0.01)
    assert delivered[2:] == [("ours", "again")]
    assert described()["EventCount"] == 1, "what is sent again is not kept again"


@pytest.mark.usefixtures("delivered")
def test_an_update_changes_what_is_kept() -> None:
    RESOURCE["create"]("Archive", ARCHIVE, "stack")
    other = {**ARCHIVE, "EventPattern": {"source": ["other"]}, "RetentionDays": 5}
    RESOURCE["update"]("kept", ARCHIVE, other, "stack")
    assert (json.loads(described()["EventPattern"]), described()["RetentionDays"]) == ({"source": ["other"]}, 5)


@pytest.mark.usefixtures("delivered")
def test_what_ministack_refuses_is_said() -> None:
    RESOURCE["create"]("Archive", ARCHIVE, "stack")
    with pytest.raises(ArchiveError, match=r"archive kept: .*already exists"):
        RESOURCE["create"]("Archive", ARCHIVE, "stack")


def test_a_version_that_keeps_its_archives_elsewhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(eventbridge, "_archive_event")
    with pytest.raises(HookMissingError, match="_archive_event"):
        ministack_archives.install(ministack.PINNED)
