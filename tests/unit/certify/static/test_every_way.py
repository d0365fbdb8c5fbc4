"""The analysis against every possible run of small random machines."""

import time
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from scripts.certify.static import certify_definition
from tests.unit.certify.static.builders import (
    RETRY,
    Body,
    catch,
    create,
    each,
    found,
    machine,
    parallel,
    reap,
    step,
    terminate,
    warned,
    work,
)
from tests.unit.certify.static.oracle import losses

# Said per state and not per way of running it.
STATIC_RULES = {"terminate-without-retry", "task-without-timeout", "catch-all-not-alone"}
OWNERSHIP_RULES = {
    "end-while-owning",
    "create-while-owning",
    "task-without-catch",
    "choice-without-default",
    "parallel-without-catch",
    "map-without-catch",
}
CATCHES = st.sampled_from(["none", "some", "broken", "all", "all", "all"])


@st.composite
def catching(draw: st.DrawFn, names: list[str]) -> list[Body]:
    kind = draw(CATCHES)
    target = draw(st.sampled_from(names))
    errors = {"some": ["Some.Error"], "broken": ["Broken"], "all": ["States.ALL"]}
    found = [] if kind == "none" else catch(target, *errors[kind])
    if kind in ("some", "broken") and draw(st.booleans()):
        found += catch(draw(st.sampled_from(names)))
    return found


@st.composite
def plain(draw: st.DrawFn, name: str, names: list[str], nested: bool) -> Body:
    kinds = ["create", "create", "reap", "work", "choice", "pass", "succeed", "fail"]
    kind = draw(st.sampled_from(kinds if nested else [*kinds, "terminate", "terminate"]))
    following = draw(st.sampled_from([*names, *names, None]))
    catches = draw(catching(names))
    retry = draw(st.sampled_from([RETRY, RETRY, None]))
    onwards: Body = {"Next": following} if following else {"End": True}
    rules = [{"Variable": "$.x", "IsPresent": True, "Next": draw(st.sampled_from(names))}]
    default = {"Default": draw(st.sampled_from(names))} if draw(st.integers(0, 3)) else {}
    bodies: dict[str, Body] = {
        "create": create(following, ResultPath=f"$.{name}", Catch=catches),
        "reap": reap(following, Retry=retry, Catch=catches),
        "terminate": terminate(following, f"$.{draw(st.sampled_from(names))}.Id", Retry=retry, Catch=catches),
        "work": work(following, Catch=catches),
        "choice": {"Type": "Choice", "Choices": rules, **default},
        "pass": {"Type": "Pass", **onwards},
        "succeed": {"Type": "Succeed"},
        "fail": {"Type": "Fail", "Error": draw(st.sampled_from(["Broken", "Other"]))},
    }
    return bodies[kind]


@st.composite
def flat(draw: st.DrawFn, prefix: str, most: int, nested: bool) -> Body:
    names = [f"{prefix}{number}" for number in range(draw(st.integers(1, most)))]
    return machine(**{name: draw(plain(name, names, nested)) for name in names})


@st.composite
def machines(draw: st.DrawFn) -> Body:
    definition = draw(flat("s", 5, nested=False))
    names = list(definition["States"])
    following = draw(st.sampled_from([*names, None]))
    fields: dict[str, Any] = {"Catch": draw(catching(names))}
    if draw(st.integers(0, 3)) == 0:
        fields["Retry"] = RETRY
    kind = draw(st.sampled_from(["flat", "Parallel", "Map"]))
    replaced = draw(st.sampled_from(names))
    if kind == "Parallel":
        branches = [draw(flat(letter, 3, nested=True)) for letter in "ab"]
        definition["States"][replaced] = parallel(following, *branches, **fields)
    elif kind == "Map":
        tolerated = draw(st.sampled_from([None, None, 5, 100]))
        fields |= {"ToleratedFailurePercentage": tolerated} if tolerated else {}
        fields |= {"MaxConcurrency": 1} if draw(st.booleans()) else {}
        definition["States"][replaced] = each(following, draw(flat("a", 4, nested=True)), **fields)
    return definition


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines())
def test_the_analysis_finds_what_can_happen_and_nothing_else(definition: Body) -> None:
    report = certify_definition(definition)
    said = {(rule, state) for rule, state in found(report) if rule not in STATIC_RULES}
    # What one iteration of a Map does to another is only warned of.
    said |= {(rule, state) for rule, state in warned(report) if rule in OWNERSHIP_RULES}
    event("leaks" if said else "passes")
    assert said == losses(definition)


def edges(definition: Body) -> set[tuple[str, str]]:
    found = set()
    for name, state in definition["States"].items():
        for way in [state, *state.get("Catch", []), *state.get("Choices", [])]:
            found |= {(name, way[field]) for field in ("Next", "Default") if field in way}
    return found


@settings(max_examples=100, deadline=None)
@given(flat("s", 6, nested=False))
def test_a_findings_path_can_be_walked(definition: Body) -> None:
    report = certify_definition(definition)
    for finding in report.findings:
        assert finding.path[-1] == finding.state
        assert set(zip(finding.path, finding.path[1:], strict=False)) <= edges(definition)
        if finding.rule not in STATIC_RULES:
            assert finding.path[0] in report.creates


@settings(max_examples=50, deadline=None)
@given(machines())
def test_the_report_is_the_same_every_time(definition: Body) -> None:
    reordered = {**definition, "States": dict(definition["States"])}
    assert certify_definition(definition) == certify_definition(reordered)
    findings = certify_definition(definition).findings
    assert len(set(findings)) == len(findings)


def test_five_hundred_states_take_less_than_a_second() -> None:
    states: dict[str, Body] = {}
    for number in range(0, 500, 5):
        names = [f"s{number + offset}" for offset in range(6)]
        path = f"$.{names[0]}"
        states[names[0]] = create(names[1], ResultPath=path, Catch=catch("Reap"))
        states[names[1]] = step(names[2], Catch=catch("Reap"))
        states[names[2]] = work(names[3], Catch=catch("Reap"))
        states[names[3]] = step(names[4], Catch=catch("Reap"))
        states[names[4]] = work(names[5], Catch=catch("Reap"))
    states["s500"] = reap(None, Catch=catch("Reap"))
    states["Reap"] = reap(None)
    definition = machine(**states)
    seconds = []
    for _ in range(3):  # a busy machine slows some runs, not the fastest
        started = time.process_time()
        report = certify_definition(definition)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 1
    assert report.passed
    assert len(report.creates) == 100
