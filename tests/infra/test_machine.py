"""The rendered definitions, read as a graph and by a linter."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.runs.deciding import MAX_LOOKS
from lambdas.specs import Cluster, Job, load_cluster, load_jobs
from lambdas.specs.job import OnFailure, Step, Submission
from scripts.certify.static import certify_definition
from scripts.local.adapters.jsonata import evaluate
from scripts.rendering.machine import RenderError, render_machine

JOBS = load_jobs()


def definition(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render_machine(job, load_cluster(job.cluster)))
    return found


def successors(state: dict[str, Any]) -> list[str]:
    found = [state["Next"]] if "Next" in state else []
    found += [catcher["Next"] for catcher in state.get("Catch", [])]
    found += [choice["Next"] for choice in state.get("Choices", [])]
    return found + ([state["Default"]] if "Default" in state else [])


def diamond(submission: Submission | None) -> Job:
    """Return a job of four steps, the two in the middle independent of one another."""
    needs = {"extract": None, "left": ("extract",), "right": ("extract",), "join": ("left", "right")}
    steps = [Step(name=name, script=f"{name}.py", needs=each, timeout="1h") for name, each in needs.items()]
    return JOBS[0].model_copy(update={"name": "diamond", "steps": tuple(steps), "submission": submission})


def variants() -> Iterator[Job]:
    """Yield every job in each way to submit its steps, and ones that end in several steps and in one of many."""
    for job in JOBS:
        for submission in ("pipelined", "stepwise"):
            yield job.model_copy(update={"submission": submission})
    yield diamond("pipelined")
    fork = diamond("stepwise")
    yield fork
    yield fork.model_copy(update={"steps": fork.steps[:3]})
    yield fork.model_copy(update={"steps": fork.steps[:1]})
    one = fork.steps[0]
    many = tuple(one.model_copy(update={"name": f"step-{number}"}) for number in range(12))
    yield fork.model_copy(update={"steps": many, "submission": None})


@pytest.fixture(scope="module", params=variants(), ids=lambda job: f"{job.name}-{job.submission}-{len(job.steps)}")
def job(request: pytest.FixtureRequest) -> Job:
    found: Job = request.param
    return found


@pytest.fixture(scope="module")
def machine(job: Job) -> dict[str, Any]:
    return definition(job)


def inner(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the branches of Parallel states."""
    for state in states.values():
        yield from state.get("Branches", [])


def all_states(machine: dict[str, Any]) -> dict[str, Any]:
    """Return all states, those of branches too."""
    found = dict(machine["States"])
    for branch in inner(machine["States"]):
        assert not found.keys() & branch["States"].keys()
        found |= branch["States"]
    return found


def test_every_state_is_reached_and_every_target_exists(machine: dict[str, Any]) -> None:
    for graph in (machine, *inner(machine["States"])):
        reached, todo = set(), [graph["StartAt"]]
        while todo:
            name = todo.pop()
            if name not in reached:
                reached.add(name)
                todo += successors(graph["States"][name])
        assert reached == set(graph["States"])


def test_no_name_is_too_long(machine: dict[str, Any]) -> None:
    assert max(map(len, all_states(machine))) <= 80


def test_every_task_has_a_timeout_and_catches_everything(machine: dict[str, Any]) -> None:
    for name, state in machine["States"].items():
        if state["Type"] in ("Task", "Parallel"):
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
    for name, state in all_states(machine).items():
        if state["Type"] == "Task":
            assert 0 < state["TimeoutSeconds"] < 99_999_999, name


def test_every_path_ends_the_cluster(machine: dict[str, Any]) -> None:
    report = certify_definition(machine, strict=True)
    assert (report.findings, report.warnings) == ((), ())
    assert report.creates == ("Create cluster",)
    assert report.terminates == ("Terminate cluster", "Terminate after failure", "Reap clusters")


def test_a_step_that_fails_ends_its_cluster_or_the_machine_does(job: Job, machine: dict[str, Any]) -> None:
    states = all_states(machine)
    steps = [state for state in states.values() if ":addStep" in state.get("Resource", "")]
    assert [state["Arguments"]["Step"]["Name"] for state in steps] == [step.name for step in job.steps]
    level = states["Create cluster"]["Arguments"].get("StepConcurrencyLevel", 1)
    for state in steps:
        assert state["Arguments"]["Step"]["ActionOnFailure"] == ("TERMINATE_CLUSTER" if level == 1 else "CONTINUE")
    for state in machine["States"].values():
        if state in steps or state["Type"] == "Parallel":
            assert [catcher["Next"] for catcher in state["Catch"]] == ["Terminate after failure"]


def test_pipelined_steps_are_handed_over_at_once(job: Job, machine: dict[str, Any]) -> None:
    *first, last = [state for state in all_states(machine).values() if ":addStep" in state.get("Resource", "")]
    assert {state["Resource"].rpartition(":")[2] for state in first} <= {
        "addStep" if job.is_pipelined else "addStep.sync"
    }
    assert last["Resource"].endswith(":addStep.sync")
    assert last["TimeoutSeconds"] == (sum if job.is_pipelined else max)(
        step.timeout for step in job.steps[-len(job.steps) if job.is_pipelined else -1 :]
    )


def test_steps_that_need_nothing_of_one_another_run_at_the_same_time() -> None:
    assert [[step.name for step in wave] for wave in diamond(None).waves] == [["extract"], ["left", "right"], ["join"]]
    states = definition(diamond(None))["States"]
    assert states["Run steps left and right"]["Type"] == "Parallel"
    assert states["Create cluster"]["Arguments"]["StepConcurrencyLevel"] == 2


