"""Put the EMR engine's events on ministack's default event bus, so that the deployed rules hear of them."""

import json
from typing import Any

from ministack.services import eventbridge

from scripts.local.adapters.hooks import require


def install(pinned: str) -> None:
    """Check that ministack has what ``publish`` needs; see ``scripts.local.adapters.hooks.require``."""
    require("ministack", pinned, eventbridge, "_put_events")


def publish(event: dict[str, Any]) -> None:
    """Put an event of ``aws.emr`` on the bus.

    Parameters
    ----------
    event
        As the engine's observer gets it; ministack gives it an id and a time of its own.
    """
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
