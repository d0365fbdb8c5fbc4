"""The rendered definitions, read as a graph and by a linter."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.runs.deciding import MAX_LOOKS
from lambdas.specs import Cluster, Job, load_cluster, load_jobs
from lambdas.specs.job import OnFailure
from scripts.certify.static import certify_definition
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


@pytest.fixture(params=JOBS, ids=lambda job: job.name)
def machine(request: pytest.FixtureRequest) -> dict[str, Any]:
    return definition(request.param)


def test_every_state_is_reached_and_every_target_exists(machine: dict[str, Any]) -> None:
    reached, todo = set(), [machine["StartAt"]]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += successors(machine["States"][name])
    assert reached == set(machine["States"])


def test_every_task_has_a_timeout_and_catches_everything(machine: dict[str, Any]) -> None:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            assert 0 < state["TimeoutSeconds"] < 99_999_999, name
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_every_path_ends_the_cluster(machine: dict[str, Any]) -> None:
    report = certify_definition(machine, strict=True)
    assert (report.findings, report.warnings) == ((), ())
    assert report.creates == ("Create cluster",)
    assert report.terminates == ("Terminate cluster", "Terminate after failure", "Reap clusters")


def test_a_step_ends_its_cluster_when_it_fails(machine: dict[str, Any]) -> None:
    steps = [state for name, state in machine["States"].items() if name.startswith("Run step ")]
    assert steps
    for state in steps:
        assert state["Arguments"]["Step"]["ActionOnFailure"] == "TERMINATE_CLUSTER"
        assert [catcher["Next"] for catcher in state["Catch"]] == ["Terminate after failure"]


def test_an_attempt_can_start_at_any_step(machine: dict[str, Any]) -> None:
    steps = [name.removeprefix("Run step ") for name in machine["States"] if name.startswith("Run step ")]
    choices = {each["Next"]: each["Condition"] for each in machine["States"]["Which step first?"]["Choices"]}
    assert choices == {f"Run step {step}": f"{{% $planning.plan.first_step = '{step}' %}}" for step in steps}


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
    assert all(state.get("Comment") for state in machine["States"].values())


def test_rendering_is_deterministic(machine: dict[str, Any]) -> None:
    job = next(job for job in JOBS if job.description in machine["Comment"])
    cluster = load_cluster(job.cluster)
    assert render_machine(job, cluster) == render_machine(job, cluster)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_statelint_finds_nothing(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "definition.json"
    path.write_text(render_machine(job, load_cluster(job.cluster)))
    command = [str(Path(sys.executable).parent / "statelint"), "--eval-jsonata", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def with_description(text: str) -> tuple[Job, Cluster]:
    job = JOBS[0].model_copy(update={"description": text})
    return job, load_cluster(job.cluster)


@given(st.text())
def test_no_value_can_break_out_of_its_string(text: str) -> None:
    plain = definition(JOBS[0])
    try:
        rendered = render_machine(*with_description(text))
    except RenderError:
        assert "{%" in text or "%}" in text
        return
    machine = json.loads(rendered)
    assert machine["Comment"].startswith(text)
    assert machine["States"] == plain["States"]


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
    job = JOBS[0].model_copy(update={"steps": (JOBS[0].steps[0], JOBS[0].steps[0])})
    with pytest.raises(RenderError, match="Run step clean"):
        render_machine(job, load_cluster(job.cluster))
