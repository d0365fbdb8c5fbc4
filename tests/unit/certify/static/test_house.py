"""The rules for rendered machines, and what they are for anybody else's."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.specs import load_cluster, load_jobs
from scripts.certify.dynamic.states import all_states
from scripts.certify.static import certify_definition
from scripts.rendering.machine import render_machine
from tests.unit.certify.static.builders import (
    NATIVE,
    RETRY,
    TAG,
    Body,
    catch,
    create,
    found,
    machine,
    parallel,
    reap,
    step,
    terminate,
    warned,
    work,
)


def good() -> Body:
    return machine(
        Plan=work("Create", Retry=RETRY, Catch=catch("Broken")),
        Create=create("Step", Catch=catch("Reap")),
        Step=step("End", Catch=catch("Reap")),
        End=terminate("Done", Catch=catch("Reap")),
        Reap=reap("Broken", Catch=catch("Broken")),
        Broken={"Type": "Fail"},
        Done={"Type": "Succeed"},
    )


def test_a_machine_that_keeps_the_rules() -> None:
    report = certify_definition(good(), strict=True)
    assert report.passed
    assert not report.warnings


def without(*place: str) -> Callable[[Body], None]:
    def remove(definition: Body) -> None:
        here: Any = definition
        for part in place[:-1]:
            here = here[part]
        del here[place[-1]]

    return remove


def having(state: str, **fields: Any) -> Callable[[Body], None]:
    def change(definition: Body) -> None:
        definition["States"][state] |= fields

    return change


IDLE = {"AutoTerminationPolicy": {"IdleTimeout": 3600}}
CREATE = ("States", "Create", "Parameters")
ABOUT_CLUSTERS = [
    (without("TimeoutSeconds"), ("machine-without-timeout", "Plan")),
    (without(*CREATE, "Tags"), ("cluster-without-tag", "Create")),
    (having("Create", Parameters=IDLE | {"Tags": [{**TAG, "Value.$": "$.id"}]}), ("cluster-without-tag", "Create")),
    (having("Create", Parameters=IDLE | {"Tags": [{**TAG, "Key": "owner"}]}), ("cluster-without-tag", "Create")),
    (without(*CREATE, "AutoTerminationPolicy"), ("cluster-without-auto-termination", "Create")),
    (without("States", "Step", "Parameters", "Step"), ("step-without-action-on-failure", "Step")),
    (
        having("Step", Parameters={"Step": {"ActionOnFailure": "CONTINUE"}}),
        ("step-without-action-on-failure", "Step"),
    ),
    (having("Step", Retry=RETRY), ("retry-not-idempotent", "Step")),
    (having("Create", Retry=RETRY), ("retry-not-idempotent", "Create")),
]
ABOUT_TASKS = [
    (without("States", "Plan", "Catch"), ("task-without-catch", "Plan")),
    (without("States", "Plan", "TimeoutSeconds"), ("task-without-timeout", "Plan")),
    (without("States", "Plan", "Retry"), ("task-without-retry", "Plan")),
    (having("Plan", Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]), ("task-without-retry", "Plan")),
    (without("States", "End", "Catch"), ("task-without-catch", "End")),
    (without("States", "Reap", "TimeoutSeconds"), ("task-without-timeout", "Reap")),
]


@pytest.mark.parametrize(("break_it", "rule"), ABOUT_CLUSTERS)
def test_rules_about_clusters_are_findings_here_and_warnings_elsewhere(
    break_it: Callable[[Body], None], rule: tuple[str, str]
) -> None:
    definition = good()
    break_it(definition)
    assert found(certify_definition(definition, strict=True)) == {rule}
    elsewhere = certify_definition(definition)
    assert elsewhere.passed
    assert warned(elsewhere) == {rule}


@pytest.mark.parametrize(("break_it", "rule"), ABOUT_TASKS)
def test_rules_about_any_task_hold_only_here(break_it: Callable[[Body], None], rule: tuple[str, str]) -> None:
    definition = good()
    break_it(definition)
    assert found(certify_definition(definition, strict=True)) == {rule}
    assert certify_definition(definition).passed


def test_a_repeated_create_with_no_attempts_is_none() -> None:
    definition = good()
    definition["States"]["Create"]["Retry"] = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]
    assert certify_definition(definition, strict=True).passed


def test_what_holds_a_cluster_is_said_once() -> None:
    definition = good()
    del definition["States"]["Step"]["Catch"]
    report = certify_definition(definition, strict=True)
    assert [(finding.rule, finding.path) for finding in report.findings] == [
        ("task-without-catch", ("Create", "Step")),
    ]


def test_jsonata_and_the_sdks_names() -> None:
    definition = good()
    definition["QueryLanguage"] = "JSONata"
    tags = "{% $append($tags, {'Key': 'slow-lambda:execution', 'Value': $states.context.Execution.Id}) %}"
    states = definition["States"]
    states["Create"]["Arguments"] = {"Tags": tags, "AutoTerminationPolicy": "{% $policy %}"}
    states["Step"] |= {
        "Resource": "arn:aws:states:::aws-sdk:emr:addJobFlowSteps",
        "Arguments": {"Steps": [{"ActionOnFailure": "TERMINATE_JOB_FLOW"}]},
    }
    states["End"]["Arguments"] = {"ClusterId": "{% $clusterId %}"}
    states["Reap"]["Arguments"] = {"FunctionName": "reap_clusters"}
    for state in states.values():
        state.pop("Parameters", None)
    assert certify_definition(definition, strict=True).passed
    states["Step"]["Arguments"]["Steps"].append({"ActionOnFailure": "CANCEL_AND_WAIT"})
    assert found(certify_definition(definition, strict=True)) == {("step-without-action-on-failure", "Step")}


def test_a_machine_that_creates_nothing_needs_no_timeout_of_its_own() -> None:
    definition = machine(End=terminate(None, Catch=catch("End")))
    del definition["TimeoutSeconds"]
    report = certify_definition(definition)
    assert report.passed
    assert not report.warnings
    assert report.terminates == ("End",)


def abreast(level: object) -> Body:
    definition = good()
    definition["States"]["Create"]["Parameters"]["StepConcurrencyLevel"] = level
    definition["States"]["Step"]["Parameters"]["Step"]["ActionOnFailure"] = "CONTINUE"
    return definition


@pytest.mark.parametrize(("level", "passes"), [(2, True), (1, False), ("$.level", False)])
def test_steps_that_run_abreast_cannot_end_their_cluster(level: object, passes: bool) -> None:
    assert certify_definition(abreast(level), strict=True).passed is passes


def beside(*branches: Body) -> Body:
    definition = good()
    definition["States"]["Step"] = parallel("End", machine(Run=step(None)), *branches, Catch=catch("Reap"))
    return definition


def test_a_task_in_a_parallel_that_catches_needs_no_catch_of_its_own() -> None:
    assert certify_definition(beside(machine(Other=step(None))), strict=True).passed


def test_a_task_beside_a_step_may_not_stop_it() -> None:
    asks = work(None, Retry=RETRY)
    caught = machine(Asks=asks | {"Catch": catch("Left")}, Left={"Type": "Pass", "End": True})
    assert certify_definition(beside(caught), strict=True).passed
    around = machine(
        Around=parallel("Left", machine(Asks=asks), Catch=catch("Left")), Left={"Type": "Pass", "End": True}
    )
    assert certify_definition(beside(around), strict=True).passed
    assert found(certify_definition(beside(machine(Asks=asks)), strict=True)) == {("task-stops-steps", "Step > Asks")}


RENDERED = [json.loads(render_machine(job, load_cluster(job.cluster))) for job in load_jobs()]


def removals(definition: Body) -> list[tuple[str, str]]:
    return [
        (name, field)
        for name, state in all_states(definition).items()
        if state["Type"] in ("Task", "Parallel")
        for field in ("Catch", "Retry", "TimeoutSeconds")
        if field in state
    ]


@pytest.mark.parametrize(
    ("definition", "place"), [(definition, place) for definition in RENDERED for place in removals(definition)], ids=str
)
def test_no_catch_retry_or_timeout_can_be_removed_from_a_rendered_machine(
    definition: Body, place: tuple[str, str]
) -> None:
    before = certify_definition(definition, strict=True)
    changed = copy.deepcopy(definition)
    name, field = place
    found_state: Any = all_states(changed)[name]
    del found_state[field]
    new = found(certify_definition(changed, strict=True)) - found(before)
    assert any(name in state.split(" > ") for _, state in new)


@pytest.mark.parametrize("definition", RENDERED, ids=lambda definition: definition["Comment"][:20])
def test_no_tag_or_policy_can_be_removed_from_a_rendered_machine(definition: Body) -> None:
    for field, rule in (("Tags", "cluster-without-tag"), ("AutoTerminationPolicy", "cluster-without-auto-termination")):
        changed = copy.deepcopy(definition)
        creates = certify_definition(definition).creates
        for name in creates:
            assert changed["States"][name]["Resource"].startswith(f"{NATIVE}createCluster")
            del changed["States"][name]["Arguments"][field]
        assert {(rule, name) for name in creates} <= found(certify_definition(changed, strict=True))