def test_the_cluster_may_end_itself_only_once_the_last_work_is_queued(job: Job, machine: dict[str, Any]) -> None:
    keeps = [state for state in all_states(machine).values() if "setKeepJobFlowAlive" in state.get("Resource", "")]
    assert [state["Arguments"]["KeepJobFlowAliveWhenNoSteps"] for state in keeps] == [False]
    *branches, look = next(
        state["Branches"]
        for state in machine["States"].values()
        if keeps[0] in [*all_states({"States": {"": state}}).values()]
    )
    states = look["States"]
    assert [name for name, state in states.items() if "Let EMR end cluster" in successors(state)] == [
        "Is last step queued?"
    ]
    assert len(branches) == len(job.waves[-1])
    for name, state in states.items():
        if state["Type"] == "Task":
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_an_attempt_starts_at_the_first_step_that_is_not_done(job: Job, machine: dict[str, Any]) -> None:
    first = machine["States"]["Which step first?"]["Choices"]
    done: list[str] = []
    for wave, choice in zip(job.waves, first, strict=True):
        for number, step in enumerate(wave):
            variables = {"planning": {"plan": {"done": [*done, *[each.name for each in wave[:number]]]}}}
            found = [evaluate(each["Condition"][2:-2], variables) for each in first]
            assert found.index(True) == first.index(choice), step.name
        done += [step.name for step in wave]


def test_only_what_the_waves_say_is_listed_before_it_is_needed() -> None:
    job = diamond("stepwise")
    alone = job.model_copy(update={"steps": tuple(step.model_copy(update={"needs": ()}) for step in job.steps)})
    assert len(alone.waves) == 1
    assert "the 4 steps of wave 1" not in "".join(definition(alone)["States"])
    long = [step.model_copy(update={"name": f"{step.name}-{'x' * 30}"}) for step in alone.steps]
    assert "Finish with the 4 steps of wave 1" in definition(alone.model_copy(update={"steps": tuple(long)}))["States"]


@pytest.mark.parametrize("attempts", [0, 2, 10])
def test_an_execution_has_time_for_all_its_attempts(attempts: int) -> None:
    job = JOBS[0].model_copy(update={"on_failure": OnFailure(attempts=attempts)})
    cluster = load_cluster(job.cluster)
    machine = definition(job)
    states = machine["States"]
    tasks = [name for name in states if states[name]["Type"] == "Task" and name not in {"Plan run", "Notify failure"}]
    one = sum(states[name]["TimeoutSeconds"] for name in tasks if not name.startswith("Record"))
    waiting = MAX_LOOKS * states["Wait for logs"]["Seconds"]
    assert machine["TimeoutSeconds"] > (1 + attempts) * (one - cluster.terminate_timeout + waiting)
    assert states["Create cluster"]["TimeoutSeconds"] == cluster.start_timeout


def test_every_state_says_what_it_is_for(machine: dict[str, Any]) -> None:
    assert all(state.get("Comment") for state in all_states(machine).values())


def test_a_definition_tells_itself_from_every_other() -> None:
    machines = [definition(job) for job in variants()]
    digests = {digest_of(machine) for machine in machines}
    assert len(digests) == len(machines)
    assert all(re.fullmatch("[0-9a-f]{12}", digest) for digest in digests)


def test_rendering_is_deterministic(job: Job) -> None:
    cluster = load_cluster(job.cluster)
    assert render_machine(job, cluster) == render_machine(job, cluster)


def test_statelint_finds_nothing(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "definition.json"
    path.write_text(render_machine(job, load_cluster(job.cluster)))
    command = [str(Path(sys.executable).parent / "statelint"), "--eval-jsonata", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def with_description(text: str) -> tuple[Job, Cluster]:
    job = JOBS[0].model_copy(update={"description": text})
    return job, load_cluster(job.cluster)


def digest_of(machine: dict[str, Any]) -> str:
    digest: str = machine["States"]["Plan run"]["Arguments"]["Payload"]["definition"]
    return digest


@cache
def plain() -> dict[str, Any]:
    return definition(JOBS[0])


@settings(max_examples=40)
@given(st.text())
def test_no_value_can_break_out_of_its_string(text: str) -> None:
    try:
        rendered = render_machine(*with_description(text))
    except RenderError:
        assert "{%" in text or "%}" in text
        return
    machine = json.loads(rendered)
    assert machine["Comment"].startswith(text)
    told_apart = (digest_of(machine) == digest_of(plain())) == (machine["Comment"] == plain()["Comment"])
    assert told_apart
    machine["States"]["Plan run"]["Arguments"]["Payload"]["definition"] = digest_of(plain())
    assert machine["States"] == plain()["States"]


@pytest.mark.parametrize(
    "text", ['"}, "Evil": {"Type": "Fail"', '\\"', "line\nbreak", "<< job.name >>", "<% include 'x' %>", "\u2028"]
)
def test_values_that_look_like_syntax_stay_text(text: str) -> None:
    assert json.loads(render_machine(*with_description(text)))["Comment"].startswith(text)


def test_a_value_cannot_be_a_cloudformation_substitution() -> None:
    rendered = render_machine(*with_description("pays ${RunTopicArn}"))
    assert "${RunTopicArn} Start" not in rendered
    assert json.loads(rendered)["Comment"].startswith("pays ${RunTopicArn}")


def test_a_value_cannot_be_jsonata() -> None:
    with pytest.raises(RenderError, match="JSONata"):
        render_machine(*with_description("{% $states.context.Execution.Id"))


def test_two_steps_of_one_name_are_refused() -> None:
    job = JOBS[0].model_copy(update={"steps": (JOBS[0].steps[0],) * 3})
    with pytest.raises(RenderError, match="Add step clean"):
        render_machine(job, load_cluster(job.cluster))
