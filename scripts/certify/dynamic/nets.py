"""The nets outside the machine, deployed on the virtual clock, and how they may fail themselves."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.local.emr.clock import Clock

if TYPE_CHECKING:
    from scripts.certify.dynamic.journal import Journal

STEPS_DONE = "steps_done"
MACHINE = "machine"
ACTION_ON_FAILURE = "action_on_failure"
EMR = "emr"
STATUS_EVENT = "status_event"
SWEEP = "sweep"
AUTO_TERMINATION = "auto_termination"
ORDER = (STEPS_DONE, MACHINE, ACTION_ON_FAILURE, EMR, STATUS_EVENT, SWEEP, AUTO_TERMINATION)
"""All that ends a cluster, in the order in which they are meant to. ``steps_done`` is EMR that finds no step left, as
the machine asks it to while the last one runs; ``emr`` is EMR's own doing: a failed bootstrap action, no capacity."""

EVENT_SECONDS = 5.0
"""From the end of an execution to its event's arrival. Our choice; EventBridge promises no time."""

RETRY_SECONDS = (60.0, 120.0)
"""Lambda tries an asynchronous invocation that failed twice more, after one and after two more minutes.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""

Reaper = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Deployed:
    """The nets a deployment has besides the machine and what it asks EMR for.

    Attributes
    ----------
    statuses
        With which an execution's event starts the reaper.
    sweep_seconds
        Between two sweeps; ``None`` if there are none.
    """

    statuses: frozenset[str]
    sweep_seconds: float | None


@dataclass(frozen=True)
class NetFaults:
    """How the nets fail.

    Attributes
    ----------
    event_lost
        Whether the execution's event never arrives.
    event_failures, sweep_failures
        How many invocations of the reaper fail before one works.
    sweep_down
        Whether the schedule does not fire.
    """

    event_lost: bool = False
    event_failures: int = 0
    sweep_failures: int = 0
    sweep_down: bool = False


class Nets:
    """The rule on the execution's status and the schedule of the sweep, both of which invoke the reaper.

    Parameters
    ----------
    clock, journal
        Their time, and where they are recorded.
    reaper
        The Lambda.
    deployed
        Which of them there are.
    faults
        How they fail.
    """

    def __init__(self, clock: Clock, journal: "Journal", reaper: Reaper, deployed: Deployed, faults: NetFaults) -> None:
        self._clock = clock
        self._journal = journal
        self._reaper = reaper
        self._deployed = deployed
        self._failures = {STATUS_EVENT: faults.event_failures, SWEEP: faults.sweep_failures}
        self._faults = faults

    def start(self) -> None:
        """Start the schedule, if it is deployed and fires."""
        if self._deployed.sweep_seconds and not self._faults.sweep_down:
            self._sweep_after(self._deployed.sweep_seconds)

    def execution_ended(self, execution: dict[str, Any]) -> None:
        """Send the event of an execution that has just ended, as DescribeExecution shows it."""
        if execution["status"] not in self._deployed.statuses:
            return
        if self._faults.event_lost:
            self._journal.note("net", "the event is lost")
            return
        event = status_change(execution, self._clock.now())
        self._clock.call_at(self._clock.now() + EVENT_SECONDS, lambda: self._invoke(STATUS_EVENT, event, 0))

    def _sweep_after(self, seconds: float) -> None:
        def sweep() -> None:
            self._sweep_after(seconds)
            self._invoke(SWEEP, scheduled(self._clock.now()), 0)

        self._clock.call_at(self._clock.now() + seconds, sweep, awaited=False)

    def _invoke(self, net: str, event: dict[str, Any], tried: int) -> None:
        try:
            self._invoke_once(net, event)
        except Exception as error:
            self._journal.note("net", f"{net}: the reaper failed: {error}")
            if tried < len(RETRY_SECONDS):
                again = self._clock.now() + RETRY_SECONDS[tried]
                self._clock.call_at(again, lambda: self._invoke(net, event, tried + 1))

    def _invoke_once(self, net: str, event: dict[str, Any]) -> None:
        if self._failures[net]:
            self._failures[net] -= 1
            raise RuntimeError("this invocation is made to fail")
        with self._journal.acting(net):
            self._reaper(event)


def status_change(execution: dict[str, Any], stopped: float) -> dict[str, Any]:
    """Return EventBridge's event of an execution that ended at a moment.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html.
    """
    arn = execution["executionArn"]
    detail = {
        "executionArn": arn,
        "stateMachineArn": execution["stateMachineArn"],
        "name": execution["name"],
        "status": execution["status"],
        "startDate": round(execution["startDate"].timestamp() * 1000),
        "stopDate": round(stopped * 1000),
        "input": execution["input"],
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
    }
    kind = "Step Functions Execution Status Change"
    return _event("aws.states", kind, arn, stopped, detail)


def scheduled(now: float) -> dict[str, Any]:
    """Return EventBridge's event of a schedule.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html.
    """
    return _event("aws.events", "Scheduled Event", "arn:aws:events:us-east-1:123456789012:rule/sweep", now, {})


def _event(source: str, kind: str, resource: str, moment: float, detail: dict[str, Any]) -> dict[str, Any]:
    time = datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": kind,
        "source": source,
        "account": "123456789012",
        "time": time,
        "region": "us-east-1",
        "resources": [resource],
        "detail": detail,
    }
