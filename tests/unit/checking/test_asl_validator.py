"""asl-validator's answers, as it gives them, and on which line they end up."""

import json

import pytest

from scripts.checking import asl_rules, asl_validator
from scripts.checking.asl_rules import ASL_RULES
from scripts.checking.asl_validator import has_asl_validator, problems
from scripts.checking.definition import Definition, parse_definition
from scripts.checking.rules import apply
from tests.unit.checking.definition_cases import CAREFUL, TODAY


def passing(**fields: object) -> Definition:
    body = {"StartAt": "A/b", "States": {"A/b": {"Type": "Pass", **fields, "End": True}}}
    return parse_definition("m", json.dumps(body, indent=1), TODAY)


def schema_error(pointer: str, text: str) -> dict[str, object]:
    return {
        "Error code": "SCHEMA_VALIDATION_FAILED",
        "Message": f"{pointer} is invalid. {text}",
        "schemaError": {"instancePath": pointer, "schemaPath": "#/oneOf"},
    }


def test_an_error_stands_where_it_points() -> None:
    definition = passing(InputPath="$.a[")
    answered = [
        schema_error("/States/A~1b/InputPath", 'must match format "asl_path"'),
        schema_error("/States/A~1b/Type", "must be equal to one of the allowed values"),
    ]
    ((key, text),) = problems(definition, answered)
    assert key == ("States", "A/b", "InputPath")
    assert text.endswith('must match format "asl_path"')


def test_an_item_of_a_list_is_found() -> None:
    definition = passing(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "A/b"}])
    ((key, _),) = problems(definition, [schema_error("/States/A~1b/Catch/0/Next", "must be a text")])
    assert key == ("States", "A/b", "Catch", 0, "Next")


def test_a_type_alone_is_said() -> None:
    assert len(list(problems(passing(), [schema_error("/States/A~1b/Type", "must be one of")]))) == 1


@pytest.mark.parametrize(
    "answered",
    [
        schema_error("/States/A~1b/Resource", "must match exactly one schema in oneOf"),
        {"Error code": "MISSING_TRANSITION_TARGET", "Message": "State B is not reachable"},
        {"Error code": "MISSING_TERMINAL_STATE", "Message": "State machine fsm1 is missing a terminal state"},
    ],
)
def test_what_is_filled_in_later_or_said_elsewhere_is_left_out(answered: dict[str, object]) -> None:
    assert list(problems(passing(Resource="${Function}"), [answered])) == []


def test_without_it_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asl_rules, "has_asl_validator", lambda: False)
    findings = {each.id: each for each in apply(ASL_RULES, parse_definition("m", CAREFUL, TODAY))}
    assert findings["asl-validator-missing"].severity == "note"
    assert "asl-validator" not in findings


@pytest.mark.skipif(not has_asl_validator(), reason="asl-validator is not installed: python -m scripts.node")
def test_it_finds_a_path_that_is_none() -> None:
    ((key, _),) = asl_validator.asl_validator(passing(InputPath="$.a["))
    assert key == ("States", "A/b", "InputPath")
    assert list(asl_validator.asl_validator(parse_definition("m", CAREFUL, TODAY))) == []
