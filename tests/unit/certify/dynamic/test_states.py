"""Which states a machine has, and which steps they give to EMR."""

from typing import Any

from scripts.certify.dynamic.states import abreast, all_states, inside, steps_of


def step(name: str) -> dict[str, Any]:
    resource = "arn:aws:states:::elasticmapreduce:addStep.sync"
    return {"Type": "Task", "Resource": resource, "Arguments": {"Step": {"Name": name}}, "End": True}


def branch(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def parallel(*branches: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": list(branches), "End": True}


LOOK = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:emr:listSteps", "End": True}
INNER = parallel(branch(Fourth=step("d")))
DEFINITION = branch(
    First=step("a"),
    Both=parallel(branch(Second=step("b")), branch(Third=step("c"), Inner=INNER)),
    Last=parallel(branch(Fifth=step("e")), branch(Look=LOOK)),
)


def test_what_a_parallel_holds_follows_it() -> None:
    names = ["First", "Both", "Second", "Third", "Inner", "Fourth", "Last", "Fifth", "Look"]
    assert list(all_states(DEFINITION)) == names


def test_what_is_inside_at_any_depth() -> None:
    states = all_states(DEFINITION)
    assert inside(states["Both"]) == {"Second", "Third", "Inner", "Fourth"}
    assert inside(states["First"]) == set()


def test_steps_by_state_and_those_that_run_at_the_same_time() -> None:
    expected = {"First": "a", "Second": "b", "Third": "c", "Fourth": "d", "Fifth": "e"}
    assert steps_of(DEFINITION) == expected
    assert abreast(DEFINITION) == ("b", "c", "d")
    assert abreast(branch(Last=DEFINITION["States"]["Last"])) == ()
