from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.inputs.errors import RejectionError
from lambdas.ledger.entry import LedgerEntry
from lambdas.replays.errors import (
    ReplayInputChangedError,
    ReplayNothingToDoError,
    ReplayNotProvenError,
    ReplayUnknownStepError,
)
from lambdas.replays.request import ReplayRequest
from lambdas.replays.resume import InputChange, OutputState, Resume, resume
from lambdas.specs.job import Job
from tests.unit.lambdas.replays.support import a_job, an_entry, completed

THERE = OutputState(3)
GONE = OutputState(0, "nothing lies there")
ASKED = ReplayRequest("run-1")
CHANGED = InputChange("1 added (s3://the-data/in/b)")

# Three in a row, and two beside each other in the middle.
ROW = a_job({"a": None, "b": None, "c": None})
FORK = a_job({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]})


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    names = [f"s{number}" for number in range(draw(st.integers(1, 6)))]
    needs: dict[str, list[str] | None] = {}
    for number, name in enumerate(names):
        before = names[:number]
        some = st.lists(st.sampled_from(before), unique=True) if before else st.just(list[str]())
        needs[name] = draw(st.none() | some)
    return a_job(needs, draw(st.sampled_from([None, "pipelined", "stepwise"])))


def run_by_the_machine(job: Job, done: Collection[str]) -> list[str]:
    """Return the steps that the machine runs: see "Which step first?" and the waves of its template."""
    waves = [[step.name for step in wave] for wave in job.waves]
    first = next((number for number, wave in enumerate(waves) if not set(wave) <= set(done)), len(waves) - 1)
    run = [name for wave in waves[first:] for name in wave if len(wave) == 1 or name not in done]
    return [step.name for step in job.steps if step.name in run]


@given(st.data(), jobs())
def test_what_is_kept_and_what_is_run(data: st.DataObject, job: Job) -> None:
    names = [step.name for step in job.steps]
    states = {name: data.draw(st.sampled_from(["there", "gone", "failed", "absent"])) for name in names}
    steps = [
        completed(name) if state != "failed" else completed(name, state="FAILED", manifest=None)
        for name, state in states.items()
        if state != "absent"
    ]
    found = {name: THERE if state == "there" else GONE for name, state in states.items() if state in {"there", "gone"}}
    changed = data.draw(st.sampled_from([None, None, None, CHANGED]))
    first = data.draw(st.none() | st.sampled_from(names))
    request = ReplayRequest("run-1", first, all_steps=first is None and data.draw(st.booleans()))
    try:
        made = resume(job, an_entry(*steps), found, changed, request)
    except ReplayNothingToDoError:
        assert set(states.values()) == {"there"}
        assert (request.from_step, request.all_steps, changed) == (None, False, None)
    except ReplayInputChangedError:
        assert (first is not None, changed) == (True, CHANGED)
    except ReplayNotProvenError:
        assert first is not None
        assert set(states.values()) != {"there"}
    else:
        kept = {step.name for step in made.kept}
        assert [name for name in names if name in kept or name in made.run] == names
        assert not kept & set(made.run)
        assert made.run
        assert all(states[name] == "there" for name in kept)
        assert not any(job.needs_of(name) & set(made.run) for name in kept)
        assert list(made.run) == run_by_the_machine(job, kept)
        if request.all_steps or changed:
            assert not kept
        if first:
            assert {first, *(name for name in names if first in job.needs_of(name))} <= set(made.run)
        assert len(made.why) == len(names) + (changed is not None)


def made(job: Job, entry: LedgerEntry, gone: Collection[str] = (), request: ReplayRequest = ASKED) -> Resume:
    found = {step.name: GONE if step.name in gone else THERE for step in entry.steps if step.is_proven}
    return resume(job, entry, found, None, request)


def names(found: Resume) -> tuple[list[str], list[str]]:
    return [step.name for step in found.kept], list(found.run)


def test_it_goes_on_at_the_step_that_failed() -> None:
    failed = completed("b", state="FAILED", manifest=None)
    found = made(ROW, an_entry(completed("a"), failed))
    assert names(found) == (["a"], ["b", "c"])
    assert found.why == (
        "'a' is kept: run-1 completed it, and the 3 objects it wrote are there unchanged.",
        "'b' runs: it was not completed (failed).",
        "'c' runs: it was not completed.",
    )


def test_one_of_two_beside_each_other() -> None:
    entry = an_entry(completed("a"), completed("b"))
    assert names(made(FORK, entry)) == (["a", "b"], ["c", "d"])


def test_what_an_earlier_replay_kept_is_kept_on() -> None:
    entry = an_entry(completed("a", state="KEPT", run="run-0"), run="run-1")
    (kept,) = made(ROW, entry).kept
    assert (kept.state, kept.run, kept.outputs) == ("KEPT", "run-0", ("s3://the-data/out/run-1/a/",))


