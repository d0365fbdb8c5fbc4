"""The branches of a Parallel on moto's interpreter with the EMR engine: what overlaps, what fails, what is stopped."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas import aws
from scripts.local.adapters.moto_faults import TaskFaultError, Visit
from scripts.local.emr.clock import VIRTUAL_START, VirtualClock
from scripts.local.emr.durations import TERMINATE_SECONDS
from scripts.local.emr.faults import ApiFault, Faults
from scripts.local.emr.runner import ScriptedStep, StepOutcome
from scripts.local.in_process import Conditions, Ended, InProcessCloud, in_process_cloud
from tests.machine.conftest import JOB

MINUTE = 60.0
EMR = "arn:aws:states:::elasticmapreduce:"
SDK = "arn:aws:states:::aws-sdk:emr:"
STEP_SECONDS = 1234.0
FAILED = StepOutcome(succeeded=False, reason="Unknown Error.", message="Exit code 1")

State = dict[str, Any]


def task(resource: str, arguments: State, **fields: Any) -> State:
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, **fields}


def branch(**states: State) -> State:
    """Return a branch of states that follow one another in the order given, unless they say otherwise."""
    names = list(states)
    followers: list[State] = [*({"Next": name} for name in names[1:]), {"End": True}]
    stays = {"Choice", "Succeed", "Fail"}
    linked = {
        name: state if state["Type"] in stays or "Next" in state else state | follower
        for (name, state), follower in zip(states.items(), followers, strict=True)
    }
    return {"StartAt": names[0], "States": linked}


def create(level: int = 1) -> State:
    nodes = [
        {"Name": role, "InstanceRole": role, "InstanceType": "m5.xlarge", "InstanceCount": 1}
        for role in ("MASTER", "CORE")
    ]
    request = {
        "Name": "branches",
        "ReleaseLabel": "emr-7.14.0",
        "StepConcurrencyLevel": level,
        "Instances": {"InstanceGroups": nodes, "KeepJobFlowAliveWhenNoSteps": True},
        "ServiceRole": "EMR_DefaultRole",
        "JobFlowRole": "EMR_EC2_DefaultRole",
    }
    return task(f"{EMR}createCluster.sync", request, Assign={"clusterId": "{% $states.result.ClusterId %}"})


def run_step(name: str, action: str = "CONTINUE", **fields: Any) -> State:
    jar = {"Jar": "command-runner.jar", "Args": ["spark-submit", f"{name}.py"]}
    step = {"Name": name, "ActionOnFailure": action, "HadoopJarStep": jar}
    return task(f"{EMR}addStep.sync", {"ClusterId": "{% $clusterId %}", "Step": step}, **fields)


def let_emr_end(*steps: str) -> State:
    """Return the branch that lets EMR end the cluster once it has got all the steps."""
    queued = " and ".join(f"'{step}' in $states.input.queued" for step in steps)
    keep_alive = {"JobFlowIds": ["{% $clusterId %}"], "KeepJobFlowAliveWhenNoSteps": False}
    listed = {"queued": "{% [$states.result.Steps.Name] %}"}
    return branch(
        Pause={"Type": "Wait", "Seconds": 5},
        Look=task(f"{SDK}listSteps", {"ClusterId": "{% $clusterId %}"}, Output=listed),
        Queued={
            "Type": "Choice",
            "Choices": [{"Condition": f"{{% {queued} %}}", "Next": "Let EMR end"}],
            "Default": "Pause",
        },
        **{"Let EMR end": task(f"{SDK}setKeepJobFlowAliveWhenNoSteps", keep_alive, Output={})},
    )


def machine(*branches: State, level: int = 1, **parallel: Any) -> State:
    """Return a machine that creates a cluster, runs branches, and says Caught when they fail."""
    caught = {
        "ErrorEquals": ["States.ALL"],
        "Output": {"caught": "{% $states.errorOutput %}"},
        "Next": "Caught",
    }
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Create",
        "States": {
            "Create": create(level) | {"Next": "Parallel"},
            "Parallel": {"Type": "Parallel", "Branches": list(branches), "Catch": [caught], "Next": "Done", **parallel},
            "Done": {"Type": "Succeed"},
            "Caught": {"Type": "Succeed"},
        },
    }


class Course:
    """One run of a machine: how it ended, when, and what happened on the way."""

    def __init__(self, definition: State, interference: Any = None, **options: Any) -> None:
        self.events: list[dict[str, Any]] = []
        clock = VirtualClock(VIRTUAL_START)
        conditions = Conditions(json.dumps(definition), self.events.append, interference, clock)
        with in_process_cloud(JOB, conditions=conditions, **options) as cloud:
            self.ended: Ended = cloud.execute()
            self.seconds = clock.now() - VIRTUAL_START
            pages = aws.stepfunctions().get_paginator("get_execution_history").paginate(executionArn=self.ended.arn)
            self.history = [event for page in pages for event in page["events"]]
            clock.sleep(10 * MINUTE)
            self.clusters, self.steps = _shown(cloud)

    def entered(self, state: str) -> float:
        """Return when a state was last entered: virtual seconds from the start."""
        moments = [
            event["timestamp"].timestamp()
            for event in self.history
            if event.get("stateEnteredEventDetails", {}).get("name") == state
        ]
        return float(moments[-1] - VIRTUAL_START)


def _shown(cloud: InProcessCloud) -> tuple[list[State], list[State]]:
    found = cloud.engine.call("ListClusters", {})["Clusters"]
    clusters = [cloud.engine.call("DescribeCluster", {"ClusterId": each["Id"]})["Cluster"] for each in found]
    return clusters, [
        step for each in found for step in cloud.engine.call("ListSteps", {"ClusterId": each["Id"]})["Steps"][::-1]
    ]


class Nothing:
    """Interferes with nothing; the base of those that do."""

    def entered(self, visit: Visit) -> None: ...

    def left(self, visit: Visit) -> None: ...

    def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
        return call()

    def ended(self, execution: str, status: str) -> None: ...


def ended_cluster() -> Course:
    definition = machine(branch(Work=run_step("work")), let_emr_end("work"))
    return Course(definition, script={"work": ScriptedStep(STEP_SECONDS)})


def test_emr_ends_the_cluster_the_second_its_last_step_ends() -> None:
    course = ended_cluster()
    assert course.ended.status == "SUCCEEDED"
    (step,), (cluster,) = course.steps, course.clusters
    assert step["Status"]["State"] == "COMPLETED"
    assert cluster["Status"]["StateChangeReason"]["Code"] == "ALL_STEPS_COMPLETED"
    step_end = step["Status"]["Timeline"]["EndDateTime"]
    assert cluster["Status"]["Timeline"]["EndDateTime"] - step_end == TERMINATE_SECONDS
    # Step Functions sees it at its next poll only, as ever.
    assert step_end + 60 < course.entered("Done") + VIRTUAL_START <= step_end + 300


def test_the_same_run_takes_the_same_course() -> None:
    script = {"left": ScriptedStep(STEP_SECONDS), "right": ScriptedStep(STEP_SECONDS - 300)}
    branches = (branch(Left=run_step("left")), branch(Right=run_step("right")), let_emr_end("left", "right"))
    happened: list[tuple[float, str]] = []
    conditions = Conditions(
        json.dumps(machine(*branches, level=2)),
        lambda event: happened.append((clock.now() - start, f"{event['detail-type']} {event['detail']['state']}")),
        clock=(clock := VirtualClock(VIRTUAL_START)),
    )
    courses = set()
    with in_process_cloud(JOB, script, conditions=conditions) as cloud:
        for _ in range(10):
            start = clock.now()
            happened.clear()
            arn = cloud.execute().arn
            events = aws.stepfunctions().get_execution_history(executionArn=arn)["events"]
            history = [(round(event["timestamp"].timestamp() - start, 3), event["type"]) for event in events]
            clock.sleep(10 * MINUTE)
            courses.add(json.dumps([history, happened]))
    assert len(courses) == 1


def test_two_steps_in_two_branches_take_the_time_of_one() -> None:
    script = {"left": ScriptedStep(STEP_SECONDS), "right": ScriptedStep(STEP_SECONDS)}
    both = machine(branch(Left=run_step("left")), branch(Right=run_step("right")), level=2)
    one = machine(branch(Left=run_step("left")))
    course = Course(both, script=script)
    assert [step["Status"]["State"] for step in course.steps] == ["COMPLETED", "COMPLETED"]
    starts = {step["Status"]["Timeline"]["StartDateTime"] for step in course.steps}
    assert len(starts) == 1
    assert course.seconds == Course(one, script=script).seconds


def test_a_failing_step_fails_the_parallel_with_its_own_cause_and_cancels_its_sibling() -> None:
    script = {"bad": ScriptedStep(90, FAILED), "long": ScriptedStep(100_000)}
    parallel = machine(branch(Bad=run_step("bad")), branch(Long=run_step("long")), level=2)
    course = Course(parallel, script=script)
    caught = course.ended.output["caught"]
    assert caught["Error"] == "States.TaskFailed"
    assert json.loads(caught["Cause"])["Step"]["Name"] == "bad"
    assert [step["Status"]["State"] for step in course.steps] == ["FAILED", "CANCELLED"]
    # The poll that sees the failure: 120 s after the steps were added.
    assert course.entered("Caught") - course.entered("Bad") == 120


def test_a_failing_branch_ends_its_siblings_wait_at_once() -> None:
    waits = branch(Wait={"Type": "Wait", "Seconds": 86_400}, Never={"Type": "Pass"})
    fails = branch(Pause={"Type": "Wait", "Seconds": 7}, Fail={"Type": "Fail", "Error": "Mine", "Cause": "because"})
    course = Course(machine(waits, fails))
    assert course.ended.output == {"caught": {"Error": "Mine", "Cause": "because"}}
    assert course.entered("Caught") - course.entered("Wait") == 7
    assert "Never" not in course.ended.states


def test_a_sibling_that_has_not_begun_never_begins() -> None:
    course = Course(machine(branch(Fail={"Type": "Fail", "Error": "Mine"}), branch(Never={"Type": "Pass"})))
    assert course.ended.output["caught"]["Error"] == "Mine"
    assert "Never" not in course.ended.states


def test_branches_within_branches_are_stopped_too() -> None:
    inner = {"Type": "Parallel", "Branches": [branch(Deep={"Type": "Wait", "Seconds": 86_400})]}
    fails = branch(Pause={"Type": "Wait", "Seconds": 7}, Fail={"Type": "Fail", "Error": "Mine"})
    course = Course(machine(branch(Inner=inner, Never={"Type": "Pass"}), fails))
    assert course.ended.output["caught"]["Error"] == "Mine"
    assert course.entered("Caught") - course.entered("Deep") == 7
    assert "Never" not in course.ended.states


def test_a_caught_failure_within_a_branch_leaves_its_siblings_alone() -> None:
    caught = [{"ErrorEquals": ["Emr.InvalidRequestException"], "Output": "{% $states.errorOutput %}", "Next": "Shrug"}]
    look = task(f"{SDK}listSteps", {"ClusterId": "j-NONE"}, Catch=caught, End=True)
    harmless = {"StartAt": "Look", "States": {"Look": look, "Shrug": {"Type": "Pass", "End": True}}}
    course = Course(machine(branch(Work=run_step("work")), harmless), script={"work": ScriptedStep(STEP_SECONDS)})
    assert course.ended.states[-1] == "Done"
    assert course.ended.output[1] == {
        "Error": "Emr.InvalidRequestException",
        "Cause": course.ended.output[1]["Cause"],
    }
    assert "Cluster id 'j-NONE' is not valid." in course.ended.output[1]["Cause"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", "Emr.EmrException"),
        ("InternalServerException", "Emr.InternalServerException"),
        ("InternalServerError", "Emr.InternalServerErrorException"),
    ],
)
def test_an_error_of_the_api_is_named_as_step_functions_names_it(code: str, error: str) -> None:
    look = task(f"{SDK}listSteps", {"ClusterId": "{% $clusterId %}"})
    course = Course(machine(branch(Look=look)), faults=Faults(api=[ApiFault("ListSteps", code=code)]))
    assert course.ended.output["caught"]["Error"] == error
    assert course.ended.output["caught"]["Cause"].startswith("Rate exceeded")


def test_times_of_an_sdk_task_are_text() -> None:
    describe = task(f"{SDK}describeCluster", {"ClusterId": "{% $clusterId %}"})
    course = Course(machine(branch(Describe=describe)))
    assert course.ended.output[0]["Cluster"]["Status"]["Timeline"]["CreationDateTime"] == "2026-01-01T00:00:00.000Z"


def test_branches_read_outer_variables_and_keep_their_own() -> None:
    mine = {"Type": "Pass", "Assign": {"mine": "{% $clusterId & '!' %}"}}
    shows = {"Type": "Pass", "Output": "{% $mine & $states.input.given %}"}
    other = {"Type": "Pass", "Output": "{% $exists($mine) %}"}
    course = Course(
        machine(
            branch(Mine=mine | {"Output": "{% $states.input %}"}, Shows=shows),
            branch(Pause={"Type": "Wait", "Seconds": 1}, Other=other),
            Arguments={"given": "{% 'here' %}"},
            Assign={"outer": "{% $states.result[0] %}", "leaked": "{% $exists($mine) %}"},
            Output="{% {'results': $states.result} %}",
        )
    )
    cluster_id = course.clusters[0]["Id"]
    assert course.ended.output == {"results": [f"{cluster_id}!here", False]}
    exits = [event["stateExitedEventDetails"] for event in course.history if "stateExitedEventDetails" in event]
    (left,) = [each for each in exits if each["name"] == "Parallel"]
    assert json.loads(left["assignedVariables"]["leaked"]) is False


def test_a_branch_may_not_assign_an_outer_variable() -> None:
    course = Course(machine(branch(Bad={"Type": "Pass", "Assign": {"clusterId": "other"}})))
    assert (course.ended.status, course.ended.error) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize("how", ["stop", "expire"])
@pytest.mark.parametrize("where", ["Work", "Look"])
def test_what_ends_the_execution_ends_every_branch(how: str, where: str) -> None:
    class Ends(Nothing):
        def task(self, visit: Visit, call: Callable[[], Any]) -> Any:
            if visit.state != where:
                return call()
            getattr(visit, how)()
            raise TaskFaultError("Lambda.Unknown", "too late")

    definition = machine(branch(Work=run_step("work"), Never={"Type": "Pass"}), let_emr_end("work"))
    course = Course(definition, Ends(), script={"work": ScriptedStep(STEP_SECONDS)})
    assert course.ended.status == {"stop": "ABORTED", "expire": "TIMED_OUT"}[how]
    assert not {"Never", "Let EMR end", "Caught"} & set(course.ended.states)
    assert [step["Status"]["State"] for step in course.steps] == ([] if where == "Work" else ["CANCELLED"])


def test_the_machines_own_timeout_ends_every_branch() -> None:
    definition = machine(branch(Work=run_step("work")), branch(Wait={"Type": "Wait", "Seconds": 86_400}))
    course = Course(definition | {"TimeoutSeconds": 1200}, script={"work": ScriptedStep(100_000)})
    assert course.ended.status == "TIMED_OUT"
    assert course.seconds == pytest.approx(1200, abs=10)
    assert [step["Status"]["State"] for step in course.steps] == ["CANCELLED"]


def test_a_parallel_is_tried_again_as_a_whole() -> None:
    retry = [{"ErrorEquals": ["Mine"], "IntervalSeconds": 100, "MaxAttempts": 1}]
    fails = branch(Pause={"Type": "Wait", "Seconds": 7}, Fail={"Type": "Fail", "Error": "Mine"})
    course = Course(machine(fails, branch(Other={"Type": "Wait", "Seconds": 3}), Retry=retry))
    assert course.ended.states.count("Other") == 2
    assert course.entered("Caught") - course.entered("Pause") == 7
    assert course.ended.output["caught"]["Error"] == "Mine"
