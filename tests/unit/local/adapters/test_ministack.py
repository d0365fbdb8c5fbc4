"""Branches and EMR's own API in the machines that ministack runs."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ministack.services import emr, stepfunctions

from scripts.local.adapters import ministack, ministack_branches
from scripts.local.emr.clock import LiveClock
from scripts.local.emr.engine import EmrEngine
from scripts.local.emr.runner import ScriptedRunner, ScriptedStep
from tests.unit.local.emr.lab import FAILS, READY_SECONDS, groups, step

SCALE = 5000.0
GIVE_UP_SECONDS = 20.0
SDK = "arn:aws:states:::aws-sdk:emr:"
CAUGHT = {"ErrorEquals": ["States.ALL"], "Output": {"caught": "{% $states.errorOutput %}"}, "Next": "Caught"}
NEVER = {"Type": "Pass", "End": True}

State = dict[str, Any]
_numbers = itertools.count()


class Cloud:
    """ministack's Step Functions in this process, with a cluster that waits for steps."""

    def __init__(self, clock: LiveClock) -> None:
        script = {"short": ScriptedStep(700), "long": ScriptedStep(1_000_000), "bad": FAILS}
        self.clock = clock
        self.engine = EmrEngine(clock, ScriptedRunner(clock, script))
        ministack.install(self.engine, clock)
        self.cluster_id = self.engine.call("RunJobFlow", groups(StepConcurrencyLevel=2))["JobFlowId"]
        clock.sleep(READY_SECONDS)

    def start(self, *branches: State, **parallel: Any) -> str:
        """Start a machine whose one state of interest is a Parallel."""
        start = {"Type": "Parallel", "Branches": list(branches), "Next": "Done", **parallel}
        before = {"Type": "Pass", "Assign": {"clusterId": self.cluster_id}, "Next": "Parallel"}
        states = {"Before": before, "Parallel": start, "Done": {"Type": "Succeed"}, "Caught": {"Type": "Succeed"}}
        definition = {"QueryLanguage": "JSONata", "StartAt": "Before", "States": states}
        request = {
            "name": f"m{next(_numbers)}",
            "definition": json.dumps(definition),
            "roleArn": "arn:aws:iam::1:role/m",
        }
        machine = answer(stepfunctions._create_state_machine(request))["stateMachineArn"]
        return str(answer(stepfunctions._start_execution({"stateMachineArn": machine}))["executionArn"])

    def end(self, arn: str) -> State:
        """Wait until an execution has ended."""
        until(lambda: self.shown(arn)["status"] != "RUNNING")
        return self.shown(arn)

    def run(self, *branches: State, **parallel: Any) -> Any:
        """Run a machine and return its output."""
        return json.loads(self.end(self.start(*branches, **parallel))["output"])

    def shown(self, arn: str) -> State:
        return answer(stepfunctions._describe_execution({"executionArn": arn}))

    def entered(self, arn: str) -> list[str]:
        events = stepfunctions._executions[arn]["events"]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def step_states(self) -> dict[str, str]:
        steps = self.engine.call("ListSteps", {"ClusterId": self.cluster_id})["Steps"]
        return {step["Name"]: step["Status"]["State"] for step in steps}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Return a cloud whose hooks are gone afterwards."""
    monkeypatch.setattr(emr, "handle_request", emr.handle_request)
    for name in (*ministack_branches.HOOKS, "_invoke_resource_with_timeout", "_fail_execution"):
        monkeypatch.setattr(stepfunctions, name, getattr(stepfunctions, name))
    monkeypatch.setattr(stepfunctions, "_SERVICE_DISPATCH", dict(stepfunctions._SERVICE_DISPATCH))
    clock = LiveClock(SCALE)
    yield Cloud(clock)
    clock.close()


def answer(response: tuple[int, Any, bytes | str]) -> State:
    status, _, body = response
    assert status == 200, body
    found: State = json.loads(body)
    return found


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.005)


def branch(start: str, **states: State) -> State:
    return {"StartAt": start, "States": states}


def run_step(name: str, **fields: Any) -> State:
    arguments = {"ClusterId": "{% $clusterId %}", "Step": step(name)}
    resource = "arn:aws:states:::elasticmapreduce:addStep.sync"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}


def sdk(action: str, arguments: State, **fields: Any) -> State:
    return {"Type": "Task", "Resource": f"{SDK}{action}", "Arguments": arguments, **fields}


def let_emr_end() -> State:
    keep_alive = {"JobFlowIds": ["{% $clusterId %}"], "KeepJobFlowAliveWhenNoSteps": False}
    queued = {"Condition": "{% 'short' in $states.input.queued %}", "Next": "End it"}
    return branch(
        "Pause",
        **{
            "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Look"},
            "Look": sdk(
                "listSteps",
                {"ClusterId": "{% $clusterId %}"},
                Output={"queued": "{% [$states.result.Steps.Name] %}"},
                TimeoutSeconds=60,
                Next="Is it queued?",
            ),
            "Is it queued?": {"Type": "Choice", "Choices": [queued], "Default": "Pause"},
            "End it": sdk("setKeepJobFlowAliveWhenNoSteps", keep_alive, Output={}, End=True),
        },
    )


def test_emr_ends_the_cluster_when_its_last_step_ends(cloud: Cloud) -> None:
    arn = cloud.start(branch("Work", Work=run_step("short")), let_emr_end())
    assert cloud.end(arn)["status"] == "SUCCEEDED"
    until(lambda: cloud.engine.live_clusters() == [])
    cluster = cloud.engine.call("DescribeCluster", {"ClusterId": cloud.cluster_id})["Cluster"]
    assert cluster["Status"]["StateChangeReason"]["Code"] == "ALL_STEPS_COMPLETED"
    assert {"Work", "Look", "Is it queued?", "End it"} <= set(cloud.entered(arn))


def test_a_failing_step_fails_the_parallel_with_its_cause_and_cancels_its_sibling(cloud: Cloud) -> None:
    long = branch("Long", Long=run_step("long", Retry=[{"ErrorEquals": ["States.ALL"]}]))
    output = cloud.run(branch("Bad", Bad=run_step("bad")), long, Catch=[CAUGHT])
    assert output["caught"]["Error"] == "States.TaskFailed"
    assert json.loads(output["caught"]["Cause"])["Step"]["Name"] == "bad"
    until(lambda: cloud.step_states() == {"bad": "FAILED", "long": "CANCELLED"})


def test_a_failing_branch_ends_its_siblings_wait(cloud: Cloud) -> None:
    waits = branch("Wait", Wait={"Type": "Wait", "Seconds": 86_400_000, "Next": "Never"}, Never=NEVER)
    fails = branch("Fail", Fail={"Type": "Fail", "Error": "Mine", "Cause": "because"})
    arn = cloud.start(waits, fails, Catch=[CAUGHT])
    assert json.loads(cloud.end(arn)["output"]) == {"caught": {"Error": "Mine", "Cause": "because"}}
    assert "Never" not in cloud.entered(arn)


def test_a_stopped_execution_goes_no_further_in_any_branch(cloud: Cloud) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}]
    long = branch("Long", Long=run_step("long", Retry=retry, Next="Never") | {"End": False}, Never=NEVER)
    waits = branch("Wait", Wait={"Type": "Wait", "Seconds": 86_400_000, "Next": "Never too"}, **{"Never too": NEVER})
    arn = cloud.start(long, waits, Catch=[CAUGHT], Retry=retry)
    until(lambda: cloud.step_states() == {"long": "RUNNING"} and "Wait" in cloud.entered(arn))
    answer(stepfunctions._stop_execution({"executionArn": arn}))
    until(lambda: cloud.step_states() == {"long": "CANCELLED"})
    cloud.clock.sleep(600)
    assert cloud.shown(arn)["status"] == "ABORTED"
    assert cloud.step_states() == {"long": "CANCELLED"}
    assert sorted(cloud.entered(arn)) == ["Before", "Long", "Parallel", "Wait"]


def test_branches_read_outer_variables_and_keep_their_own(cloud: Cloud) -> None:
    mine = {"Type": "Pass", "Assign": {"mine": "{% $clusterId & $states.input.mark %}"}, "Next": "Show"}
    pause = {"Type": "Wait", "Seconds": 300, "Next": "Other"}
    output = cloud.run(
        branch("Mine", Mine=mine, Show={"Type": "Succeed", "Output": "{% $mine %}"}),
        branch("Pause", Pause=pause, Other={"Type": "Pass", "Output": "{% $exists($mine) %}", "End": True}),
        Arguments={"mark": "!"},
        Output="{% {'results': $states.result, 'leaked': $exists($mine)} %}",
    )
    assert output == {"results": [f"{cloud.cluster_id}!", False], "leaked": False}


def test_what_the_parallel_assigns_is_there_afterwards(cloud: Cloud) -> None:
    inner = {
        "Type": "Parallel",
        "Branches": [branch("Two", Two={"Type": "Pass", "Output": 2, "End": True})],
        "Assign": {"found": "{% $states.result[0] %}"},
        "Next": "Show",
    }
    show = {"Type": "Pass", "Output": "{% $found %}", "End": True}
    assert cloud.run(branch("Inner", Inner=inner, Show=show)) == [2]


def test_a_bug_in_a_branch_is_terminal_and_named(cloud: Cloud) -> None:
    ended = cloud.end(cloud.start({"StartAt": "Nowhere", "States": {}}))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")
    assert "Nowhere" in ended["cause"]


def test_an_error_of_the_api_can_be_caught_by_its_name(cloud: Cloud) -> None:
    named = CAUGHT | {"ErrorEquals": ["Emr.InvalidRequestException"], "Next": "Shrug"}
    look = sdk("describeCluster", {"ClusterId": "j-NONE"}, Catch=[named], End=True)
    (output,) = cloud.run(branch("Look", Look=look, Shrug={"Type": "Succeed"}))
    assert "Cluster id 'j-NONE' is not valid." in output["caught"]["Cause"]


def test_times_of_an_sdk_task_are_text(cloud: Cloud) -> None:
    (output,) = cloud.run(branch("Look", Look=sdk("describeCluster", {"ClusterId": cloud.cluster_id}, End=True)))
    made = output["Cluster"]["Status"]["Timeline"]["CreationDateTime"]
    assert made.startswith("20")
    assert made.endswith("Z")
