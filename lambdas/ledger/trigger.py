"""What started a run, read off its name and its input."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from lambdas.inputs.events import is_event

if TYPE_CHECKING:
    from lambdas.specs.triggers import Trigger

Started = Literal["object_created", "schedule", "event", "manual", "replay"]

# As lambdas.starts.decide names what it starts.
_BY_A_TRIGGER = re.compile(r"(?P<job>.+)-[0-9a-f]{20}")


def trigger_of(job: str, run: str, document: object, triggers: Sequence["Trigger"]) -> Started | None:
    """Say what started a run.

    Parameters
    ----------
    job, run, document
        The job's name, the run's, and the execution's input.
    triggers
        The job's.

    Returns
    -------
    str or None
        ``None`` where it was a schedule or an event of a job that has both: neither leaves a trace in name or input.
    """
    if isinstance(document, dict):
        if "replay" in document:
            return "replay"
        if "version" in document or is_event(document):
            return "object_created"
    named = _BY_A_TRIGGER.fullmatch(run)
    if named is None or named["job"] != job:
        return "manual"
    if document:
        return "object_created"
    kinds: set[Started] = {"schedule" if each.schedule else "event" for each in triggers if not each.object_created}
    return kinds.pop() if len(kinds) == 1 else None
