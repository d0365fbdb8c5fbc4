import contextlib
import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.certify.static import DefinitionError, certify_definition, load_definition
from tests.unit.certify.static.builders import (
    FAIL,
    RETRY,
    Body,
    catch,
    create,
    each,
    machine,
    parallel,
    reap,
    step,
    terminate,
    work,
)

GOOD = machine(First=work("Last"), Last=FAIL)


def write(tmp_path: Path, text: str, name: str = "machine.asl.json") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def refused(tmp_path: Path, text: str, name: str = "machine.asl.json") -> str:
    path = write(tmp_path, text, name)
    with pytest.raises(DefinitionError) as error:
        load_definition(path)
    return str(error.value).removeprefix(str(path))


def test_json_and_yaml_give_the_same(tmp_path: Path) -> None:
    yaml = "StartAt: First\nStates:\n  First: {Type: Pass, Next: Last}\n  Last: {Type: Fail}\n"
    first: Body = {"Type": "Pass", "Next": "Last"}
    data = {"StartAt": "First", "States": {"First": first, "Last": {"Type": "Fail"}}}
    assert load_definition(write(tmp_path, yaml, "machine.yml")) == data
    assert load_definition(write(tmp_path, json.dumps(data))) == data
    assert load_definition(write(tmp_path, "\ufeff" + json.dumps(data, indent="\t"))) == data


def test_a_dangling_next_is_named_with_its_line(tmp_path: Path) -> None:
    bad = machine(First=work("Lost"), Last=FAIL)
    for indent in (2, "\t"):
        text = json.dumps(bad, indent=indent)
        line = next(number for number, found in enumerate(text.splitlines(), 1) if "Lost" in found)
        message = refused(tmp_path, text)
        assert message.startswith(f":{line}: States.First.Next: 'Lost' is not a state here; ")
        assert "'First', 'Last'" in message


def test_a_syntax_error_and_a_duplicate_are_named_with_their_line(tmp_path: Path) -> None:
    assert refused(tmp_path, '{"StartAt": "A",\n "States": }').startswith(":2: not JSON: ")
    twice = '{"StartAt": "A", "States": {\n"A": {"Type": "Fail"},\n"A": {"Type": "Succeed"}}}'
    assert refused(tmp_path, twice) == ":3: the key 'A' occurs twice; give it once, because the last one wins silently"
    tabbed = '{\n\t"StartAt": "A",\n\t"StartAt": "A"}'
    assert refused(tmp_path, tabbed).startswith(":3: the key 'StartAt' occurs twice")
    assert refused(tmp_path, "A: 1\nB:\n  - {C: 1, C: 2}\n", "a.yml").startswith(":3: expected the key once; found")


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ([], "the document: a list of 0; a definition is an object"),
        ({"StartAt": "A"}, "States: nothing; a definition needs States"),
        ({"StartAt": "A", "States": {}}, "States: "),
        ({"Resources": {}}, "the document: a CloudFormation template"),
        (GOOD | {"StartAt": "Nowhere"}, "StartAt: 'Nowhere' is not a state here"),
        (GOOD | {"QueryLanguage": "SQL"}, "QueryLanguage: 'SQL'; the languages are JSONPath and JSONata"),
        (machine(A="Task"), "States.A: 'Task'; a state is an object"),  # type: ignore[arg-type]
        (machine(A={"Type": "task"}), "States.A: Type is 'task'; "),
        (machine(A={"Type": "Pass"}), "States.A.Next: nothing is not a state here"),
        (machine(A={"Type": "Pass", "Next": "A", "End": True}), "States.A: both Next and End"),
        (machine(A={"Type": "Task", "End": True}), "States.A.Resource: nothing; a Task names its Resource"),
        (machine(A={"Type": "Choice", "Default": "A"}), "States.A.Choices: nothing; "),
        (machine(A={"Type": "Choice", "Choices": [{"Next": "B"}]}), "States.A.Choices[0].Next: 'B' is not a state"),
        (machine(A={"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "B"}), "States.A.Default: 'B' is not"),
        (machine(A=work(None, Catch={})), "States.A.Catch: a mapping of nothing; Catch is a list"),
        (machine(A=work(None, Catch=[{"Next": "A"}])), "States.A.Catch[0].ErrorEquals: nothing; "),
        (machine(A=work(None, Catch=[{"ErrorEquals": ["X"]}])), "States.A.Catch[0].Next: nothing is not a state"),
        (machine(A=work(None, Retry=[{"ErrorEquals": "X"}])), "States.A.Retry[0].ErrorEquals: 'X'; "),
        (
            machine(A=work(None, Retry=[{"ErrorEquals": ["X"], "MaxAttempts": "3"}])),
            "States.A.Retry[0].MaxAttempts: '3'",
        ),
        (machine(A={"Type": "Map", "End": True}), "States.A.Iterator.States: nothing; "),
        (machine(A={"Type": "Parallel", "Branches": [], "End": True}), "States.A.Branches: a list of 0; "),
        (machine(A=each(None, machine(B=work("A")))), "States.A.ItemProcessor.States.B.Next: 'A' is not a state here"),
        (
            machine(A=parallel(None, GOOD, machine(B=work("First")))),
            "States.A.Branches[1].States.B.Next: 'First' is not a state here",
        ),
    ],
)
def test_what_is_no_definition_is_refused(tmp_path: Path, definition: Body, problem: str) -> None:
    message = refused(tmp_path, json.dumps(definition, indent=2))
    assert f": {problem}" in message
    if isinstance(definition, dict):
        with pytest.raises(DefinitionError, match=r"\w"):
            certify_definition(definition)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none\.json: No such file"):
        load_definition(tmp_path / "none.json")
    with pytest.raises(DefinitionError, match="Is a directory"):
        load_definition(tmp_path)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"{\xff")
    with pytest.raises(DefinitionError, match="byte 1 is not UTF-8"):
        load_definition(binary)
    assert "nested too deeply" in refused(tmp_path, '{"States": ' + "[" * 200_000)


