"""The command: what it prints, and how it exits."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.certify.dynamic import certify as certifying
from scripts.certify.dynamic.certify import Catalogue
from scripts.certify.dynamic.errors import CaseUnknownError
from scripts.certify.static import DefinitionError
from scripts.cli import app
from scripts.local.in_process import rendered_definition
from tests.faults.conftest import JOB


def certify(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["certify", *arguments])


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.asl.json"
    path.write_text(rendered_definition(JOB), encoding="utf-8")
    return path


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    definition = json.loads(rendered_definition(JOB))
    del definition["States"]["Create cluster"]["Catch"]
    path = tmp_path / "leaking.asl.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    return path


def test_a_sound_definition(sound: Path) -> None:
    result = certify(str(sound))
    assert result.exit_code == 0, result.output
    assert "exit Create cluster: aborted" in result.output


def test_a_leaking_definition_is_shown_with_its_path(leaking: Path) -> None:
    result = certify(str(leaking))
    assert result.exit_code == 1
    assert "finding" in result.output
    assert "Create cluster" in result.output


def test_a_definition_as_json(leaking: Path) -> None:
    result = certify(str(leaking), "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["file"] == str(leaking)
    assert document["findings"]


def test_several_definitions_as_json(sound: Path, leaking: Path) -> None:
    result = certify(str(sound), str(leaking), "--json")
    assert [document["passed"] for document in json.loads(result.stdout)] == [True, False]


def test_a_file_that_is_no_definition(tmp_path: Path) -> None:
    result = certify(str(tmp_path / "missing.json"))
    assert isinstance(result.exception, DefinitionError)


@pytest.fixture
def enumerated(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command use the cases that are enumerated already, which takes it a while."""
    monkeypatch.setattr(certifying, "make_catalogue", lambda _workers, _machine: catalogue)


@pytest.mark.usefixtures("enumerated")
def test_an_unknown_case() -> None:
    result = certify("--job", JOB, "--case", "success/no-such-state/stopped-before")
    assert isinstance(result.exception, CaseUnknownError)
    assert "success/plan-run/" in str(result.exception)


@pytest.mark.usefixtures("enumerated")
def test_one_case_shows_its_timeline() -> None:
    result = certify("--job", JOB, "--case", "success/create-cluster/stopped-during/event-lost")
    assert result.exit_code == 0, result.output
    for what in ("stopped-during at Create cluster", "ABORTED", "the event is lost", "sweep ends j-"):
        assert what in result.output


@pytest.mark.usefixtures("enumerated")
def test_one_case_as_json() -> None:
    result = certify("--job", JOB, "--case", "success", "--json")
    document = json.loads(result.stdout)
    assert (document["status"], document["problems"]) == ("SUCCEEDED", [])
    assert [cluster["net"] for cluster in document["clusters"]] == ["steps_done"]
