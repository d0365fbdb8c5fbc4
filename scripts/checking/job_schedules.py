"""The rules about schedules and events that start jobs."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.sizing.expect import ASSUMED_ENDING_SECONDS, ASSUMED_PROVISION_SECONDS, ASSUMED_WAITING_SECONDS
from lambdas.specs import Job, Schedule
from scripts.checking.rules import Place, Rule
from scripts.checking.schedule_times import due, shortest_gap, skipped
from scripts.checking.specs import Specs

# 29 February comes at least once.
_EIGHT_YEARS = 8 * 366
_TWO_MONTHS = 62
_A_YEAR = 366

# Events that every run causes, and by what a pattern can tell whose they are.
# https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-manage-cloudwatch-events.html
# https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
_OF_RUNS = {
    "aws.emr": frozenset({"clusterId", "name", "resourceId"}),
    "aws.states": frozenset({"stateMachineArn", "executionArn", "name"}),
    "aws.ec2": frozenset({"instance-id"}),
}

_TYPES = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"
_PATTERNS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules-best-practices.html"


def _never(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, schedule in _schedules(specs):
        is_rate = schedule.expression.startswith("rate")
        if not is_rate and next(due(schedule.expression, specs.today, _EIGHT_YEARS), None) is None:
            yield _place(specs, job, number, "expression"), f"{schedule.expression} is not due within eight years"


def _too_often(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, schedule in _schedules(specs):
        gap = shortest_gap(schedule.expression, specs.today, _TWO_MONTHS)
        takes = max(
            ASSUMED_PROVISION_SECONDS + ASSUMED_WAITING_SECONDS + ASSUMED_ENDING_SECONDS, job.size.deadline or 0
        )
        if gap and gap.total_seconds() < takes:
            yield (
                _place(specs, job, number, "expression"),
                f"{schedule.expression} is due every {_minutes(gap.total_seconds())}; a run may take {_minutes(takes)}",
            )


def _paused(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, schedule in _schedules(specs):
        if schedule.paused:
            yield _place(specs, job, number, "paused"), f"the schedule of {job.name!r} is paused"


def _skipped(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, schedule in _schedules(specs):
        for time in skipped(schedule.expression, schedule.timezone, specs.today, _A_YEAR):
            yield (
                _place(specs, job, number, "expression"),
                f"{time:%Y-%m-%d %H:%M} does not exist in {schedule.timezone}",
            )
            break


def _wide_windows(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, schedule in _schedules(specs):
        gap = shortest_gap(schedule.expression, specs.today, _TWO_MONTHS)
        window = schedule.flexible_window
        if gap and window and window > gap.total_seconds():
            yield (
                _place(specs, job, number, "flexible_window"),
                f"{_minutes(window)}; {schedule.expression} is due every {_minutes(gap.total_seconds())}",
            )


def _broad_patterns(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, pattern in _patterns(specs):
        is_of_aws = any(str(each).startswith("aws.") for each in _listed(pattern.get("source")))
        names_nothing = not {"source", "detail-type", "detail", "resources"} & set(pattern)
        if names_nothing or (is_of_aws and not {"detail-type", "detail", "resources"} & set(pattern)):
            yield specs.of_job(job.name, "triggers", number), f"it only says {', '.join(sorted(pattern))}"


def _own_events(specs: Specs) -> Iterator[tuple[Place, str]]:
    for job, number, pattern in _patterns(specs):
        detail = pattern.get("detail") or {}
        for source, told_by in _OF_RUNS.items():
            if source in _listed(pattern.get("source")) and not told_by & set(detail) and "resources" not in pattern:
                yield (
                    specs.of_job(job.name, "triggers", number),
                    f"events of {source} of every run; none of {', '.join(sorted(told_by))} in its detail",
                )


def _schedules(specs: Specs) -> Iterator[tuple[Job, int, Schedule]]:
    for job in specs.jobs.values():
        for number, trigger in enumerate(job.triggers):
            if trigger.schedule is not None:
                yield job, number, trigger.schedule


def _patterns(specs: Specs) -> Iterator[tuple[Job, int, Mapping[str, Any]]]:
    for job in specs.jobs.values():
        for number, trigger in enumerate(job.triggers):
            if trigger.event is not None:
                yield job, number, trigger.event


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _place(specs: Specs, job: Job, number: int, key: str) -> Place:
    return specs.of_job(job.name, "triggers", number, "schedule", key)


def _minutes(seconds: float) -> str:
    return str(datetime.timedelta(seconds=seconds)) if seconds >= 3600 else f"{seconds / 60:g} minutes"


SCHEDULE_RULES = (
    Rule(
        id="schedule-never-due",
        severity="error",
        why="The job is never started, and nothing says so.",
        fix="Correct the expression, or take the schedule out.",
        link=_TYPES,
        find=_never,
    ),
    Rule(
        id="schedule-too-often",
        severity="warning",
        why="The next run starts before this one is done: clusters pile up, or runs wait for one another for ever.",
        fix="Let it be due less often, and let one run take what several would have.",
        link=_TYPES,
        find=_too_often,
    ),
    Rule(
        id="schedule-paused",
        severity="note",
        why="It starts nothing until it is resumed.",
        fix="Take 'paused' out to resume it.",
        link="https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-state.html",
        find=_paused,
    ),
    Rule(
        id="schedule-skipped-in-spring",
        severity="warning",
        why="EventBridge Scheduler skips a time that does not exist because clocks are put forward.",
        fix="Choose a time outside of that hour, or timezone: UTC.",
        link=_TYPES,
        find=_skipped,
    ),
    Rule(
        id="flexible-window-long",
        severity="warning",
        why="Two runs in a row can start in the wrong order, or at the same time.",
        fix="Make the window shorter than the time between two runs.",
        link="https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html",
        find=_wide_windows,
    ),
    Rule(
        id="event-pattern-broad",
        severity="warning",
        why="AWS services send many kinds of events under one source, and each that matches starts a cluster.",
        fix="Say which: detail-type, and what its detail must be.",
        link=_PATTERNS,
        find=_broad_patterns,
    ),
    Rule(
        id="event-of-own-runs",
        severity="error",
        why="Every run causes such events, which start the next one: clusters for ever, until somebody sees the bill.",
        fix="Say in the pattern's detail whose events are meant.",
        link=_PATTERNS,
        find=_own_events,
    ),
)
