"""What starts a job by itself: objects in S3, a schedule, or any event on the bus."""

import json
import re
import zoneinfo
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lambdas.inputs.request import CreatedAs
from lambdas.specs.types import Count, Duration, Line, Spec, expected, parse_duration

# An event pattern, in characters.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MAX_PATTERN_CHARACTERS = 2_048

# Minutes of a flexible window.
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html
MAX_FLEXIBLE_MINUTES = 1_440

# What is gathered longer than a day is a schedule's work.
MAX_BATCH_SECONDS = 24 * 3600

# The list of a batch is read as a whole, in 8 MiB (lambdas/inputs/manifests.py), and a key may have 1,024 bytes.
MAX_BATCH_OBJECTS = 3_000

# The fields every event has. https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
_EVENT_FIELDS = frozenset(
    {"account", "detail", "detail-type", "id", "region", "resources", "source", "time", "version", "$or"}
)

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
_RATE = re.compile(r"rate\([1-9][0-9]* (minute|minutes|hour|hours|day|days)\)")
_AT = re.compile(r"at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)")
_CRON = re.compile(r"cron\(((?:[0-9A-Z*?,/#LW-]+ ){5}[0-9A-Z*?,/#LW-]+)\)")


def _window(seconds: int) -> int:
    if seconds > MAX_BATCH_SECONDS:
        raise expected("a window of at most 24h; what is gathered for longer is the work of a schedule")
    return seconds


def _flexible(value: object) -> int:
    seconds = parse_duration(value)
    if seconds % 60 or not 60 <= seconds <= MAX_FLEXIBLE_MINUTES * 60:
        raise expected("whole minutes, from 1m to 24h")
    return seconds


def _timezone(name: str) -> str:
    known = zoneinfo.available_timezones()
    if known and name not in known:
        raise expected("a time zone of the IANA database, such as Europe/Berlin")
    return name


def _expression(text: str) -> str:
    cron = _CRON.fullmatch(text)
    if cron is None and _RATE.fullmatch(text) is None and _AT.fullmatch(text) is None:
        raise expected(
            "cron(minutes hours day-of-month month day-of-week year), rate(1 hour) or at(2026-12-31T23:00:00)"
        )
    if cron is not None and (cron[1].split(" ")[2] == "?") == (cron[1].split(" ")[4] == "?"):
        raise expected("a '?' for the day of the month or for the day of the week, and not for both")
    return text


def _pattern(pattern: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(pattern) - _EVENT_FIELDS)
    if not pattern or unknown:
        raise expected("an event pattern by source, detail-type, detail or other fields that every event has")
    if len(json.dumps(pattern, ensure_ascii=False, separators=(",", ":"))) > MAX_PATTERN_CHARACTERS:
        raise expected(f"an event pattern of at most {MAX_PATTERN_CHARACTERS:,} characters")
    if not _ends_in_lists(pattern):
        raise expected("an event pattern whose values are lists of what may match, such as source: [my.app]")
    return pattern


def _ends_in_lists(value: object) -> bool:
    if isinstance(value, dict):
        return all(_ends_in_lists(each) for each in value.values())
    return isinstance(value, list) and bool(value)


class Batch(Spec):
    """Gathers objects into one run.

    Attributes
    ----------
    window
        Seconds after its first object at which a batch is closed.
    max_objects
        How many objects close it earlier.
    """

    window: Annotated[Duration, AfterValidator(_window)]
    max_objects: Annotated[Count, Field(le=MAX_BATCH_OBJECTS)]


class ObjectCreated(Spec):
    """Starts the job when an object appears below the input.

    Attributes
    ----------
    prefix, suffix
        How its key begins, after the input's own prefix, and how it ends.
    input
        What the object is: the marker of the folder it lies in, the whole input itself, or a manifest that lists it.
    batch
        Gathers objects that are the input; without it every object starts a run.
    """

    prefix: Line = ""
    suffix: Line = ""
    input: CreatedAs = "folder"
    batch: Batch | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not self.prefix and not self.suffix:
            raise expected("a prefix, a suffix or both, such as suffix: _SUCCESS")
        if self.batch is not None and self.input != "object":
            raise expected("input: object beside a batch, which gathers the objects themselves")
        return self

    def matches(self, below: str) -> bool:
        """Say whether the key of an object, after the job's own prefix, is meant."""
        return below.startswith(self.prefix) and below.endswith(self.suffix)


class Schedule(Spec):
    """Starts the job at times, through EventBridge Scheduler.

    Attributes
    ----------
    expression
        ``cron(...)``, ``rate(...)`` or ``at(...)``.
    timezone
        Of the IANA database.
    flexible_window
        Seconds within which the start may be put off, in whole minutes.
    paused
        Whether nothing is started for now.
    """

    expression: Annotated[Line, AfterValidator(_expression)]
    timezone: Annotated[Line, AfterValidator(_timezone)] = "UTC"
    flexible_window: Annotated[int, BeforeValidator(_flexible)] | None = None
    paused: Annotated[bool, Field(strict=True)] = False


class Trigger(Spec):
    """What starts the job by itself: one of three; ``event`` is an EventBridge pattern."""

    object_created: ObjectCreated | None = None
    schedule: Schedule | None = None
    event: Annotated[dict[str, Any], AfterValidator(_pattern)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if [self.object_created, self.schedule, self.event].count(None) != 2:
            raise expected("one of object_created, schedule and event")
        return self