def test_a_step_whose_needs_run_again_runs_again() -> None:
    found = made(FORK, an_entry(completed("a"), completed("b")), gone={"a"})
    assert names(found) == ([], ["a", "b", "c", "d"])
    assert "'b' runs: it needs 'a', which runs again." in found.why


def test_a_step_that_the_machine_does_not_pass_over_runs_again() -> None:
    row = a_job({"a": [], "b": [], "c": []}, "pipelined")
    found = made(row, an_entry(completed("a"), completed("b"), completed("c")), gone={"a"})
    assert names(found) == ([], ["a", "b", "c"])
    assert "'b' runs: it comes after 'a', which runs again." in found.why


def test_a_step_without_output_is_never_proven() -> None:
    job = a_job({"a": None, "b": None}, a={"output": []})
    found = made(job, an_entry(completed("a", outputs=(), manifest=None)))
    assert names(found) == ([], ["a", "b"])
    assert "'a' runs: it declares no output in job.yml, so nothing proves what it wrote." in found.why


def test_a_job_that_has_changed() -> None:
    job = a_job({"a": None, "new": None, "b": None}, a={"output": ["s3://${data_bucket}/x/", "s3://${data_bucket}/y/"]})
    found = made(job, an_entry(completed("a"), completed("b"), completed("gone")))
    assert names(found) == ([], ["a", "new", "b"])
    assert "'a' runs: job.yml gives it 2 outputs today, and it wrote 1." in found.why


@pytest.mark.parametrize(
    "argument",
    [
        "s3://${data_bucket}/out/<<run_id>>/a/",
        "--in=s3://${data_bucket}/out/<< run_id >>/a/part",
        "s3://${data_bucket}/out/<< run_id >>",
    ],
)
def test_an_output_that_is_named_by_its_address_cannot_be_kept(argument: str) -> None:
    job = a_job({"a": None, "b": None}, b={"args": ["--input", argument]})
    found = made(job, an_entry(completed("a")))
    assert names(found) == ([], ["a", "b"])
    assert "<< output.a >> it could be kept" in found.why[0]


def test_an_output_that_is_named_as_such_is_kept() -> None:
    job = a_job(
        {"a": None, "b": None},
        b={"args": ["<< output.a >>", "<< output >>", "s3://${data_bucket}/log/<< run_id >>/", "s3://${data_bucket}/"]},
    )
    assert names(made(job, an_entry(completed("a")))) == (["a"], ["b"])


def test_new_code_is_told() -> None:
    entry = an_entry(completed("a"), completed("b"), code="old")
    found = resume(ROW, entry, {"a": THERE, "b": THERE}, None, ASKED, "new")
    assert found.why[-1] == (
        "The job's folder has changed since run-1: the steps that run have the new code, and 'a' and 'b' ran the old."
    )


def test_another_input() -> None:
    entry = an_entry(completed("a"), completed("b"))
    found = resume(ROW, entry, {"a": THERE, "b": THERE}, CHANGED, ASKED)
    assert names(found) == ([], ["a", "b", "c"])
    assert found.why[-1] == "The input has changed: 1 added (s3://the-data/in/b)."
    asked = ReplayRequest("run-1", input={"input": "s3://the-data/other/"})
    assert resume(ROW, entry, {}, None, asked).why[0] == "'a' runs: another input was asked for."


def refused(job: Job, entry: LedgerEntry, request: ReplayRequest, changed: InputChange | None = None) -> str:
    with pytest.raises(RejectionError) as caught:
        resume(job, entry, {step.name: THERE for step in entry.steps if step.is_proven}, changed, request)
    return f"{caught.value.error}: {caught.value}"


def test_refusals_say_what_to_do() -> None:
    entry = an_entry(completed("a"), completed("b"), completed("c"))
    words = refused(ROW, entry, ASKED)
    assert words.startswith("ReplayNothingToDo: ")
    assert '"all_steps": true' in words
    assert (
        refused(ROW, entry, ReplayRequest("run-1", "d")) == "ReplayUnknownStep: 'count' has no step 'd'; it has a, b, c"
    )
    assert "InputChanged: " in refused(ROW, entry, ReplayRequest("run-1", "b"), CHANGED)
    words = refused(ROW, an_entry(completed("a")), ReplayRequest("run-1", "c"))
    assert words.startswith("ReplayNotProven: ")
    assert "cannot leave out 'b': it was not completed; leave 'from_step' out, or name 'b'" in words


def test_an_unknown_step_is_told_before_anything_else() -> None:
    with pytest.raises(ReplayUnknownStepError):
        resume(ROW, an_entry(), {}, CHANGED, ReplayRequest("run-1", "x"))
