from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.specs.job import Job, Step


def a_job(*steps: Step, submission: Any = None) -> Job:
    return Job.model_validate(
        {
            "name": "job",
            "description": "A job.",
            "cluster": "spark",
            "input": "s3://bucket/in/",
            "steps": [step.model_dump(exclude_none=True) | {"timeout": "1h"} for step in steps],
            "submission": submission,
            "limits": {"max_nodes": 4},
        }
    )


def step(name: str, *needs: str, alone: bool = False) -> Step:
    return Step(name=name, script="a.py", needs=needs if needs or alone else None, timeout="1h")


def names(job: Job) -> list[list[str]]:
    return [[step.name for step in wave] for wave in job.waves]


def test_steps_without_needs_run_one_after_the_other() -> None:
    job = a_job(step("a"), step("b"), step("c"))
    assert names(job) == [["a"], ["b"], ["c"]]
    assert (job.is_pipelined, job.step_concurrency) == (True, 1)


def test_needs_let_steps_run_at_the_same_time() -> None:
    diamond = (step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"))
    job = a_job(*diamond)
    assert names(job) == [["a"], ["b", "c"], ["d"]]
    assert (job.is_pipelined, job.step_concurrency) == (False, 2)
    assert names(a_job(*diamond, submission="pipelined")) == [["a"], ["b"], ["c"], ["d"]]
    assert a_job(*diamond, submission="pipelined").step_concurrency == 1


def test_a_step_may_need_nothing() -> None:
    assert names(a_job(step("a"), step("b", alone=True), step("c"))) == [["a", "b"], ["c"]]


def test_needs_go_all_the_way() -> None:
    job = a_job(step("a"), step("b"), step("c", "a"), step("d", "c"), step("e", alone=True))
    assert {each.name: sorted(job.needs_of(each.name)) for each in job.steps} == {
        "a": [],
        "b": ["a"],
        "c": ["a"],
        "d": ["a", "c"],
        "e": [],
    }


@pytest.mark.parametrize("submission", [None, "stepwise"])
def test_stepwise_is_not_pipelined(submission: str | None) -> None:
    assert a_job(step("a"), submission=submission).is_pipelined == (submission is None)


@given(st.data())
def test_every_step_comes_after_what_it_needs(data: st.DataObject) -> None:
    steps: list[Step] = []
    for number in range(data.draw(st.integers(1, 8))):
        known = [each.name for each in steps]
        needs = data.draw(st.lists(st.sampled_from(known), unique=True)) if known else []
        steps.append(step(f"s{number}", *needs, alone=True))
    job = a_job(*steps, submission=data.draw(st.sampled_from([None, "stepwise", "pipelined"])))
    place = {each.name: number for number, wave in enumerate(job.waves) for each in wave}
    assert sorted(place) == sorted(each.name for each in steps)
    assert all(place[needed] < place[each.name] for each in job.steps for needed in each.needs or ())
    assert all(wave for wave in job.waves)
