"""Every rule about definitions: what breaks it, and what does not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.specs import SPECS
from scripts.checking.definition import Definition, load_definition, rendered_definitions
from scripts.checking.definition_rules import DEFINITION_RULES
from scripts.checking.rules import Found, apply
from scripts.checking.specs import load_specs
from tests.unit.checking import definition_cases as cases
from tests.unit.checking.definition_cases import BREAKS, CREATE, STEP, TERMINATE, TODAY, Change, changed

# Found by what is not a change of a definition, or by Node: tested beside what they look at.
ELSEWHERE = {"definition-invalid", "asl-statelint-missing", "asl-validator", "asl-validator-missing"}
RULES = {rule.id: rule for rule in DEFINITION_RULES if rule.id not in {"asl-validator", "asl-validator-missing"}}


def found(definition: Definition, *rules: str) -> list[Found]:
    return apply([RULES[rule] for rule in rules or RULES], definition)


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        pytest.param(rule, change, id=f"{rule}-{number}")
        for rule in BREAKS
        for number, change in enumerate(BREAKS[rule])
    ],
)
def test_a_rule_finds_what_breaks_it(rule: str, change: Change) -> None:
    definition = changed(change)
    findings = found(definition, rule)
    assert findings
    assert {each.file for each in findings} == {"machine.asl.json"}
    assert all(1 <= each.line <= len(definition.text.splitlines()) for each in findings)


def test_every_rule_has_a_case() -> None:
    assert set(BREAKS) == {rule.id for rule in DEFINITION_RULES} - ELSEWHERE


def test_a_careful_definition_has_no_finding() -> None:
    assert found(load_definition(cases.DEFINITIONS / "careful.asl.json", TODAY)) == []


def test_rendered_definitions_have_no_finding() -> None:
    definitions = rendered_definitions(load_specs(SPECS, TODAY))
    assert [each.file for each in definitions] == [
        "build/state_machines/pricing-summary.asl.json",
        "build/state_machines/shipping-report.asl.json",
    ]
    assert [each for definition in definitions for each in found(definition)] == []


@pytest.mark.parametrize("name", ["emr-sample", "polling"])
def test_what_people_write(name: str) -> None:
    path = cases.DEFINITIONS / f"{name}.asl.json"
    expected = [line.split(" ", 1) for line in (cases.DEFINITIONS / f"{name}.expected").read_text().splitlines()]
    assert [[str(each.line), each.id] for each in found(load_definition(path, TODAY))] == expected


def test_a_finding_stands_where_the_mistake_is(tmp_path: Path) -> None:
    path = tmp_path / "machine.asl.json"
    path.write_text(cases.CAREFUL.replace('"ActionOnFailure": "TERMINATE_CLUSTER"', '"ActionOnFailure": "TERMINATE"'))
    (finding,) = found(load_definition(path, TODAY), "emr-value-unknown")
    line = path.read_text().splitlines()[finding.line - 1]
    assert '"ActionOnFailure": "TERMINATE"' in line
    assert finding.what == (
        "Run step: Step.ActionOnFailure is 'TERMINATE', not one of "
        "TERMINATE_JOB_FLOW, TERMINATE_CLUSTER, CANCEL_AND_WAIT, CONTINUE"
    )


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        # What is evaluated or filled in later may be anything.
        ("emr-parameter-missing", cases.in_state(TERMINATE, "Parameters", to={"ClusterId.$": "$.a"})),
        ("emr-parameter-mistyped", cases.in_cluster("StepConcurrencyLevel", to="${Level}")),
        ("emr-keep-alive", cases.in_cluster("Instances", "KeepJobFlowAliveWhenNoSteps", to="${Keep}")),
        ("emr-value-unknown", cases.in_step("Step", "ActionOnFailure", to="${Action}")),
        ("emr-release-unsupported", cases.in_cluster("ReleaseLabel", to="${Release}")),
        ("emr-instance-generation-old", cases.in_state(*cases.FLEETS, 0, "InstanceTypeConfigs", to="${Types}")),
        # A protected cluster is fine when its protection is taken off.
        (
            "emr-termination-protected",
            cases.both(
                cases.in_cluster("Instances", "TerminationProtected", to=True),
                cases.call(
                    "elasticmapreduce:setClusterTerminationProtection",
                    {"ClusterId": "j-1", "TerminationProtected": False},
                ),
            ),
        ),
        # A loop that counts ends.
        (
            "polling-without-end",
            cases.both(
                cases.polling,
                cases.put("States", "Look", "Default", to="Count"),
                cases.put(
                    "States",
                    "Count",
                    to={"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Poll"},
                ),
            ),
        ),
        ("polling-without-end", cases.both(cases.polling, cases.put("TimeoutSeconds", to=3600))),
        # With a strategy a fleet may have up to 30 types.
        (
            "emr-fleet-types",
            cases.both(
                *BREAKS["emr-fleet-types"],
                cases.in_state(
                    *cases.FLEETS,
                    1,
                    "LaunchSpecifications",
                    to={"OnDemandSpecification": {"AllocationStrategy": "lowest-price"}},
                ),
            ),
        ),
        # A variable that a state assigns, one bound in the expression, and one in a text.
        (
            "variable-unassigned",
            cases.both(
                cases.in_jsonata("Use", Output="{% $a & $map([1], function($x) { $x }) & '$b' & ($c := 1; $c) %}"),
                cases.in_state(TERMINATE, "Assign", to={"a.$": "$.cluster"}),
            ),
        ),
        ("cause-unbounded", cases.in_jsonata("T", Output="{% 'a' & $substring($states.errorOutput.Cause, 0, 99) %}")),
        # Paths that are evaluated, and texts that only look a little like paths.
        ("expression-not-evaluated", cases.in_cluster("Name", to="$5 a day")),
        ("expression-not-evaluated", cases.in_jsonata("Name", Output={"name": "{% $states.input.name %}"})),
        # A step on a cluster of which one cannot see whether it runs several.
        ("emr-step-ends-others", cases.in_cluster("StepConcurrencyLevel", to="${Level}")),
        # A result that is thrown away, or put beside the input, leaves the id where it was.
        ("cluster-id-overwritten", cases.in_state(STEP, "ResultPath", to="$.step")),
        # A function's answer may hold the id.
        (
            "cluster-id-overwritten",
            cases.both(
                cases.in_state(CREATE, "Next", to="Note"),
                cases.put(
                    "States",
                    "Note",
                    to={
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "Parameters": {"FunctionName": "note", "Payload.$": "$"},
                        "Next": STEP,
                    },
                ),
            ),
        ),
        ("sdk-arguments-wrong", cases.call("aws-sdk:sfn:startExecution", {"StateMachineArn": "arn:aws:states:..."})),
        ("sdk-service-unknown", cases.call("aws-sdk:cloudwatchlogs:describeLogGroups", {})),
        ("emr-alarm-period", cases.groups(cases.PRIMARY, cases.CORE | {"AutoScalingPolicy": cases.policy(600)})),
    ],
)
def test_what_is_right_is_not_found(rule: str, change: Change) -> None:
    assert found(changed(change), rule) == []


def test_a_substitution_for_the_whole_resource_is_left_alone() -> None:
    definition = changed(cases.in_state(STEP, "Resource", to="${StepResource}"))
    assert found(definition, "emr-action-unknown", "sdk-service-unknown") == []


def test_a_state_inside_a_parallel_is_found_on_its_line() -> None:
    definition = changed(_inside)
    (finding,) = found(definition, "emr-value-unknown")
    assert definition.text.splitlines()[finding.line - 1].strip().startswith('"ActionOnFailure"')
    assert finding.what.startswith("Steps > Run step: ")


def _inside(body: cases.Body) -> None:
    cases.in_step("Step", "ActionOnFailure", to="NONE")(body)
    cases.in_parallel(body)


def test_findings_of_jsonata_name_their_state() -> None:
    body = json.loads(cases.CAREFUL)
    cases.in_jsonata("Name", Output="{% $clutserId %}")(body)
    (finding,) = found(cases.written(body), "variable-unassigned")
    assert finding.what == "Name uses $clutserId, which no state assigns"


@given(st.data())
def test_no_definition_breaks_a_rule(data: st.DataObject) -> None:
    body = json.loads(cases.CAREFUL)
    for _ in range(2):
        place = data.draw(st.sampled_from([place for place in _places(body) if place]))
        value: object = data.draw(
            st.sampled_from([None, True, 5, 2.5, "", "{% 1 + %}", "${X}", [], ["a"], [[]], {}, {"a.$": "$.b"}])
        )
        cases.put(*place, to=json.loads(json.dumps(value)))(body)
    found(cases.written(body))


def _places(value: object, key: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [key, *(place for name, item in inner for place in _places(item, (*key, name)))]
