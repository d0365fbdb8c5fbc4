"""The ways out that no Catch covers."""

import json

from scripts.certify.static import StaticReport, certify_definition
from tests.unit.certify.static.builders import FAIL, TAG, Body, catch, create, machine, parallel, reap, step, work


def nets(report: StaticReport) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(leaving.state, leaving.error): leaving.nets for leaving in report.exits}


def with_create(**fields: object) -> Body:
    return machine(
        Before=work("Create"),
        Create=create("Step", Catch=catch("Reap"), **fields),
        Step=step("Reap", Catch=catch("Reap")),
        Reap=reap("Broken", Catch=catch("Broken")),
        Broken=FAIL,
    )


def test_every_state_that_holds_a_cluster_has_its_exits_once() -> None:
    report = certify_definition(with_create())
    assert set(nets(report)) == {
        (state, error)
        for state in ("Create", "Step", "Reap")
        for error in ("aborted", "execution timed out", "States.DataLimitExceeded", "States.Runtime")
    }
    assert len(report.exits) == len(nets(report))
    assert set(nets(report).values()) == {("status_event", "sweep", "auto_termination")}


def test_a_net_that_cannot_find_the_cluster_is_not_named() -> None:
    bare = certify_definition(with_create(Parameters={"Name": "c"}))
    assert set(nets(bare).values()) == {()}
    assert all("nothing ends the cluster" in leaving.why for leaving in bare.exits)
    idle = certify_definition(with_create(Parameters={"AutoTerminationPolicy": {"IdleTimeout": 60}}))
    assert set(nets(idle).values()) == {("auto_termination",)}
    assert all("the tag slow-lambda:execution is missing" in leaving.why for leaving in idle.exits)
    of_no_stage = certify_definition(with_create(Parameters={"Tags": [TAG]}))
    assert set(nets(of_no_stage).values()) == {("status_event",)}
    assert all("no sweep, because the tags" in leaving.why for leaving in of_no_stage.exits)


def test_what_an_expression_decides_is_said() -> None:
    for hidden in (
        {"Parameters": {"Tags.$": "$.tags", "AutoTerminationPolicy.$": "$.policy"}},
        {"Arguments": "{% $c %}"},
    ):
        report = certify_definition(with_create(**hidden))
        assert set(nets(report).values()) == {("status_event", "sweep", "auto_termination")}
        assert all("slow-lambda:execution is decided by an expression" in leaving.why for leaving in report.exits)
        assert all("an AutoTerminationPolicy is decided by an expression" in leaving.why for leaving in report.exits)


def test_a_net_has_to_cover_every_cluster_held() -> None:
    definition = with_create(ResultPath="$.a")
    definition["States"]["Before"] = create("Create", ResultPath="$.b", Catch=catch("Reap"), Parameters={"Name": "b"})
    found = nets(certify_definition(definition))
    assert found["Create", "aborted"] == ()
    assert found["Before", "aborted"] == ()


def evaluating(**states: Body) -> Body:
    return {
        "QueryLanguage": "JSONata",
        **machine(Create=create("Note", Parameters=None, Arguments={}, Catch=catch("Reap")), **states, Reap=reap(None)),
    }


def test_jsonata_in_a_state_without_catch() -> None:
    states: dict[str, Body] = {
        "Note": {"Type": "Pass", "Output": "{% $states.input.x %}", "Next": "Rest"},
        "Rest": {"Type": "Wait", "Seconds": "{% $s %}", "Next": "Which"},
        "Which": {"Type": "Choice", "Choices": [{"Condition": "{% $ok %}", "Next": "Reap"}], "Default": "Plain"},
        "Plain": {"Type": "Pass", "Comment": "{% not evaluated %}", "Next": "Reap"},
    }
    report = certify_definition(evaluating(**states))
    assert report.passed
    failing = {state for state, error in nets(report) if error == "States.QueryEvaluationError"}
    assert failing == {"Note", "Rest", "Which"}


def test_jsonata_inside_a_parallel_that_catches_it() -> None:
    body = machine(Inner={"Type": "Pass", "Output": "{% $x %}", "End": True})
    definition = evaluating(Note=parallel("Reap", body, ResultPath=None), Broken=FAIL)
    errors = {error for _, error in nets(certify_definition(definition))}
    assert "States.QueryEvaluationError" in errors
    definition["States"]["Note"]["Catch"] = catch("Reap")
    report = certify_definition(definition)
    assert "States.QueryEvaluationError" not in {error for _, error in nets(report)}
    assert report.passed
    definition["States"]["Note"]["Catch"] = catch("Broken")
    report = certify_definition(definition)
    assert [finding.path for finding in report.findings] == [("Create", "Note", "Note > Inner", "Broken")]


def test_the_report_as_a_document() -> None:
    definition = with_create()
    del definition["States"]["Step"]["Catch"]
    document = json.loads(json.dumps(certify_definition(definition).as_document()))
    assert document["passed"] is False
    assert document["creates"] == ["Create"]
    assert document["terminates"] == ["Reap"]
    (finding,) = document["findings"]
    assert finding["rule"] == "task-without-catch"
    assert finding["path"] == ["Create", "Step"]
    assert "Catch" in finding["message"]
    assert document["exits"][0] == {
        "state": "Create",
        "error": "aborted",
        "nets": ["status_event", "sweep", "auto_termination"],
        "why": certify_definition(definition).exits[0].why,
    }