def test_yaml_that_is_no_definition(tmp_path: Path) -> None:
    assert refused(tmp_path, "StartAt: &a A\nStates: {A: *a}\n", "machine.yml").startswith(":2: expected YAML without")
    assert "CloudFormation" in refused(tmp_path, "Resources:\n  A: {Type: x}\n", "template.yml")
    assert refused(tmp_path, "").startswith(":1: the document: nothing; ")


RICH = machine(
    Create=create("Step", Catch=catch("End"), Assign={"id.$": "$.ClusterId"}),
    Step=step("Which", Catch=catch("End"), Retry=RETRY),
    Which={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Note"}], "Default": "Both"},
    Note={"Type": "Pass", "Parameters": {"id.$": "$.cluster.ClusterId"}, "ResultPath": "$.kept", "Next": "Both"},
    Both=parallel("Each", machine(Work=work(None)), Catch=catch("End")),
    Each=each("End", machine(Reap=reap(None)), MaxConcurrency=1, ToleratedFailurePercentage=5),
    End=terminate(None, Catch=catch("Broken")),
    Broken=FAIL,
)
RICH["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED"}
ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, "", "{% $x %}", "$.x", [], {}, ["x"], [{}], {"x": 1}, [None]]
)


def places(value: object) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(key, *rest) for key, item in items for rest in [(), *places(item)]]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(places(RICH)), ODD), min_size=1, max_size=2), st.booleans())
def test_an_odd_value_anywhere_is_judged_or_refused(
    changes: list[tuple[tuple[str | int, ...], object]], jsonata: bool
) -> None:
    definition = copy.deepcopy(RICH) | ({"QueryLanguage": "JSONata"} if jsonata else {})
    for place, odd in changes:
        here = definition
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for part in place[:-1]:
                here = here[part]  # type: ignore[index]
            here[place[-1]] = odd  # type: ignore[index]
    with contextlib.suppress(DefinitionError):
        json.dumps(certify_definition(definition, strict=True).as_document())
