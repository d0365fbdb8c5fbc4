"""The nets outside the machine: when they invoke the reaper, and how often."""

import datetime
from typing import Any

import pytest

from lambdas.clusters.events import parse_event
from scripts.certify.dynamic.deployment import nets_in
from scripts.certify.dynamic.journal import Journal
from scripts.certify.dynamic.nets import Deployed, NetFaults, Nets, scheduled, status_change
from scripts.local.emr.clock import VIRTUAL_START, VirtualClock

ALL = Deployed(frozenset({"FAILED", "TIMED_OUT", "ABORTED"}), 900.0)
HOUR = 3600.0


def execution(status: str) -> dict[str, Any]:
    arn = "arn:aws:states:us-east-1:123456789012:execution:job:run"
    started = datetime.datetime.fromtimestamp(VIRTUAL_START, datetime.UTC)
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:job"
    return {
        "executionArn": arn,
        "stateMachineArn": machine,
        "name": "run",
        "status": status,
        "startDate": started,
        "input": "{}",
    }


class Reaper:
    """Notes when it is invoked, and by what."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.invoked: list[tuple[str, float]] = []

    def __call__(self, event: dict[str, Any]) -> None:
        self.invoked.append((event["source"], self._clock.now() - VIRTUAL_START))


def invocations(
    faults: NetFaults, deployed: Deployed = ALL, status: str = "ABORTED", seconds: float = HOUR
) -> list[tuple[str, float]]:
    clock = VirtualClock(VIRTUAL_START)
    reaper = Reaper(clock)
    nets = Nets(clock, Journal(clock), reaper, deployed, faults)
    nets.start()
    nets.execution_ended(execution(status))
    clock.sleep(seconds)
    return reaper.invoked


def test_the_event_comes_at_once_and_the_sweep_every_quarter_of_an_hour() -> None:
    sweeps = [("aws.events", 900.0 * number) for number in (1, 2, 3, 4)]
    assert invocations(NetFaults()) == [("aws.states", 5.0), *sweeps]


def test_a_run_that_succeeds_has_no_event() -> None:
    assert invocations(NetFaults(), status="SUCCEEDED", seconds=600) == []


@pytest.mark.parametrize(("failures", "after"), [(1, 65.0), (2, 185.0)])
def test_lambda_tries_again(failures: int, after: float) -> None:
    assert invocations(NetFaults(event_failures=failures), seconds=600) == [("aws.states", after)]


def test_lambda_gives_up_after_two_more_tries() -> None:
    assert invocations(NetFaults(event_failures=3), seconds=600) == []


def test_a_lost_event_leaves_it_to_the_sweep() -> None:
    assert invocations(NetFaults(event_lost=True), seconds=1000) == [("aws.events", 900.0)]


def test_a_sweep_that_fails_is_tried_again() -> None:
    assert invocations(NetFaults(event_lost=True, sweep_failures=1), seconds=1000) == [("aws.events", 960.0)]


@pytest.mark.parametrize(
    ("faults", "deployed"),
    [(NetFaults(event_lost=True, sweep_down=True), ALL), (NetFaults(), Deployed(frozenset(), None))],
    ids=["down", "not deployed"],
)
def test_without_nets_nothing_is_invoked(faults: NetFaults, deployed: Deployed) -> None:
    assert invocations(faults, deployed) == []


@pytest.mark.parametrize("status", sorted(ALL.statuses))
def test_the_reaper_takes_the_events(status: str) -> None:
    parse_event(status_change(execution(status), VIRTUAL_START + 60))
    parse_event(scheduled(VIRTUAL_START))


def rule(**fields: Any) -> dict[str, Any]:
    target = {"Id": "reap", "Arn": {"Fn::GetAtt": ["ReapClustersLambdaFunction", "Arn"]}}
    return {"Type": "AWS::Events::Rule", "Properties": {"Targets": [target], **fields}}


STATUS_RULE = rule(EventPattern={"source": ["aws.states"], "detail": {"status": ["FAILED", "ABORTED"]}})
SWEEP_RULE = rule(ScheduleExpression="rate(15 minutes)")


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"A": STATUS_RULE, "B": SWEEP_RULE}, Deployed(frozenset({"FAILED", "ABORTED"}), 900.0)),
        ({"A": STATUS_RULE}, Deployed(frozenset({"FAILED", "ABORTED"}), None)),
        ({"B": rule(ScheduleExpression="rate(15 minutes)", State="DISABLED")}, Deployed(frozenset(), None)),
        ({"B": rule(ScheduleExpression="rate(1 minute)", Targets=[{"Arn": "other"}])}, Deployed(frozenset(), None)),
        ({"C": {"Type": "AWS::S3::Bucket"}}, Deployed(frozenset(), None)),
    ],
    ids=["both", "no sweep", "disabled", "another function", "no rule"],
)
def test_a_deployment_has_the_nets_its_template_has(resources: dict[str, Any], expected: Deployed) -> None:
    assert nets_in(resources) == expected
