"""Make ministack's CloudFormation archive events, S3's too, and its replays send to those rules only that were named.

ministack has archives and replays, but no ``AWS::Events::Archive``; it archives what ``PutEvents`` sends, and not what
its own services do; and it sends to every rule.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ReplayDestination.html
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge

from scripts.local.adapters.hooks import require

HOOKS = (
    "_archive_event",
    "_coerce_timestamp",
    "_create_archive",
    "_delete_archive",
    "_dispatch_event",
    "_invoke_target",
    "_replays",
    "_update_archive",
)

Record = dict[str, Any]
Created = tuple[str, Record]


class ArchiveError(ValueError):
    """ministack does not take an archive as CloudFormation describes it; the message is ministack's."""


def install(pinned: str) -> None:
    """Let ministack archive every event once, whoever sends it, and teach its replays their rules.

    Parameters
    ----------
    pinned
        The version of ministack this is written for.

    Raises
    ------
    HookMissingError
        The installed ministack keeps its archives elsewhere.
    """
    require("ministack", pinned, eventbridge, *HOOKS)
    eventbridge._dispatch_event = _archived(eventbridge._dispatch_event, eventbridge._archive_event)
    eventbridge._archive_event = _archived_already
    eventbridge._invoke_target = _only_named(eventbridge._invoke_target)


def _create(logical_id: str, properties: Record, stack: str) -> Created:
    name = properties.get("ArchiveName", f"{stack}-{logical_id}")
    return name, {"Arn": _call(eventbridge._create_archive, _asked(name, properties))["ArchiveArn"]}


def _update(name: str, _old: Record, new: Record, _stack: str) -> Created:
    return name, {"Arn": _call(eventbridge._update_archive, _asked(name, new))["ArchiveArn"]}


def _delete(name: str, _properties: Record) -> None:
    eventbridge._delete_archive({"ArchiveName": name})


def _asked(name: str, properties: Record) -> Record:
    return {
        "ArchiveName": name,
        "EventSourceArn": properties.get("SourceArn", ""),
        "Description": properties.get("Description", ""),
        "EventPattern": json.dumps(properties["EventPattern"]) if "EventPattern" in properties else "",
        "RetentionDays": int(properties.get("RetentionDays", 0)),
    }


def _call(action: Callable[[Record], tuple[int, dict[str, str], bytes]], asked: Record) -> Record:
    status, _, body = action(asked)
    answer: Record = json.loads(body)
    if status >= 400:
        raise ArchiveError(f"archive {asked['ArchiveName']}: {answer.get('message', answer)}")
    return answer


RESOURCE: dict[str, Any] = {"create": _create, "update": _update, "delete": _delete}
"""What ministack's CloudFormation does with an ``AWS::Events::Archive``."""


def _archived(dispatch: Callable[..., None], archive: Callable[..., None]) -> Callable[..., None]:
    def dispatch_and_archive(event: Record, *rest: Any) -> None:
        dispatch(event, *rest)
        if "ReplayName" not in event:
            kept = {name: value for name, value in event.items() if name != "_DispatchPath"}
            # S3's is a text; a replay compares it with the time asked for.
            archive(kept | {"Time": int(eventbridge._coerce_timestamp(event["Time"]))}, *rest)

    return dispatch_and_archive


def _archived_already(_event: Record, _view: Any = None) -> None:
    """Take the place of what archives an event after it has been dispatched."""


def _only_named(original: Callable[..., None]) -> Callable[..., None]:
    def invoke(target: Record, event: Record, rule: Record, *rest: Any) -> None:
        replay = eventbridge._replays.get(event.get("ReplayName", ""), {})
        named = replay.get("Destination", {}).get("FilterArns")
        if not named or rule["Arn"] in named:
            original(target, event, rule, *rest)

    return invoke
