"""The workflows that come with the project: what they run exists, and they may do no more than they must."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import typer
import yaml

from scripts.cli import app
from scripts.rendering.paths import ROOT

FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(path.name for path in FOLDER.glob("*.yml"))


def load(file: str) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load((FOLDER / file).read_text())
    return found


def steps(file: str) -> Iterator[dict[str, Any]]:
    for job in load(file)["jobs"].values():
        yield from job.get("steps", [])


def commands(file: str) -> list[list[str]]:
    lines = [line for step in steps(file) if "run" in step for line in step["run"].splitlines()]
    return [shlex.split(line) for line in lines if line.strip()]


def exists(command: list[str]) -> bool:
    """Whether the Makefile has the targets, or the command the verb."""
    if command[0] == "make":
        wanted = {word for word in command[1:] if "=" not in word}
        targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return targets is not None and bool(wanted) and wanted <= set(targets[1].split())
    group = typer.main.get_command(app)
    verbs = getattr(group, "commands", {})
    return command[0] == ".venv/bin/slow-lambda" and command[1] in verbs


def test_the_commands_are_there() -> None:
    assert FILES == ["ci.yml", "deploy.yml"]
    found = [command for file in FILES for command in commands(file)]
    assert [command for command in found if not exists(command)] == []
    said = {" ".join(command) for command in found}
    assert {"make test", "make deploy", ".venv/bin/slow-lambda check", ".venv/bin/slow-lambda certify"} <= said


def test_a_command_that_is_not_there_would_be_found() -> None:
    for line in ("make nonesuch", "make", ".venv/bin/slow-lambda nonesuch", "curl x"):
        assert not exists(shlex.split(line))


def test_make_takes_the_variables_the_workflow_sets() -> None:
    (step,) = (step for step in steps("deploy.yml") if step.get("run") == "make deploy")
    said = subprocess.run(
        ["make", "--dry-run", "--old-file", "node_modules/.installed", "--old-file", ".venv/.installed", "deploy"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"} | {name: f"x{name}" for name in step["env"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "--stage xSTAGE --region xREGION" in said
    assert "--network xNETWORK --subnets xSUBNETS" in said


@pytest.mark.parametrize("file", FILES)
def test_they_may_do_no_more_than_they_must(file: str) -> None:
    workflow = load(file)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assumes = any("configure-aws-credentials" in step.get("uses", "") for step in job.get("steps", []))
        deploys = assumes or job.get("uses") == "./.github/workflows/deploy.yml"
        wanted = {"contents": "read", "id-token": "write"} if deploys else None
        assert job.get("permissions") == wanted
        assert not assumes or job["environment"] == "${{ inputs.stage }}"
        assert "uses" in job or job["timeout-minutes"] <= 60
    for step in steps(file):
        assert "${{" not in step.get("run", "")
        assert "secrets." not in str(step)


@pytest.mark.parametrize("file", FILES)
def test_actions_are_of_a_known_owner_and_a_pinned_major(file: str) -> None:
    for step in steps(file):
        if "uses" in step:
            assert re.fullmatch(r"(actions|aws-actions)/[a-z-]+@v\d+", step["uses"])


def test_only_main_is_deployed_and_only_what_was_verified() -> None:
    jobs = load("ci.yml")["jobs"]
    assert jobs["dev"]["needs"] == "verify"
    assert "github.ref == 'refs/heads/main'" in jobs["dev"]["if"]
    assert jobs["prod"]["needs"] == "dev"
    assert [jobs[name]["with"]["stage"] for name in ("dev", "prod")] == ["dev", "prod"]
    inputs = load("deploy.yml")[True]  # YAML 1.1 reads the key "on" so
    assert inputs["workflow_call"]["inputs"].keys() == inputs["workflow_dispatch"]["inputs"].keys() == {"stage"}
